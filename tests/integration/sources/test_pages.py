"""The pages of sources: trying, collecting, changes by two people, and the quarantine with masked people."""

import re
from datetime import date, datetime
from typing import Any

import pytest

from codes.intake.collecting import release
from codes.intake.retrying import waiting
from portal.official import tasks
from regions.keys import encryption
from regions.keys.encryption import SOURCE_CREDENTIAL
from regions.sources.models import Batch, Source, SourceChange
from regions.staff.models import Account
from regions.staff.roles import Role
from tests.integration.lines import ANNA
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import hire
from tests.integration.sources.officials import at_desk
from tests.integration.sources.stand_ins import NOW, Police, at, held_delivery, record, records

PATH = "/staff/sources/"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    return NOW


def official(name: str, *roles: str) -> Visitor:
    return at_desk(name, *roles, now=NOW, host="alpha.localhost").in_english()


@pytest.fixture
def manager(police: Police) -> Visitor:
    return official("qian", "source_manager")


@pytest.fixture
def approver(police: Police) -> Visitor:
    return official("wang", "approver")


def settings_form(source: Source, *kinds: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """What the page of a police database sends."""
    rows = kinds or tuple(source.kinds.items())
    told: dict[str, Any] = {
        "records_view": source.records_view,
        "clock_view": source.clock_view,
        "page_size": source.page_size,
        "max_age_hours": source.max_age_hours,
        "max_bad_percent": 5,
        "overlap_hours": source.overlap_hours,
        "full_every_days": source.full_every_days,
        "still": "",
        "credential": "",
        "reason": "对方改了用词",
        "kinds-TOTAL_FORMS": len(rows),
        "kinds-INITIAL_FORMS": len(source.kinds),
    }
    for place, (word, kind) in enumerate(rows):
        told |= {f"kinds-{place}-word": word, f"kinds-{place}-kind": kind}
    return told | changes


def test_the_list_says_how_fresh_each_source_is(police: Police, manager: Visitor) -> None:
    police.add(record())
    police.collect()
    page = manager.read(PATH)
    assert "Up to date" in page
    assert "Nothing accepted yet: codes that rest on it cannot be determined" in page


def test_a_page_without_the_roles_is_403(police: Police) -> None:
    reviewer = official("li", "reviewer")
    for path in (PATH, f"{PATH}police/", f"{PATH}police/quarantine/", f"{PATH}police/change/", f"{PATH}batches/1/"):
        assert reviewer.get(path).status_code == 403


def test_an_approver_reads_and_does_not_act(police: Police, approver: Visitor) -> None:
    assert "Collect now" not in approver.read(f"{PATH}police/")
    for act in ("test", "collect", "quarantine/retry"):
        assert approver.post(f"{PATH}police/{act}/").status_code == 403
    assert approver.get(f"{PATH}police/change/").status_code == 403


def test_a_source_nobody_has_is_the_404_of_every_other(manager: Visitor) -> None:
    for path in (
        "nothing/",
        "%00/",
        "%00/quarantine/",
        "nothing/quarantine/",
        "nothing/change/",
        "changes/99/",
        "batches/99/",
    ):
        assert manager.get(PATH + path).status_code == 404
    assert manager.post(f"{PATH}batches/99/decide/").status_code == 404


def test_a_batch_lists_what_nobody_expected(police: Police, manager: Visitor) -> None:
    police.add(*records(150))
    police.collect()
    police.replace(*records(150)[:40], {**records(1)[0], "record_id": "behind"})
    police.source.max_bad_share = 1
    police.source.save()
    held = police.collect(full=True)
    assert "See which records are missing" in manager.read(f"{PATH}police/")

    page = manager.read(f"{PATH}batches/{held.pk}/")

    assert "Recorded before the horizon, and new to the city" in page
    assert "<code>behind</code>" in page
    assert "<code>r149</code>" not in page
    first = manager.read(f"{PATH}batches/{held.pk}/?kind=missing")
    assert first.count("<code>r") == 100
    more = manager.read(f"{PATH}batches/{held.pk}/?kind=missing&after={after(first)}")
    assert more.count("<code>r") == 10
    assert "late: 1 · changed in place: 0 · missing: 110" in manager.read(f"{PATH}police/")
    manager.post(f"{PATH}batches/{held.pk}/decide/", {"verb": "discard"})
    assert "its findings are no longer listed" in manager.read(f"{PATH}batches/{held.pk}/")


def test_a_batch_without_findings_says_so(police: Police, manager: Visitor) -> None:
    police.add(record())
    first = police.collect()
    page = manager.read(f"{PATH}batches/{first.pk}/")
    assert "Everything was as the city holds it" in page
    assert "Nothing. Only a full comparison" in manager.read(f"{PATH}batches/{police.collect().pk}/")
    del manager.client.cookies["language"]
    assert "全部记录与本市所存一致" in manager.read(f"{PATH}batches/{first.pk}/")


def after(page: str) -> str:
    """The place of the next page in its link."""
    found = re.search(r"after=([^\"&]+)", page)
    assert found is not None
    return found[1]


def test_a_connection_is_tried_and_nothing_is_kept(police: Police, manager: Visitor) -> None:
    police.add(*records(3), record(record_id="x", kind="XYZ"))
    page = manager.post(f"{PATH}police/test/").content.decode()
    assert "The source answers." in page
    assert "1 of them would go to quarantine: kind not mapped." in page
    assert not Batch.objects.exists()


def test_a_connection_that_fails_says_why(police: Police, manager: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHA_POLICE_URL", "postgresql://u:hunter2@db.example/x")
    page = manager.post(f"{PATH}police/test/").content.decode()
    assert "db.example:5432 is not on the list of places" in page
    assert "hunter2" not in page


def test_collecting_rings_for_a_worker(police: Police, manager: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks.collect_now, "apply_async", lambda args, **_: enqueued.append(args))
    assert manager.post(f"{PATH}police/collect/").status_code == 302
    assert enqueued == [("alpha", police.source.pk, "qian")]
    assert "Collecting has been asked for" in manager.read(f"{PATH}police/")


def test_the_worker_collects_as_whoever_asked(police: Police, manager: Visitor) -> None:
    police.add(record())
    assert tasks.collect_now("alpha", police.source.pk, "qian") == "accepted"
    assert tasks.collect_now("alpha", 10_000, "qian") == ""


def test_a_held_delivery_is_taken_by_two_on_the_page(police: Police, manager: Visitor, approver: Visitor) -> None:
    held = held_delivery(police)
    address = f"{PATH}batches/{held.pk}/decide/"
    assert "Take it, as the second person" not in approver.read(f"{PATH}police/")
    assert approver.post(address, {"verb": "release"}).status_code == 403
    manager.post(address, {"verb": "release"})
    assert '<span translate="no">qian</span> asked for its release' in approver.read(f"{PATH}police/")
    approver.post(address, {"verb": "release"})
    held.refresh_from_db()
    assert (held.state, held.released_by) == (Batch.State.ACCEPTED, "wang")
    assert approver.post(address, {"verb": "release"}).status_code == 409


def test_a_release_whose_asker_has_left_is_asked_for_anew(police: Police, manager: Visitor, approver: Visitor) -> None:
    held = held_delivery(police)
    hire("sun", Role.SOURCE_MANAGER, now=NOW)
    release(held.pk, by="sun", now=NOW)
    assert "Take it, as the second person" in approver.read(f"{PATH}police/")
    Account.objects.filter(username="sun").update(is_active=False)
    page = approver.read(f"{PATH}police/")
    assert "Another source manager asks anew" in page
    assert "Take it, as the second person" not in page
    assert "Ask for its release" in manager.read(f"{PATH}police/")


def test_a_change_is_proposed_shown_and_put_in_force(police: Police, manager: Visitor, approver: Visitor) -> None:
    sent = settings_form(police.source, ("MJ", "close_contact"), ("XJ", "secondary_contact"), max_age_hours=30)
    response = manager.post(f"{PATH}police/change/", sent)
    change = SourceChange.objects.get()
    assert response.headers["Location"] == f"{PATH}changes/{change.pk}/"
    assert change.values == {
        "kinds": {"MJ": "close_contact", "XJ": "secondary_contact"},
        "max_age_hours": 30.0,
    }
    page = approver.read(f"{PATH}changes/{change.pk}/")
    assert "The word “XJ” means" in page
    assert "From then on these words go to quarantine: LJ, PCMJ, QZ." in page
    assert "Put in force" in page
    assert "Put in force" not in manager.read(f"{PATH}changes/{change.pk}/")
    approver.post(f"{PATH}changes/{change.pk}/decide/", {"verb": "approve"})
    police.source.refresh_from_db()
    assert police.source.max_age_hours == 30


def test_a_new_database_is_tried_when_it_is_proposed_and_shown_without_its_password(
    police: Police, manager: Visitor, approver: Visitor
) -> None:
    sent = settings_form(police.source, credential="postgresql://reader:geheim@127.0.0.1:9/ga_new")
    manager.post(f"{PATH}police/change/", sent)
    change = SourceChange.objects.get()
    assert encryption.decrypt(bytes(change.credential or b""), use=SOURCE_CREDENTIAL).endswith("ga_new")
    shown = [manager.read(f"{PATH}changes/{change.pk}/"), approver.read(f"{PATH}police/")]
    shown.append(manager.read(f"{PATH}police/change/"))
    assert "The connection was tried and failed" in shown[0]
    assert not any("geheim" in page for page in shown)
    for part in ("postgresql", "127.0.0.1", ">9<", "ga_new", "reader", "sqlite", "police.sqlite"):
        assert part in shown[0]
    approver.post(f"{PATH}changes/{change.pk}/decide/", {"verb": "approve"})
    now_in_force = approver.read(f"{PATH}police/")
    assert "ga_new" in now_in_force
    assert "geheim" not in now_in_force + approver.read(f"{PATH}changes/{change.pk}/")


def test_the_new_settings_are_changed_by_two(police: Police, manager: Visitor, approver: Visitor) -> None:
    changes = {"overlap_hours": 48, "full_every_days": 3, "still": "9999-12-31", "retired_providers": ["wechat"]}
    manager.post(f"{PATH}police/change/", settings_form(police.source, **changes))
    change = SourceChange.objects.get()
    page = approver.read(f"{PATH}changes/{change.pk}/")
    for told in ("Hours to look back", "Days between full comparisons", "9999-12-31", "No run has settled yet"):
        assert told in page
    approver.post(f"{PATH}changes/{change.pk}/decide/", {"verb": "approve"})
    police.source.refresh_from_db()
    columns = ("overlap_hours", "full_every_days", "still", "retired")
    assert Source.objects.values(*columns).get(code="police") == {
        "overlap_hours": 48,
        "full_every_days": 3,
        "still": date(9999, 12, 31),
        "retired": False,
    }
    assert list(police.source.providers.filter(retired=True).values_list("code", flat=True)) == ["wechat"]
    assert "Retired providers" in approver.read(f"{PATH}police/")


def test_a_retired_source_is_shown_as_such_and_not_collected(
    police: Police, manager: Visitor, approver: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    police.add(record())
    police.collect()
    manager.post(f"{PATH}police/change/", settings_form(police.source, retired="on"))
    approver.post(f"{PATH}changes/{SourceChange.objects.get().pk}/decide/", {"verb": "approve"})
    page = manager.read(f"{PATH}police/")
    assert "Retired: no longer collected" in page
    assert "Collect now" not in page
    assert tasks.collect_now("alpha", police.source.pk, "qian") == ""
    assert Batch.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"credential": "postgresql://u:hunter2@db.example/x"}, "db.example:5432 is not on the list"),
        ({"page_size": 0}, "greater than or equal to 1"),
        ({"reason": ""}, "This field is required"),
        ({"kinds-0-kind": ""}, "Say what this word means"),
        ({"kinds-1-word": "MJ"}, "This word stands here twice"),
        ({"records_view": "a b"}, "must be the name of a view"),
    ],
)
def test_faults_are_named_and_nothing_is_proposed(
    police: Police, manager: Visitor, changes: dict[str, Any], told: str
) -> None:
    sent = settings_form(police.source, ("MJ", "close_contact"), ("XJ", "arrival"), **changes)
    page = manager.post(f"{PATH}police/change/", sent).content.decode()
    assert told in page
    assert "hunter2" not in page
    assert not SourceChange.objects.exists()


