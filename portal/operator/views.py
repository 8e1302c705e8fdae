"""The overview of cities: freshness, runs, red codes, disagreements and overdue cases as counts, without personal data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import Run
from codes.opening_requests import (
    ask_to_open,
    checked_bundle,
    confirm_opening,
    decline_opening,
    faults_of,
    first_run_of,
    read_opening,
    start_first_run,
    withdraw_opening,
)
from codes.tasks import enqueue_opening, enqueue_run
from portal.operator.forms import MOST_ROWS, ROWS, CityFileForm, add_faults, city_file, fact_kinds
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import Conflict, attempt
from regions.faults import FileFaults
from regions.models import City, CityOpening, CityStanding, CitySuspension
from regions.numbers import number_of
from regions.staff.roles import Role
from regions.tenancy import suspension_columns

OPENINGS_SHOWN = 10
# A worker counts once a minute; older counts mean that no worker is running.
COUNTS_OLD_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Freshness:
    """The horizon of one source of a city, and whether it is too old."""

    title_zh: str
    title_en: str
    as_of: datetime | None
    is_stale: bool


@dataclass(frozen=True)
class CityRow:
    """One city of the overview. ``standing`` is ``None`` before a worker has counted."""

    city: City
    host: str
    standing: CityStanding | None
    sources: list[Freshness]
    is_old: bool

    def share(self, count: int) -> float | None:
        """Return the count in per cent of the city's people, or ``None`` if there are none."""
        if self.standing is None or not self.standing.people:
            return None
        return 100 * count / self.standing.people

    @property
    def shares(self) -> list[tuple[str, int, float | None]]:
        """State, number and share of people for each colour, the most severe first."""
        one = self.standing
        if one is None:
            return []
        counts = {"red": one.red, "yellow": one.yellow, "green": one.green, "unknown": one.unknown}
        return [(state, count, self.share(count)) for state, count in counts.items()]

    @property
    def disagreement_rate(self) -> float | None:
        """Disagreements in per cent of the registered, as on the city's own page.

        Counts made by the previous release lack the number of registered; then it is in per cent of the city's people.
        """
        if self.standing is None:
            return None
        registered = self.standing.progress.get("registered")
        return 100 * self.standing.disagreements / registered if registered else self.share(self.standing.disagreements)


@require_safe
@for_staff()
def overview(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    found = City.objects.exclude(schema_name="public").select_related("standing").prefetch_related("domains")
    found = found.annotate(**suspension_columns("pk"))
    rows = [_city_row(city, now) for city in found.order_by("division", "schema_name")]
    may_open = Role.SYSTEM_ADMIN in request.roles
    cities = {row.city.schema_name: row.city for row in rows}
    openings = [
        (one, cities.get(one.schema) or read_opening(one))
        for one in (CityOpening.objects.order_by("-pk")[:OPENINGS_SHOWN] if may_open else ())
    ]
    asked, ending = (
        Q(state=CitySuspension.State.ASKED),
        Q(state=CitySuspension.State.IN_FORCE, end_asked_at__isnull=False),
    )
    suspensions = CitySuspension.objects.filter(asked | ending).select_related("city").order_by("pk")
    waiting = {
        "openings": [one for one in openings if one[0].state == CityOpening.State.ASKED],
        "suspensions": suspensions if may_open else (),
    }
    context = {"rows": rows, "openings": openings, "may_open": may_open, "port": _port(request), "waiting": waiting}
    return render(request, "operator/cities.html", context)


def _city_row(city: City, now: datetime) -> CityRow:
    standing: CityStanding | None = getattr(city, "standing", None)
    host = next((one.domain for one in city.domains.all() if one.is_primary), "")
    if standing is None:
        return CityRow(city, host, None, [], is_old=False)
    sources = [_freshness(one, now) for one in standing.sources]
    return CityRow(city, host, standing, sources, is_old=now - standing.read_at > COUNTS_OLD_AFTER)


def _freshness(source: dict[str, Any], now: datetime) -> Freshness:
    as_of = datetime.fromisoformat(source["as_of"]) if source["as_of"] else None
    is_stale = as_of is None or now - as_of > timedelta(hours=source["max_age_hours"])
    return Freshness(source["title_zh"], source["title_en"], as_of, is_stale)


def _port(request: StaffRequest) -> str:
    """Return the port to append to a city's host if the portal runs on a port of its own, as in a demo."""
    _, colon, port = request.get_host().rpartition(":")
    return f":{port}" if colon and number_of(port, digits=5) is not None else ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SYSTEM_ADMIN)
