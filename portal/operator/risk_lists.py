"""Risk lists that the province sends to all cities, and what became of them in each city."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import localize
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from codes.risk_lists import Entry, entry_faults, send
from codes.tasks import enqueue_risk_list
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import attempt
from portal.web.risk_levels import level_label, level_meant
from regions.divisions import division_title
from regions.models import RiskList, RiskListDelivery
from regions.staff.roles import Role

SHOWN = 20
MOST_LINES = 500
# 533103 high 2026-11-20 2026-12-05; "-" instead of the first day if each city knows it, no last day if it is not known.
LINE = re.compile(r"(?P<area>\S+)\s+(?P<level>\S+)\s+(?P<from>\S+)(?:\s+(?P<to>\S+))?")


class RiskListForm(forms.Form):
    entries = forms.CharField(
        label=_("Divisions"),
        help_text=_(
            "One a line: division code, level, first day, last day. No last day: still so. "
            "“-” for the first day: what a city lists ends on the last day."
        ),
        max_length=40_000,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
    )
    note = forms.CharField(
        label=_("Why"),
        help_text=_("The cities’ rule managers and approvers read it."),
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        example = f"533103 {_word('high')} 2026-11-20\n110105 {_word('medium')} - 2026-12-05"
        self.fields["entries"].widget.attrs["placeholder"] = example

    def clean_entries(self) -> list[Entry]:
        """Return the lines as entries. Each fault is reported with its line number."""
        lines = [line.strip() for line in self.cleaned_data["entries"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(gettext("At most %(n)s lines.") % {"n": localize(MOST_LINES)})
        entries, faults = [], []
        for place, line in enumerate(lines, start=1):
            found = LINE.fullmatch(line)
            entry = {name: value for name, value in found.groupdict().items() if value} if found else {}
            if "level" in entry:
                entry["level"] = level_meant(entry["level"])
            if entry.get("from") == "-":
                del entry["from"]
            of_line = [fault.message_in(get_language() or "en") for fault in entry_faults(entry)]
            if of_line or not {"from", "to"} & set(entry):
                faults.append(
                    gettext("Line %(n)s: %(fault)s") % {"n": localize(place), "fault": ", ".join(of_line) or line}
                )
            entries.append(entry)
        if faults:
            raise forms.ValidationError(faults)
        return entries


def _word(level: str) -> str:
    """Return the level as a single word for a line."""
    label = level_label(level)
    return level if " " in label else label


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.SYSTEM_ADMIN)
def risk_lists(request: StaffRequest) -> HttpResponse:
    """List the sent risk lists, with the form that sends another."""
    form = RiskListForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        sent = attempt(request, send, data["entries"], note=data["note"], back=request.path)
        if sent is not None:
            for delivery_id in sent.deliveries.values_list("pk", flat=True):
                enqueue_risk_list(delivery_id)
            messages.success(
                request, gettext("Sent. In each city it becomes a draft, about which its own people decide.")
            )
            return redirect("operator_risk_list", name=sent.name)
    context = {"form": form, "sent": RiskList.objects.order_by("-pk")[:SHOWN]}
    return render(request, "operator/risk_lists.html", context)


@require_safe
@for_staff(Role.SYSTEM_ADMIN)
def risk_list(request: StaffRequest, name: str) -> HttpResponse:
    """Show a sent risk list and its state in each city. While a worker processes it, htmx requests only the table."""
    sent = get_object_or_404(RiskList, name=name)
    deliveries = list(sent.deliveries.select_related("city").order_by("city__division", "city__schema_name"))
    context = {
        "sent": sent,
        "entries": [_shown(entry) for entry in sent.entries],
        "deliveries": deliveries,
        "is_open": any(one.is_open for one in deliveries),
        "states": RiskListDelivery.State,
    }
    template = "operator/risk_list_cities.html" if request.htmx else "operator/risk_list.html"
    return render(request, template, context)


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "area": entry["area"],
        "name": division_title(entry["area"], get_language() or "en"),
        "level": entry["level"],
        "first": entry.get("from", ""),
        "last": entry.get("to", ""),
    }
