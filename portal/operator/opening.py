"""Opening a city: the form, how the opening goes, and the first run."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.city_openings import ask_to_open, checked_bundle, faults_of, first_run_of, start_first_run
from codes.models import Run
from codes.tasks import ring, ring_for_opening
from portal.operator.forms import MOST_ROWS, ROWS, CityFileForm, city_of, kind_words, put_back
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.errors import Conflict
from regions.faults import FileFaults
from regions.models import City, CityOpening
from regions.staff.roles import Role


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SYSTEM_ADMIN)
def open_city(request: StaffRequest) -> HttpResponse:
    """A city file as a form. ``add`` asks for another row of a list; anything else for the city."""
    if request.method != "POST":
        return _shown(request, CityFileForm())
    if request.POST.get("add") in ROWS:
        return _shown(request, _with_another_row(request))
    form = CityFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, form)
    try:
        bundle = checked_bundle(*city_of(form))
    except FileFaults as found:
        put_back(form, found.faults)
        return _shown(request, form)
    schema = form.city.cleaned_data["schema"]
    if City.objects.filter(schema_name=schema).exists() and not form.city.cleaned_data["change_existing"]:
        form.city.add_error(
            "schema", _("There is such a city. Tick the last box of this part if you mean to change it.")
        )
        return _shown(request, form)
    opening = ask_to_open(bundle, schema=schema, by=request.user.username, now=timezone.now())
    ring_for_opening(opening.pk)
    return redirect("operator_opening", name=opening.name)


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def opening_page(request: StaffRequest, name: str) -> HttpResponse:
    """How an opening goes, what came of it, and the first run; survives a refresh."""
    opening = own_or_404(CityOpening.objects.all(), name=name)
    found = first_run_of(opening)
    run, ended, partitions = found or (None, 0, 0)
    context = {
        "opening": opening,
        "city_opened": City.objects.filter(schema_name=opening.schema).prefetch_related("domains").first(),
        "faults": [(fault.key, fault.message_in(get_language())) for fault in faults_of(opening)],
        "run": run,
        "ended": ended,
        "partitions": partitions,
        "is_open": opening.is_open or (run is not None and run.state in Run.OPEN),
    }
    template = "operator/opening_progress.html" if request.headers.get("HX-Request") else "operator/opening.html"
    return render(request, template, context)


@require_POST
@for_staff(Role.SYSTEM_ADMIN)
def first_run(request: StaffRequest, name: str) -> HttpResponse:
    """Start the run of an open city."""
    opening = own_or_404(CityOpening.objects.all(), name=name)
    if opening.state != CityOpening.State.DONE:
        raise Conflict(_("The city is not open yet."))
    run = start_first_run(opening, by=request.user.username, now=timezone.now())
    ring(opening.schema, run)
    return redirect("operator_opening", name=opening.name)


def _with_another_row(request: StaffRequest) -> CityFileForm:
    """What was written so far, and one more row of the list."""
    data, name = request.POST.copy(), request.POST["add"]
    rows = data.get(f"{name}-TOTAL_FORMS", "")
    data[f"{name}-TOTAL_FORMS"] = str(min(int(rows) + 1 if rows.isdecimal() else ROWS[name], MOST_ROWS))
    return CityFileForm(data)


def _shown(request: StaffRequest, form: CityFileForm) -> HttpResponse:
    return render(request, "operator/open_city.html", {"form": form, "kinds": kind_words()})
