"""Who can resolve a disagreement, and by when, according to its root cause and to the citizen's case and outlook."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.diagnosis.root_cause import SIDES, Declaration, Freshness, Interaction, RootCause, Side
from codes.diagnosis.sentences.causes import smallest_sets
from codes.diagnosis.sentences.renderer import SentenceRenderer
from codes.vocabulary import Colour, Factor


class Responsible(TextChoices):
    """The party that can resolve a disagreement."""

    CITIZEN = "citizen", gettext_lazy("you yourself")
    SOURCE_OWNER = "source_owner", gettext_lazy("the owner of the data source")
    RULE_OWNER = "rule_owner", gettext_lazy("the office that makes the rules")
    NOBODY = "nobody", gettext_lazy("nobody: it mends itself")


@dataclass(frozen=True)
class Remedy:
    """Who must act, what they must do, and by when.

    ``due`` is the instant or day of ``by_when``; ``None`` if it depends on a decision not yet made.
    """

    responsible: tuple[Responsible, ...]
    action: str
    by_when: str
    due: datetime | date | None


def remedy(root_cause: RootCause, renderer: SentenceRenderer) -> Remedy:
    """Return the remedy of a root cause. An interaction requires everybody responsible for its smallest set of factors."""
    if root_cause["cause"] == "freshness":
        return _wait_for_delivery(root_cause, renderer)
    if root_cause["cause"] == "rules":
        return Remedy((Responsible.RULE_OWNER,), _rule_owner(renderer), *_decided_by(renderer))
    if root_cause["cause"] == "source":
        return Remedy((Responsible.SOURCE_OWNER,), _source_owners(renderer), *_decided_by(renderer))
    if root_cause["cause"] == "declaration":
        by_check_in = not root_cause["answers"] and root_cause["check_ins"]
        return (_by_check_in if by_check_in else _by_declaring_again)(root_cause, renderer)
    return _several(root_cause, renderer)


def agreement_day(renderer: SentenceRenderer) -> date | None:
    """Return the day by which both sides are green if the citizen follows the instructions; ``None`` if a side has no such day."""
    held = [renderer.codes[side] for side in SIDES if renderer.colours[side] is not Colour.GREEN]
    days = [renderer.context.turns_green_on.get(code) for code in held]
    return None if None in days else max(day for day in days if day)


def _wait_for_delivery(cause: Freshness, renderer: SentenceRenderer) -> Remedy:
    late = cause["late"]
    until = datetime.fromisoformat(cause["horizons"][late])
    max_age = renderer.context.max_age.get(renderer.context.source_of.get(renderer.codes[late], ""))
    due = until + max_age if max_age else None
    by_when = (
        _("by %(instant)s") % {"instant": renderer.instant(due, with_time=True)} if due else _("with its next update")
    )
    return Remedy((Responsible.NOBODY,), _wait(late, renderer), by_when, due)


def _wait(late: Side, renderer: SentenceRenderer) -> str:
    return renderer.choose(
        citizen=_("Wait until %(source)s, which %(provider)s uses, is updated; the colours are then worked out again."),
        official=_(
            "Nothing needs mending: wait until %(source)s, which %(provider)s uses, is updated, or let a source manager collect it now."
        ),
        provider=renderer.provider(late),
        source=renderer.source(late),
    )


def _rule_owner(renderer: SentenceRenderer) -> str:
    return renderer.choose(
        citizen=_(
            "The office that makes the rules must bring those of %(a)s and %(b)s into "
            "line; a manual review may decide before that."
        ),
        official=_("A rule manager brings the versions of %(a)s and %(b)s into line; until then a ruling may decide."),
    )


def _source_owners(renderer: SentenceRenderer) -> str:
    return renderer.choose(
        citizen=_(
            "The owners of %(source_a)s and %(source_b)s must check and correct their records; if one "
            "is wrong, “Appeal” takes evidence or says whom to ask."
        ),
        official=_(
            "The owners of %(source_a)s and %(source_b)s check their records; one that is wrong can be suppressed "
            "by a ruling of two people."
        ),
    )


def _decided_by(renderer: SentenceRenderer) -> tuple[str, datetime | date | None]:
    """Return the deadline of the case; without a case, the day on which both sides turn green anyway."""
    agree_on = agreement_day(renderer)
    if renderer.context.due_at:
        due_at = renderer.context.due_at
        return _("the manual review answers by %(instant)s") % {
            "instant": renderer.instant(due_at, with_time=True)
        }, due_at
    if agree_on:
        return _("without any correction both turn green on %(day)s at the latest") % {
            "day": renderer.day(agree_on)
        }, agree_on
    return _("when the manual review answers"), None


def _by_declaring_again(cause: Declaration, renderer: SentenceRenderer) -> Remedy:
    sides = {answer["side"] for answer in cause["answers"]} or set(SIDES)
    where = renderer.all_of([renderer.provider(side) for side in SIDES if side in sides])
    action = renderer.choose(
        citizen=_(
            "If it was a mistake, declare again with %(where)s; if it is true, declare it on the other side too."
        ),
        official=_("The citizen declares again with %(where)s; in doubt a manual review decides."),
        where=where,
    )
    return Remedy((Responsible.CITIZEN,), action, _("at any time; it counts from the next update on"), None)


def _by_check_in(cause: Declaration, renderer: SentenceRenderer) -> Remedy:
    run = cause["check_ins"][0]
    short: Side = "a" if run["a"] < run["b"] else "b"
    needed = {"provider": renderer.provider(short), "days": run["needed"]}
    action = renderer.choose(
        citizen=_("Please check in healthy with %(provider)s every day until you have %(days)d in a row."),
        official=_("The citizen checks in healthy with %(provider)s every day until there are %(days)d in a row."),
        **needed,
    )
    due = renderer.context.turns_green_on.get(renderer.codes[short])
    if due is None:
        return Remedy((Responsible.CITIZEN,), action, _("once there are %(days)d check-ins in a row") % needed, None)
    return Remedy((Responsible.CITIZEN,), action, _("%(day)s at the earliest") % {"day": renderer.day(due)}, due)


def _several(cause: Interaction, renderer: SentenceRenderer) -> Remedy:
    factors = [Factor(factor) for factor in smallest_sets(cause)[0]]
    responsible = tuple(_RESPONSIBLE[factor] for factor in factors)
    steps = renderer.steps(_step(one, renderer) for one in responsible)
    return Remedy(responsible, steps, *_decided_by(renderer))


_RESPONSIBLE = {
    Factor.FRESHNESS: Responsible.NOBODY,
    Factor.RULES: Responsible.RULE_OWNER,
    Factor.DECLARATION: Responsible.CITIZEN,
    Factor.SOURCE: Responsible.SOURCE_OWNER,
}


def _step(responsible: Responsible, renderer: SentenceRenderer) -> str:
    match responsible:
        case Responsible.CITIZEN:
            return renderer.choose(
                citizen=_("please check what was declared, declare again if need be, and check in every day"),
                official=_("the citizen declares again and checks in every day"),
            )
        case Responsible.SOURCE_OWNER:
            return _("the owners of %(source_a)s and %(source_b)s check their records") % renderer.sides
        case Responsible.RULE_OWNER:
            return _("the office that makes the rules brings them into line")
        case Responsible.NOBODY:
            return _("wait until the older data source is updated")
