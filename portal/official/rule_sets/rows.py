"""Editing a draft: one rule per page, and the risk list as a table. Nothing here is in force."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from codes.models import RuleSetDraft
from codes.rule_sets.drafts import content_faults
from portal.official.cases.detail import submitted_rows
from portal.official.rule_sets.drafts import find_draft, keep
from portal.official.rule_sets.forms import AREA_FIELDS, RuleForm, area_of, initial_of
from portal.official.rule_sets.presenters import faults_shown, messages_at
from portal.web.access import StaffRequest, for_staff
from portal.web.places import PlaceInput
from portal.web.risk_levels import level_meant
from regions.places import place_meant
from regions.staff.roles import Role
from regions.toml_files import tables

EMPTY_ROWS = 5
AREAS = "areas"
# Additional fields that a row sends when one of the suggested places was chosen.
CHOSEN = ("area-code", "area-for")


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.RULE_MANAGER)
def rule(request: StaffRequest, draft_id: int, place: int | None = None) -> HttpResponse:
    """Edit one rule of the draft, or add one at the end if ``place`` is ``None``."""
    draft = find_editable(draft_id)
    rules = rules_of(draft)
    if place is not None and place >= len(rules):
        raise Http404
    form = RuleForm(request.POST or None, initial={} if place is None else initial_of(rules[place]))
    if request.method == "POST" and form.is_valid():
        at = len(rules) if place is None else place
        rules[at : at + 1] = [form.rule]
        if keep(request, draft, {**draft.content, "rules": rules}):
            return redirect("official_draft", draft_id=draft.pk)
    return render(request, "official/rule_sets/rule.html", {"draft": draft, "form": form, "place": place})


@require_POST
@for_staff(Role.RULE_MANAGER)
def remove_rule(request: StaffRequest, draft_id: int, place: int) -> HttpResponse:
    draft = find_editable(draft_id)
    rules = rules_of(draft)
    if place >= len(rules):
        raise Http404
    del rules[place]
    keep(request, draft, {**draft.content, "rules": rules})
    return redirect("official_draft", draft_id=draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.RULE_MANAGER)
def areas(request: StaffRequest, draft_id: int) -> HttpResponse:
    """Edit the risk list. Empty rows are left out. Rows with faults are saved, and the faults are shown next to them."""
    draft = find_editable(draft_id)
    if request.method != "POST":
        return _areas_page(request, draft, [_typed(area) for _place, area in tables(draft.content, "risk_areas")])
    sent = [_with_code(row) for row in submitted_rows(request.POST, AREAS, (*AREA_FIELDS, *CHOSEN))]
    if "more" in request.POST:
        return _areas_page(request, draft, sent)
    if keep(request, draft, {**draft.content, "risk_areas": [area_of(row) for row in sent]}):
        return redirect("official_draft", draft_id=draft.pk)
    return _areas_page(request, draft, sent)


def find_editable(draft_id: int) -> RuleSetDraft:
    """Return a draft that can be edited. Raises ``Http404`` for one that is proposed or decided."""
    draft = find_draft(draft_id)
    if draft.state != RuleSetDraft.State.EDITING:
        raise Http404
    return draft


def rules_of(draft: RuleSetDraft) -> list[dict[str, Any]]:
    """Return the draft's rules. Elements of an uploaded file that are not tables are left out."""
    return [rule for _place, rule in tables(draft.content, "rules")]


def _with_code(row: dict[str, str]) -> dict[str, str]:
    """Return the row with the division code and the level. Text that names no place, or several, is kept as typed."""
    text = PlaceInput().value_from_datadict(row, None, "area")
    meant = {"area": place_meant(text) or text.strip(), "level": level_meant(row["level"])}
    return {**{name: row[name] for name in AREA_FIELDS}, **meant}


def _place_input(place: int, row: dict[str, str], *, is_wrong: bool) -> SafeString:
    label = gettext("Place %(number)s") % {"number": place + 1}
    attrs = {"aria-label": label, **({"aria-invalid": "true"} if is_wrong else {})}
    return PlaceInput().render(f"{AREAS}-{place}-area", row["area"], attrs)


def _typed(area: dict[str, Any]) -> dict[str, str]:
    return {name: str(area.get(name, "")) for name in AREA_FIELDS}


def _areas_page(request: StaffRequest, draft: RuleSetDraft, rows: list[dict[str, str]]) -> HttpResponse:
    content = {**draft.content, "risk_areas": [area_of(row) for row in rows]}
    faults = faults_shown(content_faults(content, code=draft.rule_set.code, today=timezone.localdate())[1])
    shown = [(row, messages_at(faults, "risk_areas", place)) for place, row in enumerate(rows)]
    empty: dict[str, str] = dict.fromkeys(AREA_FIELDS, "")
    every = enumerate([*shown, *(((empty, []),) * EMPTY_ROWS)])
    context = {
        "draft": draft,
        "rows": [(row, wrong, _place_input(place, row, is_wrong=bool(wrong))) for place, (row, wrong) in every],
        "total": len(rows) + EMPTY_ROWS,
        "prefix": AREAS,
    }
    return render(request, "official/rule_sets/areas.html", context)