def test_more_rows_keep_what_was_typed(police: Police, manager: Visitor) -> None:
    sent = settings_form(police.source, ("MJ", "close_contact"), ("新词", "arrival"), reason="因为", more="1")
    page = manager.post(f"{PATH}police/change/", sent).content.decode()
    assert 'value="新词"' in page
    assert "因为" in page
    assert "kinds-4-word" in page


def test_refusing_needs_a_reason(police: Police, manager: Visitor, approver: Visitor) -> None:
    manager.post(f"{PATH}police/change/", settings_form(police.source, max_age_hours=30))
    address = f"{PATH}changes/{SourceChange.objects.get().pk}/"
    approver.post(f"{address}decide/", {"verb": "refuse", "reason": " "})
    assert "Say why." in approver.read(address)
    approver.post(f"{address}decide/", {"verb": "refuse", "reason": "不需要"})
    assert "不需要" in approver.read(address)
    assert approver.post(f"{address}decide/", {"verb": "approve"}).status_code == 409


def test_the_quarantine_shows_what_came_with_people_masked(police: Police, manager: Visitor) -> None:
    odd = {"detail": f'{{"note": "call 13812345678 about {ANNA}"}}', "kind": f"MJ{ANNA}"}
    police.add(*records(40), record(record_id="x", **odd), record(record_id=f"r-{ANNA}", kind="XYZ"))
    police.collect()
    page = manager.read(f"{PATH}police/quarantine/")
    assert "kind not mapped" in page
    assert "XYZ" in page
    assert ANNA not in page
    assert ANNA[4:14] not in page
    assert "13812345678" not in page
    assert "安娜" not in page
    assert manager.read(f"{PATH}police/quarantine/?reason=bad_kind&batch={Batch.objects.get().pk}")


