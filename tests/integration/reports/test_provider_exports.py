"""Reports that a provider exports: masked, about its own people, and never another provider's file."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from codes.models import ExportJob
from codes.reports import jobs
from codes.reports.jobs import write_export
from codes.reports.manifest import check_signature
from codes.reports.request import MayNotIdentify, ReportName, ReportRequest, check_asker
from regions.refusals import NotAllowed
from tests.integration.api.conftest import Service
from tests.integration.reports.conftest import Settled
from tests.integration.reports.test_filters import rows


@pytest.fixture
def machines(three_days: Settled, settings: Settings, tmp_path: Path) -> dict[str, Service]:
    settings.MEDIA_ROOT = tmp_path
    codes = three_days.scene.world.providers
    return {one.code: Service(one.code, timezone.now(), host="beta.localhost") for one in codes[:2]}


def fetched(machine: Service, name: str) -> list[dict[str, Any]]:
    job = ExportJob.objects.get(name=name)
    assert write_export(job.pk, clock=timezone.now)
    told = machine.get(f"exports/{name}")[1]
    assert told["state"] == "done"
    check_signature(told["manifest"])
    response = machine.client.get(f"/api/v1/exports/{name}/file")
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert told["manifest"]["sha256"] == hashlib.sha256(body).hexdigest()
    return [json.loads(line) for line in body.splitlines()]


def test_a_provider_takes_out_what_it_shows_and_where_others_differ(machines: dict[str, Service]) -> None:
    (code, own), (_, other) = machines.items()
    status, asked = own.post("exports", {"report": "codes", "state": "red"}, **{"Idempotency-Key": "k-1"})
    assert (status, asked["state"], asked["narrowed_to"]) == (202, "waiting", {"provider": code, "state": "red"})
    assert own.post("exports", {"report": "codes", "state": "red"}, **{"Idempotency-Key": "k-1"})[1] == asked
    assert own.get(f"exports/{asked['name']}/file")[1]["code"] == "not_written_yet"
    red = fetched(own, asked["name"])
    assert red == rows(ReportName.CODES, provider=code, state="red")
    assert all("*" in one["full_name"] and "*" in one["id_number"] for one in red)
    assert red
    name = own.post("exports", {"report": "disagreements"})[1]["name"]
    differing = fetched(own, name)
    assert differing
    assert all(code in one["colours"] for one in differing)
    assert all(code in (pair["a"], pair["b"]) for one in differing for pair in one["pairs"])
    assert len(differing) == sum(code in one["colours"] for one in rows(ReportName.DISAGREEMENTS))  # type: ignore[operator]
    for path in (f"exports/{name}", f"exports/{name}/file", "exports/none"):
        assert other.get(path)[1]["code"] == "not_found"
    assert other.get("exports")[1]["items"] == []
    first = own.get("exports?limit=1")[1]
    second = own.get(f"exports?limit=1&cursor={first['next_cursor']}")[1]
    assert [one["name"] for one in first["items"] + second["items"]] == [name, asked["name"]]


def test_what_cannot_be_exported_says_why(machines: dict[str, Service], monkeypatch: pytest.MonkeyPatch) -> None:
    own = next(iter(machines.values()))
    for body, code in (
        ({"report": "journal"}, "bad_body"),
        ({"report": "codes", "identify": True}, "bad_body"),
        ({"report": "codes", "cause": "rules"}, "no_such_filter"),
        ({"report": "codes", "from": "2026-11-24", "to": "2026-11-23"}, "days_reversed"),
    ):
        assert own.post("exports", body)[1]["code"] == code
    name = own.post("exports", {"report": "codes", "from": "2001-01-01", "to": "2001-01-01"})[1]["name"]
    assert not write_export(ExportJob.objects.get(name=name).pk, clock=timezone.now)
    told = own.get(f"exports/{name}")[1]
    assert (told["state"], told["code"]) == ("failed", "no_run_of_days")
    assert own.get(f"exports/{name}/file")[1]["code"] == "not_found"
    monkeypatch.setattr(jobs, "MOST_OF_A_PROVIDER", 1)
    assert own.post("exports", {"report": "codes"})[0] == 202
    assert own.post("exports", {"report": "codes"})[1]["code"] == "too_many_exports"


def test_a_provider_takes_out_nothing_else(three_days: Settled) -> None:
    provider = three_days.scene.world.providers[0].code
    for request in (
        ReportRequest(ReportName.CODES),
        ReportRequest(ReportName.JOURNAL),
        ReportRequest(ReportName.CODES, only={"provider": "other"}),
    ):
        with pytest.raises(NotAllowed):
            check_asker(request, by=f"provider:{provider}")
    with pytest.raises(MayNotIdentify):
        check_asker(
            ReportRequest(ReportName.CODES, identified=True, only={"provider": provider}), by=f"provider:{provider}"
        )
