"""Send a risk list of the province to all cities as drafts. Two people of each city decide; a failure in one does not affect others.

The rows are in ``public``. A worker enters each city, creates a draft of every rule set whose list changes, and later reads what the
city has decided (``docs/adr/0058-the-province.md``).
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from codes.models import RuleSetDraft
from codes.rule_sets.drafts import begin_with_areas
from codes.rule_sets.version_file import RiskArea
from regions.actors import OPERATOR_PREFIX
from regions.attempts import attempt
from regions.faults import Fault
from regions.journal.record import record
from regions.leased_jobs import DIED, Clock, JobFault, claim_job, error_fault, sweep
from regions.models import RiskList, RiskListDelivery
from regions.proposals import require_reason, require_role
from regions.staff.roles import Role
from regions.tenancy import ENDED, SUSPENDED, cities_in_service, in_city
from regions.toml_files import shape_faults

Entry = dict[str, str]
State = RiskListDelivery.State
NAME_BYTES = 12
# The states of a draft that has not been decided.
OPEN = {state.value for state in RuleSetDraft.OPEN}


def entry_faults(entry: Mapping[str, str]) -> list[Fault]:
    """Return the faults of an entry. An entry without ``from`` ends the listed one on its day ``to``."""
    shape = dict(entry)
    if "from" not in shape and "to" in shape:
        shape["from"] = shape["to"]
    try:
        RiskArea.model_validate(shape)
    except ValidationError as error:
        return shape_faults(error, shape)
    return []


def merged(listed: Sequence[Mapping[str, Any]], entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the list with the new entries. Entries that have ended are kept, because past days are judged by them.

    An area has one level at a time: an entry without an end ends on the day before another entry of the area begins.
    """
    areas = [dict(one) for one in listed]
    for entry in entries:
        still = [one for one in areas if one["area"] == entry["area"] and "to" not in one]
        if "from" not in entry:
            _end([one for one in still if one["level"] == entry["level"]], entry["to"])
            continue
        same = [one for one in areas if all(one.get(key) == entry[key] for key in ("area", "level", "from"))]
        if same:
            areas[areas.index(same[0])] = dict(entry)
            continue
        earlier = [one for one in still if one["from"] < entry["from"]]
        if any(one["level"] == entry["level"] for one in earlier) and "to" not in entry:
            continue
        _end(earlier, (date.fromisoformat(entry["from"]) - timedelta(days=1)).isoformat())
        areas.append(dict(entry))
    return areas


def _end(areas: Sequence[dict[str, Any]], day: str) -> None:
    """End the entries that began by that day. Later ones are left, since an entry cannot end before it begins."""
    for one in areas:
        if one["from"] <= day:
            one["to"] = day


def send(entries: Sequence[Entry], *, note: str, by: str, now: datetime) -> RiskList:
    """Store the list and a delivery for every city in service. Call outside any city. Raises ``Refused``."""
    require_role(by, Role.SYSTEM_ADMIN)
    written = require_reason(note)
    with transaction.atomic():
        made = RiskList.objects.create(
            name=secrets.token_hex(NAME_BYTES), entries=list(entries), note=written, sent_by=by, sent_at=now
        )
        cities = cities_in_service().order_by("schema_name")
        RiskListDelivery.objects.bulk_create(RiskListDelivery(risk_list=made, city=city) for city in cities)
        data = {"entries": len(entries), "areas": sorted({entry["area"] for entry in entries}), "cities": len(cities)}
        record("risk_list.sent", by=by, now=now, subject=f"risk_list:{made.name}", data=data)
    return made


def draft_in_city(delivery_id: int, *, clock: Clock) -> bool:
    """Create the drafts of a delivery in its city, unless it has ended or another worker has claimed it.

    Return whether this call claimed it. Call outside any city.
    """
    waiting = RiskListDelivery.objects.filter(pk=delivery_id).exclude(city__in=SUSPENDED.values("city"))
    delivery = claim_job(waiting.select_related("city", "risk_list"), now=clock())
    if delivery is None:
        return False
    with attempt(delivery, lambda error: _failed(delivery, error, now=clock()), clock=clock):
        drafts = _drafts(delivery, now=clock())
        delivery.leave(State.DRAFTED if drafts else State.UNCHANGED, drafts=drafts, ended_at=clock())
    return True


def _drafts(delivery: RiskListDelivery, *, now: datetime) -> list[dict[str, Any]]:
    """Create drafts of every rule set in use whose list changes. A second attempt finds the drafts that exist already."""
    sent = delivery.risk_list
    with in_city(delivery.city.schema_name), transaction.atomic():
        made = begin_with_areas(
            lambda listed: merged(listed, sent.entries),
            note=sent.note,
            source=f"risk_list:{sent.name}",
            by=f"{OPERATOR_PREFIX}{sent.sent_by}",
            now=now,
        )
        return [_draft_data(draft) for draft in made]


def look_after(delivery: RiskListDelivery) -> bool:
    """Store the present states of the delivery's drafts. Return whether any has changed. Call outside any city."""
    with in_city(delivery.city.schema_name):
        found = RuleSetDraft.objects.filter(pk__in=[one["draft"] for one in delivery.drafts]).select_related("rule_set")
        drafts = [_draft_data(draft) for draft in found.order_by("pk")]
    if drafts == delivery.drafts:
        return False
    return RiskListDelivery.objects.filter(pk=delivery.pk).update(drafts=drafts) == 1


def _draft_data(draft: RuleSetDraft) -> dict[str, Any]:
    rule_set = draft.rule_set
    titles = {"title_zh": rule_set.title_in("zh-hans"), "title_en": rule_set.title_in("en")}
    return {"rule_set": rule_set.code, **titles, "draft": draft.pk, "state": str(draft.state)}


def sweep_risk_lists(*, now: datetime) -> list[int]:
    """End deliveries whose workers died too often as failed. Return the ids of those that a worker can claim. Call outside any city."""
    rows = RiskListDelivery.objects.exclude(city__in=SUSPENDED.values("city"))
    return sweep(rows, now=now, give_up=lambda delivery: _end_failed(delivery, *DIED, now=now))


def open_drafts() -> list[RiskListDelivery]:
    """Return the deliveries with drafts not decided yet, by the states stored last. Call outside any city."""
    drafted = RiskListDelivery.objects.filter(state=State.DRAFTED).exclude(city__in=ENDED.values("city"))
    return [one for one in drafted.select_related("city") if any(draft["state"] in OPEN for draft in one.drafts)]


def _failed(delivery: RiskListDelivery, error: Exception, *, now: datetime) -> None:
    if not delivery.give_back():
        _end_failed(delivery, *error_fault(error), now=now)


def _end_failed(delivery: RiskListDelivery, fault: JobFault, params: Mapping[str, Any], *, now: datetime) -> None:
    delivery.leave(State.FAILED, fault=fault.value, params=dict(params), ended_at=now)
