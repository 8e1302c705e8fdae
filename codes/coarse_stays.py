"""Stays that match no risk list because they are written more coarsely than its entries (``docs/semantics.md`` §3).

A stay recorded in "Hubei" matches no list that names two districts of Wuhan, so it turns nobody red. The officials responsible for
the source must know of this. The stays are counted when the source's page is opened, by the versions in force.
"""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.models import Provider, RuleSetVersion
from regions.divisions import dissolved
from regions.sources.models import Source
from regions.sql import compose

LIES_IN = (
    "({outer} = {inner}"
    " OR {outer} LIKE '%%0000' AND left({outer}, 2) = left({inner}, 2)"
    " OR {outer} LIKE '%%00' AND {outer} NOT LIKE '%%0000' AND left({outer}, 4) = left({inner}, 4))"
)
COARSE = compose(
    Path(__file__).with_suffix(".sql"),
    entry_covers_place=LIES_IN.format(outer="entry.area", inner="place.code"),
    place_covers_entry=LIES_IN.format(outer="place.code", inner="entry.area"),
)


class CoarseStays(NamedTuple):
    """The number of stays recorded under a division that is too coarse for every entry it could match."""

    area: str
    number: int


def coarse_stays(source: Source, *, day: date) -> list[CoarseStays]:
    """Return the source's coarse stays by division, the most first, by the newest record versions and the rules in force on the day.

    A stay counts once, even if it is too coarse for several rule sets of the source's providers.
    """
    used = Provider.objects.current().filter(source=source).values("rule_set")
    versions = RuleSetVersion.objects.in_force(day).filter(rule_set__in=used)
    parts = [(code, one) for code, following in dissolved().items() if code.endswith("00") for one in following]
    asked: dict[str, Any] = {
        "source": source.pk,
        "day": day,
        "versions": [one.pk for one in versions],
        "codes": [code for code, _ in parts],
        "successors": [successor for _, successor in parts],
    }
    with connection.cursor() as cursor:
        cursor.execute(COARSE, asked)
        return [CoarseStays(*row) for row in cursor.fetchall()]
