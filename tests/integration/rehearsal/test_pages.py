"""The pages of rule sets: reading, writing a draft without a script, rehearsing it, and a decision by two people."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from codes.models import DraftRehearsal, RuleSet, RuleSetDraft, RuleSetVersion
from codes.rule_sets import drafts
from portal.official import tasks
from tests.conftest import Keep
from tests.integration.pages.people import Visitor
from tests.integration.rehearsal.drafts import as_file
from tests.integration.rehearsal.test_drafts import content
from tests.integration.rehearsal.test_rehearsal import Lived, lived
from tests.integration.sources.officials import at_desk

PATH = "/staff/rule-sets/"


@pytest.fixture
def city(kept_at_beta: Keep, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lived:
    settings.MEDIA_ROOT = tmp_path
    made = kept_at_beta(lived, 1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: made.scene.as_of)
    monkeypatch.setattr(tasks.rehearse_draft, "apply_async", lambda args, **_: tasks.rehearse_draft.run(*args))
    monkeypatch.setattr(tasks, "in_city", _here)
    return made


class _here:  # noqa: N801 - stands in for the context manager of that spelling
    """The page's worker is this process, in the city already."""

    def __init__(self, schema: str) -> None:
        assert schema == "beta"

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def manager(city: Lived) -> Visitor:
    return at_desk("gu", "rule_manager", now=city.scene.as_of).in_english()


@pytest.fixture
def approver(city: Lived) -> Visitor:
    return at_desk("wang", "approver", now=city.scene.as_of).in_english()


def begun(city: Lived, visitor: Visitor) -> RuleSetDraft:
    visitor.post(f"{PATH}{city.draft.code}/begin/")
    return RuleSetDraft.objects.latest("pk")


def rule_sent(draft: RuleSetDraft, **changes: Any) -> dict[str, Any]:
    told = {"code": "X9", "kind": "arrival", "colour": "yellow", "anchor": "started", "hold_days": "5"}
    return {**told, "title_zh": "新到", "reason_zh": "您新到本市。", "revision": draft.revision, **changes}


def test_the_list_and_the_rule_set_lead_to_the_version(city: Lived, manager: Visitor) -> None:
    version = RuleSetVersion.objects.filter(rule_set__code=city.draft.code).earliest("pk")
    assert f"{PATH}{city.draft.code}/" in manager.read(PATH)
    address = f"{PATH}{city.draft.code}/versions/{version.version}/"
    assert address in manager.read(f"{PATH}{city.draft.code}/")
    page = manager.read(address)
    assert all(f"<strong>{rule.code}</strong>" in page for rule in version.rules.all())


def test_nobody_else_comes_here(city: Lived, approver: Visitor) -> None:
    reviewer = at_desk("li", "reviewer", now=city.scene.as_of)
    assert reviewer.get(PATH).status_code == 403
    assert approver.get(PATH).status_code == 200
    assert approver.post(f"{PATH}{city.draft.code}/begin/").status_code == 403


@pytest.mark.parametrize(
    "path", ["nothing/", "nothing/versions/1/", "nothing/upload/", "drafts/99/", "drafts/99/areas/"]
)
def test_missing_is_404(city: Lived, manager: Visitor, path: str) -> None:
    assert manager.get(PATH + path).status_code == 404


def test_a_rule_is_added_changed_and_removed(city: Lived, manager: Visitor) -> None:
    draft = begun(city, manager)
    address, before = f"{PATH}drafts/{draft.pk}/", len(draft.content["rules"])
    assert manager.post(f"{address}rules/new/", rule_sent(draft)).status_code == 302
    draft.refresh_from_db()
    assert draft.content["rules"][-1]["hold_days"] == 5
    page = manager.read(address)
    assert "new or changed" in page
    assert "您新到本市。" in page
    assert 'value="X9"' in manager.read(f"{address}rules/{before}/")
    manager.post(f"{address}rules/{before}/", rule_sent(draft, colour="red", cleared_by=["negative_test"]))
    draft.refresh_from_db()
    assert (draft.content["rules"][-1]["colour"], draft.content["rules"][-1]["cleared_by"]) == (
        "red",
        ["negative_test"],
    )
    manager.post(f"{address}rules/{before}/remove/", {"revision": draft.revision})
    draft.refresh_from_db()
    assert len(draft.content["rules"]) == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"code": ""}, "This field is required"),
        ({"hold_days": "sieben"}, "must be a whole number"),
        ({"tests": "99999"}, "must be 3,660 or less"),
        ({"area_levels": "high"}, "is for stays in an area only"),
        ({"kind": "area_stay", "area_levels": "Hoch"}, "such as high"),
    ],
)
def test_a_fault_of_a_rule_is_named_at_its_field(
    city: Lived, manager: Visitor, changes: dict[str, str], told: str
) -> None:
    draft = begun(city, manager)
    page = manager.post(f"{PATH}drafts/{draft.pk}/rules/new/", rule_sent(draft, **changes)).content.decode()
    assert told in page
    assert 'aria-invalid="true"' in page
    assert RuleSetDraft.objects.get(pk=draft.pk).revision == 1


