"""The words between the facts of an explanation, and instants as the city's clock shows them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.divisions import division_title
from regions.vocabulary import label_in

NOTHING = "–"


class Label(TextChoices):
    """What stands before a colon."""

    TIMES = "times", _("times are of the zone")
    KNOWN_SINCE = "known_since", _("known since")
    REGISTERED = "registered", _("registered")
    EFFECTIVE = "effective", _("effective code")
    SINCE = "since", _("since")
    SOURCE = "source", _("source")
    HORIZON = "horizon", _("complete up to")
    AGE = "age", _("hours old when judged")
    LIMIT = "limit", _("limit in hours")
    EDITION = "edition", _("rule set version")
    JUDGED = "judged", _("judged")
    RECORDS = "records", _("records it sees")
    RECORDED = "recorded", _("recorded")
    RECEIVED = "received", _("received")
    NO_RULE = "no_rule", _("no rule is about it")
    COUNTS_FROM = "counts_from", _("counts from")
    HOLDS_UNTIL = "holds_until", _("holds, if done as told, until")
    HOLDS = "holds", _("holds, and no day ends it")
    RELEASED = "released", _("released")
    TURNS_GREEN = "turns_green", _("turns green on")
    TO_DO = "to_do", _("to do")
    CHECK_INS = "check_ins", _("healthy check-ins")
    DISAGREEMENT = "disagreement", _("disagreement")
    CAUSE = "cause", _("primary cause")
    SWAPS = "swaps", _("would show the other's colour with the other's")
    CASES = "cases", _("cases")
    OPENED = "opened", _("opened")
    DUE = "due", _("due")
    CLOSED = "closed", pgettext_lazy("label", "closed")
    APPEAL = "appeal", _("appeal")
    RULINGS = "rulings", _("rulings")
    SUPPRESSIONS = "suppressions", _("records ruled to be wrong")
    PROPOSED = "proposed", _("proposed")
    DECIDED = "decided", _("decided")
    UNTIL = "until", _("until")
    SUSPENDED = "suspended", _("suspended at")
    ENDED = "ended", _("ended at")
    CODE_HISTORY = "code_history", _("changes of the effective code")
    COLOUR_HISTORY = "colour_history", _("changes of providers' colours")
    NO_RUN = "no_run", _("no run has settled yet")
    NONE = "none", _("none")


class ProposalState(TextChoices):
    """Where a proposal of two people stands."""

    PROPOSED = "proposed", pgettext_lazy("proposal state", "waiting for a second official")
    APPROVED = "approved", _("in force")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ENDED = "ended", _("ended")


@dataclass(frozen=True)
class Teller:
    """Says things in one language and one time zone."""

    language: str
    zone: ZoneInfo

    def say(self, word: TextChoices) -> str:
        """A word of ours."""
        return label_in(self.language, word)

    def titled(self, thing: object, name: str = "title") -> str:
        """The field ``title_zh`` or ``title_en`` of a row."""
        return str(getattr(thing, f"{name}_{'zh' if self.is_chinese else 'en'}"))

    def named(self, label: Label, value: object) -> str:
        """“label: value”."""
        shown = value if value not in (None, "") else NOTHING
        return f"{self.say(label)}：{shown}" if self.is_chinese else f"{self.say(label)}: {shown}"

    def at(self, instant: datetime | None) -> str:
        """On the city's clock, with its offset."""
        return instant.astimezone(self.zone).isoformat(sep=" ", timespec="minutes") if instant else NOTHING

    def days(self, first: date, last: date | None) -> str:
        """A span of days; one day stands alone."""
        if last is None:
            return f"{first} – …"
        return f"{first} – {last}" if last != first else str(first)

    def area(self, code: str | None) -> str:
        """A division's name with its code."""
        return f" {division_title(code, self.language)} ({code})" if code else ""

    @property
    def is_chinese(self) -> bool:
        return self.language.startswith("zh")