def test_trying_again_says_what_came_of_it(police: Police, manager: Visitor) -> None:
    police.add(*records(40), record(record_id="new", kind="XJ", recorded_at=at(50)))
    police.collect()
    Source.objects.filter(pk=police.source.pk).update(kinds={"XJ": "arrival"})
    for unknown in ("", "x", "999"):
        assert manager.post(f"{PATH}police/quarantine/retry/", {"batch": unknown}).status_code == 404
    assert waiting(police.source).exists(), "all are tried only if no delivery is named"
    manager.post(f"{PATH}police/quarantine/retry/")
    assert "1 record passed. 0 are still bad." in manager.read(f"{PATH}police/quarantine/")
    assert not waiting(police.source).exists()


def test_the_pages_speak_chinese(police: Police) -> None:
    held_delivery(police)
    page = at_desk("qian", "source_manager", now=NOW, host="alpha.localhost").read(f"{PATH}police/")
    assert "有一批数据待两人确认" in page
    assert "全量数据仅50条" in page


def test_an_approver_finds_what_waits_among_the_approvals(police: Police, manager: Visitor, approver: Visitor) -> None:
    held = held_delivery(police)
    manager.post(f"{PATH}batches/{held.pk}/decide/", {"verb": "release"})
    manager.post(f"{PATH}police/change/", settings_form(police.source, max_age_hours=30))
    page = approver.read("/staff/approvals/?kind=settings")
    assert f'<a href="{PATH}police/">Held delivery</a>' in page
    assert f'<a href="{PATH}changes/{SourceChange.objects.get().pk}/">Change of a source</a>' in page