def test_whoever_edits_an_old_page_is_told(city: Lived, manager: Visitor) -> None:
    draft = begun(city, manager)
    address = f"{PATH}drafts/{draft.pk}/"
    manager.post(f"{address}rules/new/", rule_sent(draft))
    assert manager.post(f"{address}rules/new/", rule_sent(draft, code="X10")).status_code == 409


def test_the_risk_list_is_edited_as_a_table(city: Lived, manager: Visitor) -> None:
    draft = begun(city, manager)
    address = f"{PATH}drafts/{draft.pk}/"
    sent = {
        "revision": draft.revision,
        "areas-TOTAL_FORMS": 3,
        "areas-0-area": "武汉",
        "areas-0-level": "high",
        "areas-0-from": "2026-11-01",
        "areas-2-area": "42",
        "areas-2-level": "medium",
        "areas-2-from": "2026-11-01",
    }
    assert "areas-6-area" in manager.post(f"{address}areas/", {**sent, "more": "1"}).content.decode()
    assert RuleSetDraft.objects.get(pk=draft.pk).revision == 1
    manager.post(f"{address}areas/", sent)
    draft.refresh_from_db()
    assert [area["area"] for area in draft.content["risk_areas"]] == ["420100", "42"]
    assert "must be the code of a division of GB/T 2260" in manager.read(address)
    assert "must be the code of a division of GB/T 2260" in manager.read(f"{address}areas/")


def test_a_draft_is_tried_proposed_and_put_in_force(
    city: Lived, manager: Visitor, approver: Visitor, tmp_path: Path
) -> None:
    with as_file(city.draft, tmp_path).open("rb") as file:
        manager.post(f"{PATH}{city.draft.code}/upload/", {"file": file})
    draft = RuleSetDraft.objects.get()
    address = f"{PATH}drafts/{draft.pk}/"
    assert "Propose it" not in manager.read(address)
    manager.post(f"{address}rehearse/")
    job = DraftRehearsal.objects.get()
    assert job.tally is not None
    page = manager.read(address)
    assert f"{job.tally['citizens']} people would change colour." in page
    assert job.tally["effective"]
    assert "<caption>Effective codes</caption>" in page
    assert f'<td class="number">{job.tally["effective"][0][2]}</td>' in page
    saved = approver.get(f"{address}rehearsals/{job.pk}/list/")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert b"".join(saved.streaming_content).count(b"\n") == job.found + 1  # type: ignore[attr-defined]
    manager.post(f"{address}decide/", {"verb": "propose", "reason": "省里新规", "revision": draft.revision})
    page = approver.read(address)
    assert "省里新规" in page
    assert "people would change colour" in page
    earlier = approver.post(f"{address}decide/", {"verb": "approve", "revision": draft.revision - 1}, follow=True)
    assert "proposed anew after you opened the page" in earlier.content.decode()
    approval = {"verb": "approve", "revision": draft.revision}
    assert f'name="revision" value="{draft.revision}"' in page
    approver.post(f"{address}decide/", approval)
    draft.refresh_from_db()
    assert (draft.state, draft.decided_by) == ("published", "wang")
    assert RuleSetVersion.objects.filter(drafts=draft).exists()
    assert approver.post(f"{address}decide/", approval).status_code == 409


def test_a_risk_area_that_is_taken_out_is_named(city: Lived, manager: Visitor) -> None:
    draft = begun(city, manager)
    (out, *kept) = draft.content["risk_areas"]
    drafts.save(draft.pk, {**draft.content, "risk_areas": kept}, revision=1, by="gu", now=_now(city))
    assert "No longer there:" in manager.read(f"{PATH}drafts/{draft.pk}/")
    drafts.save(draft.pk, {**draft.content, "risk_areas": [*kept, out]}, revision=2, by="gu", now=_now(city))
    assert "No longer there:" not in manager.read(f"{PATH}drafts/{draft.pk}/")


