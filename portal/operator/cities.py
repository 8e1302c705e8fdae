"""Cities side by side: how fresh, how run, how many red, how many differ, how many cases are late. Never a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.web.access import StaffRequest, for_staff
from regions.models import City, CityOpening, CityStanding
from regions.staff.roles import Role

OPENINGS_SHOWN = 10
# A worker counts once a minute; older counts mean that none does.
COUNTS_LIVE = timedelta(minutes=10)


@dataclass(frozen=True)
class Freshness:
    """One source of a city: up to when it is complete, and whether that is too long ago."""

    title_zh: str
    title_en: str
    as_of: datetime | None
    is_stale: bool


@dataclass(frozen=True)
class Column:
    """One city among the others; ``standing`` is none before a worker has counted."""

    city: City
    host: str
    standing: CityStanding | None
    sources: list[Freshness]
    is_old: bool

    def share(self, count: int) -> float | None:
        """Of the city's people, in per cent; none where nobody is known."""
        if self.standing is None or not self.standing.people:
            return None
        return 100 * count / self.standing.people

    @property
    def shares(self) -> list[tuple[str, int, float | None]]:
        """State, people and share of each colour, the most severe first."""
        one = self.standing
        if one is None:
            return []
        counts = {"red": one.red, "yellow": one.yellow, "green": one.green, "unknown": one.unknown}
        return [(state, count, self.share(count)) for state, count in counts.items()]

    @property
    def disagreement_rate(self) -> float | None:
        return self.share(self.standing.disagreements) if self.standing else None


@require_safe
@for_staff()
def overview(request: StaffRequest) -> HttpResponse:
    """All cities; who may open one sees the last openings, too."""
    now = timezone.now()
    found = City.objects.exclude(schema_name="public").select_related("standing").prefetch_related("domains")
    columns = [_column(city, now) for city in found.order_by("division", "schema_name")]
    may_open = Role.SYSTEM_ADMIN in request.roles
    openings = CityOpening.objects.order_by("-pk")[:OPENINGS_SHOWN] if may_open else []
    context = {"columns": columns, "openings": openings, "may_open": may_open, "port": _port(request)}
    return render(request, "operator/cities.html", context)


def _column(city: City, now: datetime) -> Column:
    standing: CityStanding | None = getattr(city, "standing", None)
    host = next((one.domain for one in city.domains.all() if one.is_primary), "")
    if standing is None:
        return Column(city, host, None, [], is_old=False)
    sources = [_freshness(one, now) for one in standing.sources]
    return Column(city, host, standing, sources, is_old=now - standing.read_at > COUNTS_LIVE)


def _freshness(source: dict[str, Any], now: datetime) -> Freshness:
    as_of = datetime.fromisoformat(source["as_of"]) if source["as_of"] else None
    is_stale = as_of is None or now - as_of > timedelta(hours=source["max_age_hours"])
    return Freshness(source["title_zh"], source["title_en"], as_of, is_stale)


def _port(request: StaffRequest) -> str:
    """What follows a city's host where the portal is tried out on a port of its own."""
    _, colon, port = request.get_host().rpartition(":")
    return f":{port}" if colon and port.isdigit() else ""
