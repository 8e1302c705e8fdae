"""What is kept how long, and what the last sweep did about it."""

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
    """A class of data with what the last sweep found in it; nothing where it is swept by another task, or not at all."""

    declared: DataClass
    found: dict[str, Any]

    @property
    def oldest(self) -> datetime | None:
        told = self.found.get("oldest")
        return parse_datetime(told) if told else None


@require_safe
@for_staff(Role.AUDITOR, Role.SECURITY_ADMIN)
def retention(request: StaffRequest) -> HttpResponse:
    """Counts only. A sweep that has not ended shows what it has done so far, and before that what the last one did."""
    sweeps = RetentionSweep.objects.order_by("-day")
    told = next((one for one in sweeps[:2] if one.found), None)
    kept = [KeptClass(one, told.found.get(one.name, {}) if told else {}) for one in data_classes()]
    return render(request, "auditor/retention.html", {"classes": kept, "told": told, "newest": sweeps.first()})
