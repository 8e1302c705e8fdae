"""Who can mend a disagreement, and by when: from its root cause and what is known of the citizen."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.diagnosis.root_cause import Declaration, Freshness, Interaction, RootCause, Side
from codes.diagnosis.sentences.interaction import smallest_sets
from codes.diagnosis.sentences.voice import Voice
from codes.vocabulary import Colour, Factor

SIDES: tuple[Side, Side] = ("a", "b")


class Mender(TextChoices):
    """In whose hands it is."""

    CITIZEN = "citizen", gettext_lazy("you yourself")
    SOURCE_OWNER = "source_owner", gettext_lazy("the owner of the data source")
    RULE_OWNER = "rule_owner", gettext_lazy("the office that makes the rules")
    NOBODY = "nobody", gettext_lazy("nobody: it mends itself")


@dataclass(frozen=True)
class Remedy:
    """``due``: the instant or day behind ``by_when``, none when it depends on a decision not yet made."""

    menders: tuple[Mender, ...]
    who_mends: str
    by_when: str
    due: datetime | date | None


def remedy(root_cause: RootCause, voice: Voice) -> Remedy:
    """For every cause; an interaction needs whoever its smallest set needs."""
    if root_cause["cause"] == "freshness":
        return _wait_for_delivery(root_cause, voice)
    if root_cause["cause"] == "rules":
        return _by_decision(Mender.RULE_OWNER, _rule_owner(voice), voice)
    if root_cause["cause"] == "source":
        return _by_decision(Mender.SOURCE_OWNER, _source_owners(voice), voice)
    if root_cause["cause"] == "declaration":
        return (
            _by_check_in(root_cause, voice)
            if _is_about_check_ins(root_cause)
            else _by_declaring_again(root_cause, voice)
        )
    return _several(root_cause, voice)


def agree_by_themselves_on(voice: Voice) -> date | None:
    """When both sides are green at the latest if the citizen does as told; none if one needs an act or is unknown."""
    held = [voice.codes[side] for side in SIDES if voice.colours[side] is not Colour.GREEN]
    days = [voice.context.turns_green_on.get(code) for code in held]
    return None if None in days else max(day for day in days if day)


def _wait_for_delivery(cause: Freshness, voice: Voice) -> Remedy:
    late = cause["late"]
    until = datetime.fromisoformat(cause["horizons"][late])
    max_age = voice.context.max_age.get(voice.context.source_of.get(voice.codes[late], ""))
    due = until + max_age if max_age else None
    by_when = (
        _("by %(instant)s") % {"instant": voice.instant(due, with_time=True)} if due else _("with its next update")
    )
    return Remedy((Mender.NOBODY,), _wait(late, voice), by_when, due)


def _wait(late: Side, voice: Voice) -> str:
    return voice.choose(
        citizen=_(
            "You need not do anything: wait until %(source)s, which %(provider)s uses, is updated; the colours are then worked out again."
        ),
        official=_(
            "Nothing needs mending: wait until %(source)s, which %(provider)s uses, is updated, or let a source manager collect it now."
        ),
    ) % {"provider": voice.provider(late), "source": voice.source(late)}


def _rule_owner(voice: Voice) -> str:
    return voice.choose(
        citizen=_(
            "You need not do anything: the office that makes the rules must bring those of %(a)s and %(b)s into "
            "line; a manual review may decide before that."
        ),
        official=_("A rule manager brings the versions of %(a)s and %(b)s into line; until then a ruling may decide."),
    ) % {"a": voice.provider("a"), "b": voice.provider("b")}


def _source_owners(voice: Voice) -> str:
    return voice.choose(
        citizen=_(
            "The owners of %(source_a)s and %(source_b)s must check and correct their records; if one "
            "is wrong, “Appeal” takes your evidence or tells you whom to ask."
        ),
        official=_(
            "The owners of %(source_a)s and %(source_b)s check their records; one that is wrong can be suppressed "
            "by a ruling of two people."
        ),
    ) % {"source_a": voice.source("a"), "source_b": voice.source("b")}


def _by_decision(mender: Mender, who_mends: str, voice: Voice) -> Remedy:
    """Due when the case is; failing that, when time settles it."""
    by_when, due = _decided_by(voice)
    return Remedy((mender,), who_mends, by_when, due)


def _decided_by(voice: Voice) -> tuple[str, datetime | date | None]:
    agree_on = agree_by_themselves_on(voice)
    if voice.context.due_at:
        said = _("the manual review answers by %(instant)s") % {
            "instant": voice.instant(voice.context.due_at, with_time=True)
        }
        return said, voice.context.due_at
    if agree_on:
        return _("without any correction both turn green on %(day)s at the latest") % {
            "day": voice.day(agree_on)
        }, agree_on
    return _("when the manual review answers"), None


def _is_about_check_ins(cause: Declaration) -> bool:
    return not cause["answers"] and bool(cause["check_ins"])


def _by_declaring_again(cause: Declaration, voice: Voice) -> Remedy:
    sides = {answer["side"] for answer in cause["answers"]} or set(SIDES)
    where = voice.all_of([voice.provider(side) for side in SIDES if side in sides])
    who_mends = voice.choose(
        citizen=_(
            "If it was a mistake, declare again with %(where)s; if it is true, declare it on the other side too."
        ),
        official=_("The citizen declares again with %(where)s; in doubt a manual review decides."),
    ) % {"where": where}
    return Remedy((Mender.CITIZEN,), who_mends, _("at any time; it counts from the next update on"), None)


def _by_check_in(cause: Declaration, voice: Voice) -> Remedy:
    run = cause["check_ins"][0]
    short: Side = "a" if run["a"] < run["b"] else "b"
    needed = {"provider": voice.provider(short), "days": run["needed"]}
    who_mends = (
        voice.choose(
            citizen=_("Please check in healthy with %(provider)s every day until you have %(days)d in a row."),
            official=_("The citizen checks in healthy with %(provider)s every day until there are %(days)d in a row."),
        )
        % needed
    )
    due = voice.context.turns_green_on.get(voice.codes[short])
    if due is None:
        return Remedy((Mender.CITIZEN,), who_mends, _("once there are %(days)d check-ins in a row") % needed, None)
    return Remedy((Mender.CITIZEN,), who_mends, _("%(day)s at the earliest") % {"day": voice.day(due)}, due)


def _several(cause: Interaction, voice: Voice) -> Remedy:
    factors = [Factor(factor) for factor in smallest_sets(cause)[0]]
    menders = tuple(_MENDERS[factor] for factor in factors)
    steps = [_step(mender, voice) for mender in menders]
    by_when, due = _decided_by(voice)
    return Remedy(menders, voice.steps(steps), by_when, due)


_MENDERS = {
    Factor.FRESHNESS: Mender.NOBODY,
    Factor.RULES: Mender.RULE_OWNER,
    Factor.DECLARATION: Mender.CITIZEN,
    Factor.SOURCE: Mender.SOURCE_OWNER,
}


def _step(mender: Mender, voice: Voice) -> str:
    sources = {"source_a": voice.source("a"), "source_b": voice.source("b")}
    match mender:
        case Mender.CITIZEN:
            return voice.choose(
                citizen=_("please check what you declared, declare again if need be, and check in every day"),
                official=_("the citizen declares again and checks in every day"),
            )
        case Mender.SOURCE_OWNER:
            return _("the owners of %(source_a)s and %(source_b)s check their records") % sources
        case Mender.RULE_OWNER:
            return _("the office that makes the rules brings them into line")
        case Mender.NOBODY:
            return _("wait until the older data source is updated")
