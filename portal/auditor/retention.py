"""Retention: how long each class of data is kept, and what the last sweep removed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from portal.web.access import StaffRequest, for_staff
from regions.retention.classes import DataClass, data_classes
from regions.retention.models import RetentionSweep
from regions.staff.roles import Role


@dataclass(frozen=True)
class KeptClass:
    """A class of data with what the last sweep found. ``found`` is empty if another task sweeps it, or none."""

    declared: DataClass
    found: dict[str, Any]

    @property
    def oldest(self) -> datetime | None:
        oldest = self.found.get("oldest")
        return parse_datetime(oldest) if oldest else None


@require_safe
@for_staff(Role.AUDITOR, Role.SECURITY_ADMIN)
def retention(request: StaffRequest) -> HttpResponse:
    """Show counts of the sweep.

    One that is under way shows what it has done so far or, before that, what the previous one did.
    """
    sweeps = RetentionSweep.objects.order_by("-day")
    swept = next((one for one in sweeps[:2] if one.found), None)
    kept = [KeptClass(one, swept.found.get(one.name, {}) if swept else {}) for one in data_classes()]
    return render(request, "auditor/retention.html", {"classes": kept, "swept": swept, "newest": sweeps.first()})