def test_what_is_held_and_that_no_effective_code_changes_is_said(city: Lived, manager: Visitor) -> None:
    draft = drafts.begin_with(RuleSet.objects.get(code=city.draft.code).pk, content(city), by="gu", now=_now(city))
    address = f"{PATH}drafts/{draft.pk}/"
    manager.post(f"{address}rehearse/")
    rehearsals = DraftRehearsal.objects.filter(draft=draft)
    told = dict(rehearsals.get().tally or {})
    held = [["nowhere", "red", "yellow", 3]]
    rehearsals.update(tally={**told, "effective": [], "held_colours": held})
    page = manager.read(address)
    assert "Nobody's effective code would change." in page
    assert "nowhere, whose source is silent: 3 people held from red to yellow." in page
    assert "Nothing of it would be held as a mass change." in page
    rehearsals.update(tally={**told, "mass_changes": [["R1", 3, 1021, 40_000]]})
    page = manager.read(address)
    assert "of 40,000 registered, 3 would turn red and 1,021 green before their day." in page
    assert "Until two people have decided, these people keep what they show." in page
    later = ("effective", "held_colours", "mass_changes")
    rehearsals.update(tally={key: told[key] for key in told if key not in later})
    page = manager.read(address)
    assert "ffective code" not in page, "counted before effective codes were"
    assert "mass change" not in page


def test_while_it_is_tried_the_page_asks_again(city: Lived, manager: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.rehearse_draft, "apply_async", lambda args, **_: None)
    draft = drafts.begin_with(RuleSet.objects.get(code=city.draft.code).pk, content(city), by="gu", now=_now(city))
    address = f"{PATH}drafts/{draft.pk}/"
    manager.post(f"{address}rehearse/")
    page = manager.read(address)
    assert 'http-equiv="refresh"' in page
    assert "Waits for a worker" in page
    part = manager.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<section id="rehearsal" hx-get')
    assert "Propose it" not in page + part
    tasks.rehearse_draft.run("beta", draft.rehearsals.get().pk)
    part = manager.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in part
    assert '<div id="deciding" hx-swap-oob="true">' in part
    assert "Propose it" in part, "what may be done now"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"code = \xff", "is not UTF-8"),
        (b"rules = [", "is not TOML"),
        (b"x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_none_is_refused(city: Lived, manager: Visitor, sent: bytes, told: str) -> None:
    file = io.BytesIO(sent)
    file.name = "x.toml"
    assert told in manager.post(f"{PATH}{city.draft.code}/upload/", {"file": file}).content.decode()
    assert not RuleSetDraft.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b'version = "\\u0000"\n"\\u0000" = 1',
        b"rules = 3\nrisk_areas = 'x'",
        b"version = 1.5\n[[rules]]\ntitle = 3\ncleared_by = 'x'\ncolour = 7",
    ],
)
def test_a_file_of_another_shape_is_a_draft_with_its_faults(city: Lived, manager: Visitor, sent: bytes) -> None:
    file = io.BytesIO(sent)
    file.name = "x.toml"
    manager.post(f"{PATH}{city.draft.code}/upload/", {"file": file})
    draft = RuleSetDraft.objects.get()
    address = f"{PATH}drafts/{draft.pk}/"
    assert "faults to be mended" in manager.read(address)
    assert manager.get(f"{address}areas/").status_code == 200
    assert manager.get(f"{address}rules/0/").status_code == (200 if b"[[rules]]" in sent else 404)
    manager.post(f"{address}rehearse/")
    assert not DraftRehearsal.objects.exists()


def test_the_number_and_the_day(city: Lived, manager: Visitor) -> None:
    draft = drafts.begin_with(RuleSet.objects.get(code=city.draft.code).pk, content(city), by="gu", now=_now(city))
    address = f"{PATH}drafts/{draft.pk}/"
    manager.post(f"{address}head/", {"version": " ", "effective_from": "?", "revision": 1})
    manager.post(f"{address}head/", {"version": "1", "effective_from": "2020-01-01", "revision": 2})
    page = manager.read(address)
    assert "must not lie in the past" in page
    assert "<code>version</code>" in page or "must fit between the versions" in page


def test_a_warning_is_shown_and_hinders_nobody(city: Lived, manager: Visitor) -> None:
    rule = {"code": "S1", "kind": "area_stay", "area_levels": ["high"], "colour": "red", "hold_days": 14}
    bare = content(city, rules=[rule], risk_areas=[])
    draft = drafts.begin_with(RuleSet.objects.get(code=city.draft.code).pk, bare, by="gu", now=_now(city))
    page = manager.read(f"{PATH}drafts/{draft.pk}/")
    assert "no stay matches the rules that look at levels: S1" in page
    assert "to be mended" not in page


def test_the_pages_speak_chinese(city: Lived) -> None:
    reader = at_desk("gu", "rule_manager", now=city.scene.as_of)
    rule_set = RuleSet.objects.get(code=city.draft.code)
    draft = drafts.begin_with(rule_set.pk, {"rules": [{"code": "A", "kind": "x"}]}, by="gu", now=_now(city))
    page = reader.read(f"{PATH}drafts/{draft.pk}/")
    assert "处问题需改正" in page
    assert "缺失（规则A）" in page


def _now(city: Lived) -> datetime:
    return city.scene.as_of
