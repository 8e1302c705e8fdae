"""Saying titles, days, places and lists in one language to one audience. Runs inside ``translation.override``.

The citizen never hears a code of ours: what has no title is said in general words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from codes.diagnosis.piece import Side
from codes.diagnosis.sentences.clauses import LEVELS, OTHER_LEVEL
from codes.diagnosis.sentences.context import Context
from codes.vocabulary import Colour
from regions.divisions import divisions

Audience = Literal["citizen", "official"]
MOST_LISTED = 3


@dataclass(frozen=True)
class Voice:
    """``codes`` and ``colours`` are those of the pair's providers."""

    audience: Audience
    language: str
    context: Context
    codes: dict[Side, str]
    colours: dict[Side, Colour]

    @property
    def to_official(self) -> bool:
        return self.audience == "official"

    def choose(self, *, citizen: str, official: str) -> str:
        return official if self.to_official else citizen

    # Who and what

    @property
    def who(self) -> str:
        """The citizen, as the subject of a sentence."""
        return self.choose(citizen=_("You"), official=_("The citizen"))

    def provider(self, side: Side) -> str:
        title = self.context.providers.get(self.codes[side])
        return title.said_in(self.language) if title else self._untitled(self.codes[side], _("this provider"))

    def source(self, side: Side) -> str:
        code = self.context.source_of.get(self.codes[side], "")
        title = self.context.sources.get(code)
        return title.said_in(self.language) if title else self._untitled(code, _("its data source"))

    def colour(self, side: Side) -> str:
        return self.colours[side].said_in(self.language)

    def level(self, level: str) -> str:
        return _(LEVELS[level]) if level in LEVELS else self._untitled(level, _(OTHER_LEVEL))

    def area(self, code: str | None) -> str:
        """What people call the division; one the table does not have is called by the one above it."""
        if code is None:
            return _("elsewhere")
        table = divisions()
        for known in (code, code[:4] + "00", code[:2] + "0000"):
            if known in table:
                title = table[known].zh if self.language.startswith("zh") else table[known].en
                return title if known == code else _("a place in %(area)s") % {"area": title}
        return self._untitled(code, _("elsewhere"))

    # When

    def day(self, day: date | str) -> str:
        """A day; to citizens without its year when that is the year of the run."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        same_year = day.year == self.context.day.year
        return date_format(day, "MONTH_DAY_FORMAT" if same_year and not self.to_official else "DATE_FORMAT")

    def instant(self, instant: str | datetime, *, with_time: bool = False) -> str:
        """An instant in the city's time: to citizens a day, unless the time is asked for."""
        local = (datetime.fromisoformat(instant) if isinstance(instant, str) else instant).astimezone(self.context.zone)
        if not (self.to_official or with_time):
            return self.day(local.date())
        return _("%(day)s, %(time)s") % {"day": self.day(local.date()), "time": f"{local:%H:%M}"}

    def apart(self, *instants: str) -> list[str]:
        """Instants that must be told apart: with their times when two fall on one day."""
        days = [self.instant(instant) for instant in instants]
        if len(set(days)) == len(days):
            return days
        return [self.instant(instant, with_time=True) for instant in instants]

    def span(self, first: str, last: str | None) -> str:
        if last is None:
            return _("since %(first)s") % {"first": self.day(first)}
        if first == last:
            return self.day(first)
        return _("%(first)s to %(last)s") % {"first": self.day(first), "last": self.day(last)}

    # Lists

    def all_of(self, parts: Iterable[str], *, most: int = MOST_LISTED) -> str:
        """ "A、B和C", each once; no more than a sentence can carry."""
        parts = list(dict.fromkeys(parts))
        if len(parts) > most:
            return _("%(list)s and others") % {"list": pgettext("between items of a list", ", ").join(parts[:most])}
        if len(parts) == 1:
            return parts[0]
        return _("%(list)s and %(last)s") % {
            "list": pgettext("between items of a list", ", ").join(parts[:-1]),
            "last": parts[-1],
        }

    def clauses(self, parts: Iterable[str], *, most: int = MOST_LISTED) -> str:
        """What is recorded or declared, to citizens as whole clauses: Chinese does not join those with 和."""
        parts = list(dict.fromkeys(parts))
        if self.to_official or not 1 < len(parts) <= most:
            return self.all_of(parts, most=most)
        return pgettext("whole clauses", "%(list)s and %(last)s") % {
            "list": pgettext("between items of a list", ", ").join(parts[:-1]),
            "last": parts[-1],
        }

    def demands(self, parts: Iterable[str], *, most: int = MOST_LISTED, ends_in_none: bool = False) -> str:
        """What rules ask for, as predicates; one that asks for nothing is no further demand and is joined otherwise."""
        parts = list(dict.fromkeys(parts))
        if not 1 < len(parts) <= most:
            return self.all_of(parts, most=most)
        frame = (
            pgettext("the last asks for nothing", "%(list)s and %(last)s")
            if ends_in_none
            else pgettext("demands of a rule", "%(list)s and %(last)s")
        )
        return frame % {
            "list": pgettext("between items of a list", ", ").join(parts[:-1]),
            "last": parts[-1],
        }

    def one_of(self, parts: Iterable[str]) -> str:
        return pgettext("between alternatives", ", or ").join(dict.fromkeys(parts))

    def steps(self, parts: Iterable[str]) -> str:
        """What several people do, as one sentence."""
        said = _("%(steps)s.") % {"steps": pgettext("between steps", "; ").join(dict.fromkeys(parts))}
        return said[:1].upper() + said[1:]

    def sentences(self, sentences: Iterable[str]) -> str:
        """One after the other, as the language spaces them."""
        return reduce(lambda first, following: _("%(first)s %(next)s") % {"first": first, "next": following}, sentences)

    def _untitled(self, code: str, words: str) -> str:
        return code if code and self.to_official else words
