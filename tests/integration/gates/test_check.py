"""A gate sees the present colour and the use of the same pass at another gate, and no identity."""

from datetime import datetime, timedelta

import pytest

from codes.gates.check import check_pass, note_scans
from codes.models import Citizen, GateScan, PaperPass
from codes.passes.issuing import issue_pass
from codes.passes.paper import issue_paper, withdraw_paper
from codes.passes.results import CheckResult
from codes.review.proposals import rulings
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.retention.classes import data_classes
from regions.retention.sweeping import sweep_class
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk

SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)


def test_the_colour_is_that_of_now_whatever_the_pass_says(desk: Desk) -> None:
    token, said = issue_pass(desk.citizen("zhang"), now=desk.now)
    assert said.colour == "red"
    assert check_pass(token, by="gate:1", now=desk.now).colour == "red"
    desk.approve(desk.propose())
    now = check_pass(token, by="gate:1", now=desk.now + 30 * SECOND)
    assert (now.result, now.colour) == (CheckResult.OK, "green")


def test_a_pass_made_green_shows_red_after_a_ruling(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    token, said = issue_pass(desk.citizen("zhang"), now=desk.now)
    assert said.colour == "green"
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="mistaken", by="li", now=desk.now)
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now + SECOND)
    checked = check_pass(token, by="gate:1", now=desk.now + 2 * SECOND)
    assert (checked.result, checked.colour) == (CheckResult.OK, "red")


def test_whom_the_city_cannot_place_is_unknown_and_never_green(desk: Desk) -> None:
    nobody = Citizen.objects.create(ref="new", id_type="99", id_hash=b"n", id_encrypted=b"-", known_since=desk.now)
    of_nobody, _ = issue_pass(nobody, now=desk.now)
    gone, _ = issue_pass(Citizen(pk=99_999_999, ref="gone"), now=desk.now)
    for token in (of_nobody, gone):
        checked = check_pass(token, by="gate:1", now=desk.now)
        assert (checked.result, checked.colour) == (CheckResult.UNKNOWN, "")


def test_the_same_pass_at_another_gate_is_flagged_there_within_its_life(desk: Desk) -> None:
    token, _ = issue_pass(desk.citizen("chen"), now=desk.now)
    results = [
        check_pass(token, by=by, now=desk.now + late * SECOND).result
        for by, late in (("gate:1", 0), ("gate:1", 5), ("gate:2", 10), ("gate:2", 15), ("gate:1", 20), ("gate:2", 66))
    ]
    assert results == ["ok", "ok", "replayed", "replayed", "replayed", "expired"]
    another, _ = issue_pass(desk.citizen("chen"), now=desk.now + 30 * SECOND)
    assert check_pass(another, by="gate:2", now=desk.now + 30 * SECOND).result == "ok"


def test_scans_off_line_are_held_against_those_of_other_gates(desk: Desk) -> None:
    token, said = issue_pass(desk.citizen("chen"), now=desk.now)
    alone, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    paper, _ = issue_paper(desk.citizen("zhang"), by="li", now=desk.now)
    early, later = desk.now + 5 * SECOND, desk.now + timedelta(hours=3)
    scanned = [(token, early), (alone, early), (paper, early), ("x", early), (token, early + timedelta(minutes=2))]
    assert note_scans(scanned, by="gate:1", now=later) == [], "nobody else has it yet"
    # The other gate was off-line as well, and comes back later; before and after one of them count alike.
    for at in (desk.now, early + SECOND):
        assert note_scans([(token, at)], by="gate:2", now=later) == [at]
    assert note_scans([(alone, early)], by="gate:1", now=later) == []
    assert GateScan.objects.count() == 4, "no paper, nothing expired, nothing twice"
    for at, now in ((desk.now, desk.now + timedelta(days=8)), (desk.now, desk.now - timedelta(minutes=1))):
        assert note_scans([(token, at)], by="gate:3", now=now) == [], "an instant at which it cannot have been off-line"
    assert said.pseudonym not in str(list(GateScan.objects.values()))


def test_paper_is_looked_up_at_every_gate_until_it_is_withdrawn(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    token, _ = issue_paper(zhang, by="li", now=desk.now)
    for by in ("gate:1", "gate:2"):
        checked = check_pass(token, by=by, now=desk.now + timedelta(days=1))
        assert (checked.result, checked.colour) == (CheckResult.OK, "red")
    withdraw_paper(PaperPass.objects.get(citizen=zhang).pk, by="li", now=desk.now)
    checked = check_pass(token, by="gate:1", now=desk.now + timedelta(days=1))
    assert (checked.result, checked.colour) == (CheckResult.WITHDRAWN, "")


def test_other_results_have_no_colour(desk: Desk) -> None:
    token, _ = issue_pass(desk.citizen("chen"), now=desk.now)
    broken = token[:-1] + ("A" if token[-1] != "A" else "B")
    found = {
        "expired": check_pass(token, by="gate:1", now=desk.now + 65 * SECOND),
        "not_yet_valid": check_pass(token, by="gate:1", now=desk.now - 6 * SECOND),
        "not_a_pass": check_pass("hello", by="gate:1", now=desk.now),
        "changed": check_pass(broken, by="gate:1", now=desk.now),
        "nothing": check_pass("", by="gate:1", now=desk.now),
    }
    assert {one: checked.result.value for one, checked in found.items()} | {"changed": ""} == {
        **{one: one for one in ("expired", "not_yet_valid", "not_a_pass")},
        "changed": "",
        "nothing": "not_a_pass",
    }
    assert found["changed"].result in ("bad_signature", "not_a_pass")
    CityKey.objects.filter(purpose=Purpose.PASS).update(retired_at=desk.now, compromised_at=desk.now)
    encryption.forget_cached_keys()
    found["stolen"] = check_pass(token, by="gate:1", now=desk.now)
    assert found["stolen"].result != "ok"
    assert {checked.colour for checked in found.values()} == {""}


def test_a_scan_names_nobody_and_is_swept(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    token, said = issue_pass(zhang, now=desk.now)
    check_pass(token, by="gate:1", now=desk.now)
    check_pass("x", by="gate:1", now=desk.now)
    columns = {field.name for field in GateScan._meta.fields}
    assert columns == {"id", "by", "at", "result", "pass_hash"}
    kept = str(list(GateScan.objects.order_by("pk").values("by", "result", "pass_hash")))
    for hidden in (zhang.ref, said.pseudonym, token, "red"):
        assert hidden not in kept
    later, _ = issue_pass(zhang, now=desk.now + 30 * SECOND)
    check_pass(later, by="gate:1", now=desk.now + 30 * SECOND)
    hashes = [bytes(one or b"") for one in GateScan.objects.exclude(pass_hash=None).values_list("pass_hash", flat=True)]
    assert len(set(hashes)) == 2, "two passes of one person and day cannot be joined"
    (scans,) = [one for one in data_classes() if one.name == "gate_scans"]
    check_pass("x", by="gate:2", now=desk.now - timedelta(days=(scans.days or 0) + 1))
    sweep_class(scans, now=desk.now)
    assert list(GateScan.objects.values_list("by", flat=True)) == ["gate:1"] * 3