def open_city(request: StaffRequest) -> HttpResponse:
    """Ask for a city to be opened with a city file as a form. With ``add``, return the form with another row of a list."""
    if request.method != "POST":
        return _form_page(request, CityFileForm())
    if request.POST.get("add") in ROWS:
        return _form_page(request, _with_another_row(request))
    form = CityFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form_page(request, form)
    try:
        bundle = checked_bundle(*city_file(form))
    except FileFaults as found:
        add_faults(form, found.faults)
        return _form_page(request, form)
    schema = form.city.cleaned_data["schema"]
    is_there = City.objects.filter(schema_name=schema).exists()
    if is_there and not form.city.cleaned_data["change_existing"]:
        form.city.add_error(
            "schema", _("There is such a city. Tick the last box of this part if you mean to change it.")
        )
        return _form_page(request, form)
    if not is_there and not form.rows("security_administrators"):
        form.city.add_error(
            None, _("A new city needs two security administrators: without them nobody makes its staff accounts.")
        )
        return _form_page(request, form)
    opening = ask_to_open(bundle, schema=schema, by=request.user.username, now=timezone.now())
    messages.success(request, _("Asked for. Another operator looks at it and confirms; until then nothing is done."))
    return redirect("operator_opening", name=opening.name)


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def opening_page(request: StaffRequest, name: str) -> HttpResponse:
    """Show the progress and the result of an opening, and the city's first run."""
    opening = get_object_or_404(CityOpening, name=name)
    found = first_run_of(opening)
    city = City.objects.filter(schema_name=opening.schema).prefetch_related("domains").first()
    file = read_opening(opening)
    run, message, ended, partitions = found or (None, "", 0, 0)
    context = {
        "opening": opening,
        "city_opened": city,
        "known": city or file,
        "faults": [(fault.key, fault.message_in(get_language())) for fault in faults_of(opening)],
        "run": run,
        "message": message,
        "file": file if opening.state == CityOpening.State.ASKED else None,
        "is_mine": opening.asked_by == request.user.username,
        "ended": ended,
        "partitions": partitions,
        "is_open": opening.is_open or (run is not None and run.state in Run.OPEN),
    }
    template = "operator/opening_progress.html" if request.htmx else "operator/opening.html"
    return render(request, template, context)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def decide_opening(request: StaffRequest, name: str) -> HttpResponse:
    """Confirm or decline the opening as the second operator, or withdraw it as the one who asked."""
    opening = get_object_or_404(CityOpening, name=name)
    acts = {"confirm": confirm_opening, "decline": decline_opening, "withdraw": withdraw_opening}
    act, back = acts.get(request.POST.get("verb", "")), reverse("operator_opening", args=[opening.name])
    done = attempt(request, act, opening.pk, back=back) if act else None
    if done is not None and done.state == CityOpening.State.WAITING:
        enqueue_opening(opening.pk)
    return redirect(back)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def first_run(request: StaffRequest, name: str) -> HttpResponse:
    opening = get_object_or_404(CityOpening, name=name)
    if opening.state != CityOpening.State.DONE:
        raise Conflict(_("The city is not open yet."))
    run = start_first_run(opening, by=request.user.username, now=timezone.now())
    enqueue_run(opening.schema, run)
    return redirect("operator_opening", name=opening.name)


def _with_another_row(request: StaffRequest) -> CityFileForm:
    """Return the form with what was entered so far and one more row of the list."""
    data, name = request.POST.copy(), request.POST["add"]
    rows = number_of(data.get(f"{name}-TOTAL_FORMS", ""), digits=5)
    data[f"{name}-TOTAL_FORMS"] = str(min(ROWS[name] if rows is None else rows + 1, MOST_ROWS))
    return CityFileForm(data)


def _form_page(request: StaffRequest, form: CityFileForm) -> HttpResponse:
    return render(request, "operator/open_city.html", {"form": form, "kinds": fact_kinds()})
