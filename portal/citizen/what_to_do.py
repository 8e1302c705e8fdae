"""The fourth answer: what the citizen can do, today's step first."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from codes.forecast import Act, CheckIn, act_in_words
from codes.vocabulary import State
from portal.citizen.my_code import MyCode
from portal.citizen.subject import SubjectRequest, address
from portal.templatetags.page import titled


@dataclass(frozen=True)
class Step:
    """A sentence, and where it is done; ``posts`` names the button that does it in one tap."""

    text: str
    link: str = ""
    label: str = ""
    posts: str = ""
    is_done: bool = False


def steps(mine: MyCode, request: SubjectRequest) -> list[Step]:
    """What the forecast asks for, in the order of doing. Green needs none."""
    if mine.state is State.UNKNOWN:
        return _without_a_colour(mine, request)
    if mine.state is State.GREEN:
        return []
    acts = mine.outlook.acts if mine.outlook else []
    others = [act for act in acts if not isinstance(act, CheckIn)]
    found = [*_check_ins(mine, request), *(Step(_said(act, mine)) for act in others), *_declarations(mine, request)]
    if not found:
        found.append(Step(_("Nothing has to be done: the code changes by itself on the day named above.")))
    return found


def _check_ins(mine: MyCode, request: SubjectRequest) -> list[Step]:
    """One step for all providers that count days, done in one tap; done for today once each of them has it."""
    wanted = [act for act in (mine.outlook.acts if mine.outlook else []) if isinstance(act, CheckIn)]
    if not wanted:
        return []
    text = _space().join(_said(act, mine) for act in wanted)
    counting = {act.provider for act in wanted}
    if all(side.is_checked_in for side in mine.sides if side.provider.code in counting):
        return [Step(_("Today's health check-in is done.") + _space() + text, is_done=True)]
    return [Step(text, address(request, "citizen_check_in"), _("I am well: check in"), posts="check_in")]


def _said(act: Act, mine: MyCode) -> str:
    titles = {side.provider.code: titled(side.provider) for side in mine.sides}
    return act_in_words(act, language=translation.get_language(), title_of=lambda code: titles.get(code, code))


def _declarations(mine: MyCode, request: SubjectRequest) -> list[Step]:
    if not any(held.is_declared for held in mine.held):
        return []
    text = _("You declared this yourself. If it was a slip or is over, declare again.")
    return [Step(text, address(request, "citizen_declare"), _("Declare again"))]


def _without_a_colour(mine: MyCode, request: SubjectRequest) -> list[Step]:
    if not mine.sides:
        text = _("You have no code yet. Your first declaration applies for one.")
        return [Step(text, address(request, "citizen_declare"), _("Apply for a code"))]
    return [
        Step(_("Wait: as soon as the data source is up to date, your colour is worked out again by itself.")),
        Step(_("Until then show your identity card; you may not be turned away only because no colour is shown.")),
    ]


def _space() -> str:
    """What stands between two sentences: nothing in Chinese."""
    return "" if translation.get_language().startswith("zh") else " "
