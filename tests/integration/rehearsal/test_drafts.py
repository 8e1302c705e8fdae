"""A draft of a version is written, rehearsed on the present city, and put in force by two people."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from codes.models import DraftRehearsal, RuleSet, RuleSetDraft, RuleSetVersion
from codes.rule_sets import drafts, rehearsal_jobs
from codes.rule_sets.drafts import content_faults, content_of, plain, rule_faults
from codes.rule_sets.publish import replace_tables
from codes.rule_sets.version_file import judged
from portal.official import tasks
from regions.journal.models import JournalEntry
from regions.leased_jobs import MAX_ATTEMPTS
from regions.refusals import MovedMeanwhile, Refused
from regions.staff.roles import Role
from regions.tenancy import current_city
from tests.conftest import Keep
from tests.integration.rehearsal.test_rehearsal import Lived, lived, rehearsed
from tests.integration.review.desk import hire

State = RuleSetDraft.State


@pytest.fixture
def city(kept_at_beta: Keep, settings: Settings, tmp_path: Path) -> Lived:
    settings.MEDIA_ROOT = tmp_path
    made = kept_at_beta(lived, 1)
    now = made.scene.as_of
    hire("gu", Role.RULE_MANAGER, now=now)
    hire("he", Role.RULE_MANAGER, Role.APPROVER, now=now)
    hire("wang", Role.APPROVER, now=now)
    return made


@pytest.fixture
def draft(city: Lived) -> RuleSetDraft:
    """The next version of the rule set in use, as ``Lived.draft`` has it, saved by gu."""
    rule_set = RuleSet.objects.get(code=city.draft.code)
    begun = drafts.begin(rule_set.pk, by="gu", now=city.scene.as_of)
    return drafts.save(begun.pk, content(city), revision=1, by="gu", now=city.scene.as_of)


def content(city: Lived, **changes: Any) -> dict[str, Any]:
    told = city.draft.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**told, **changes}


def tried(city: Lived, draft: RuleSetDraft) -> DraftRehearsal:
    job = rehearsal_jobs.ask(draft.pk, by="gu", now=city.scene.as_of)
    assert rehearsal_jobs.rehearse(job.pk, clock=lambda: city.scene.as_of)
    return DraftRehearsal.objects.get(pk=job.pk)


def proposed(city: Lived, draft: RuleSetDraft, by: str = "gu") -> RuleSetDraft:
    tried(city, draft)
    return drafts.propose(draft.pk, revision=draft.revision, reason="新规定", by=by, now=city.scene.as_of)


def test_it_begins_with_the_version_it_follows(city: Lived) -> None:
    rule_set = RuleSet.objects.get(code=city.draft.code)
    begun = drafts.begin(rule_set.pk, by="gu", now=city.scene.as_of)
    last = rule_set.versions.order_by("effective_from", "version").last()
    assert last is not None
    assert begun.content["version"] == last.version + 1
    assert begun.content["rules"] == content_of(last)["rules"]
    of_the_world = judged(content_of(last))[1]  # drawn rules may say what a file may not
    assert content_faults(begun.content, code=rule_set.code, today=city.scene.day)[1] == of_the_world


def test_what_is_stored_comes_back_as_its_file_would_say_it(city: Lived) -> None:
    stored = RuleSetVersion.objects.filter(rule_set__code=city.draft.code).latest("effective_from")
    replace_tables(stored, city.draft)
    first = content_of(stored)
    version, faults = judged(first)
    assert faults == []
    assert version is not None
    assert version.rules == [
        rule.model_copy(update={"title": mine.title, "reason": mine.reason})
        for rule, mine in zip(city.draft.rules, version.rules, strict=True)
    ]
    replace_tables(stored, version)
    assert content_of(RuleSetVersion.objects.get(pk=stored.pk)) == first


def test_two_people_put_it_in_force(city: Lived, draft: RuleSetDraft) -> None:
    proposed(city, draft)
    done = drafts.put_in_force(draft.pk, revision=draft.revision, by="wang", now=city.scene.as_of)
    assert done.version is not None
    assert (done.state, done.version.effective_from) == (State.PUBLISHED, city.first_day)
    verbs = [one.verb for one in JournalEntry.objects.filter(subject__startswith="rule_set:").order_by("seq")]
    assert verbs[-3:] == ["draft.proposed", "rule_set.published", "draft.put_in_force"]
    with pytest.raises(Refused, match="no longer waits"):
        drafts.put_in_force(draft.pk, revision=draft.revision, by="wang", now=city.scene.as_of)


def with_area(city: Lived, content: dict[str, Any], area: str) -> dict[str, Any]:
    listed = [*content["risk_areas"], {"area": area, "level": "high", "from": str(city.scene.day)}]
    return {**content, "risk_areas": listed}


def areas_of(content: dict[str, Any]) -> set[str]:
    return {one["area"] for one in content["risk_areas"]}


def test_a_version_still_to_come_is_not_lost_by_the_next(city: Lived, draft: RuleSetDraft) -> None:
    """Two risk lists of one day: the second version follows the first, whose day has not come either."""
    now = city.scene.as_of
    first = drafts.save(draft.pk, with_area(city, draft.content, "533103"), revision=draft.revision, by="gu", now=now)
    begun_before = drafts.begin_with(draft.rule_set_id, with_area(city, draft.content, "610304"), by="he", now=now)
    proposed(city, first)
    drafts.put_in_force(first.pk, revision=first.revision, by="wang", now=now)
    assert "533103" in areas_of(drafts.begin(draft.rule_set_id, by="he", now=now).content)
    sent = drafts.begin_with_areas(
        lambda listed: with_area(city, {"risk_areas": listed}, "610305")["risk_areas"],
        note="省通知",
        source="risk_list:x",
        by="operator:mo",
        now=now,
    )
    (mine,) = [one for one in sent if one.rule_set_id == draft.rule_set_id]
    assert {"533103", "610305"} <= areas_of(mine.content)
    faults = content_faults(begun_before.content, code=city.draft.code, today=city.scene.day)[1]
    assert [fault.key for fault in faults] == ["version"]
    with pytest.raises(Refused, match="1 faults"):
        rehearsal_jobs.ask(begun_before.pk, by="he", now=now)


def test_an_approver_decides_on_the_revision_that_was_read(city: Lived, draft: RuleSetDraft) -> None:
    now = city.scene.as_of
    read = proposed(city, draft).revision
    drafts.take_back(draft.pk, by="gu", now=now)
    other = drafts.save(draft.pk, content(city, rules=content(city)["rules"][:1]), revision=read, by="gu", now=now)
    proposed(city, other)
    for act in (drafts.put_in_force, partial(drafts.refuse, reason="x")):
        with pytest.raises(MovedMeanwhile, match="proposed anew"):
            act(draft.pk, revision=read, by="wang", now=now)
    assert RuleSetDraft.objects.get(pk=draft.pk).state == State.PROPOSED


def test_it_is_tried_as_it_stands_before_it_is_proposed(city: Lived, draft: RuleSetDraft) -> None:
    now = city.scene.as_of
    with pytest.raises(Refused, match="Rehearse it first"):
        drafts.propose(draft.pk, revision=draft.revision, reason="x", by="gu", now=now)
    tried(city, draft)
    edited = drafts.save(
        draft.pk, content(city, rules=content(city)["rules"][:1]), revision=draft.revision, by="gu", now=now
    )
    with pytest.raises(Refused, match="Rehearse it first"):
        drafts.propose(draft.pk, revision=edited.revision, reason="x", by="gu", now=now)


def test_the_rehearsal_is_what_the_command_says(city: Lived, draft: RuleSetDraft) -> None:
    job = tried(city, draft)
    expected = rehearsed(city.draft, today=city.scene.day)
    assert expected
    assert (job.state, job.day, job.found) == (DraftRehearsal.State.DONE, city.first_day, len(expected))
    assert job.tally is not None
    assert job.tally["citizens"] == len({one.citizen_id for one in expected})
    assert sum(people for *_, people in job.tally["colours"]) == len(expected)
    lines = rehearsal_jobs.list_of(job).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == len(expected) + 1
    assert not RuleSet.objects.filter(code__startswith="rehearsal").exists()


def test_it_is_rehearsed_once_however_often_it_is_asked(city: Lived, draft: RuleSetDraft) -> None:
    job = tried(city, draft)
    assert rehearsal_jobs.ask(draft.pk, by="he", now=city.scene.as_of) == job
    assert not rehearsal_jobs.rehearse(job.pk, clock=lambda: city.scene.as_of)


def test_a_worker_that_died_is_followed_by_another(city: Lived, draft: RuleSetDraft) -> None:
    job = rehearsal_jobs.ask(draft.pk, by="gu", now=city.scene.as_of)
    DraftRehearsal.objects.filter(pk=job.pk).update(
        state="running", fence=3, lease_until=city.scene.as_of + timedelta(minutes=1)
    )
    assert not rehearsal_jobs.rehearse(job.pk, clock=lambda: city.scene.as_of)
    assert rehearsal_jobs.rehearse(job.pk, clock=lambda: city.scene.as_of + timedelta(minutes=2))
    assert DraftRehearsal.objects.get(pk=job.pk).fence == 4


def test_what_no_worker_has_is_enqueued_again(
    city: Lived, draft: RuleSetDraft, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, schema = city.scene.as_of, current_city().schema_name
    job = rehearsal_jobs.ask(draft.pk, by="gu", now=now)
    enqueued: list[tuple[str, int]] = []

    def enqueue(*what: Any) -> bool:
        enqueued.append(what)
        return True

    monkeypatch.setattr(tasks, "enqueue_rehearsal", enqueue)
    assert tasks.enqueue_idle_rehearsals(schema) == 1
    assert enqueued == [(schema, job.pk)]
    tried(city, draft)
    assert tasks.enqueue_idle_rehearsals(schema) == 0


def test_an_error_leaves_it_for_the_next_worker_three_times(
    city: Lived, draft: RuleSetDraft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    now = city.scene.as_of
    job = rehearsal_jobs.ask(draft.pk, by="gu", now=now)
    monkeypatch.setattr(rehearsal_jobs, "write_changes", break_down)
    for state in ["waiting", "waiting", "failed"]:
        assert rehearsal_jobs.sweep_rehearsals(now=now) == [job.pk]
        with pytest.raises(ZeroDivisionError):
            rehearsal_jobs.rehearse(job.pk, clock=lambda: now)
        job.refresh_from_db()
        assert job.state == state
    assert rehearsal_jobs.sweep_rehearsals(now=now) == []
    assert rehearsal_jobs.ask(draft.pk, by="gu", now=now) != job


def test_what_kills_every_worker_is_told_as_failed(city: Lived, draft: RuleSetDraft) -> None:
    now = city.scene.as_of
    job = rehearsal_jobs.ask(draft.pk, by="gu", now=now)
    DraftRehearsal.objects.filter(pk=job.pk).update(state="running", attempts=MAX_ATTEMPTS, lease_until=now)
    assert rehearsal_jobs.sweep_rehearsals(now=now + timedelta(seconds=1)) == []
    job.refresh_from_db()
    assert (job.state, "died" in job.message) == ("failed", True)


def test_a_rule_set_nobody_uses_has_nothing_to_be_tried_on(city: Lived) -> None:
    unused = RuleSet.objects.create(code="unused")
    begun = drafts.begin_with(unused.pk, content(city, code="unused"), by="gu", now=city.scene.as_of)
    job = tried(city, begun)
    assert (job.state, "no provider" in job.message) == (DraftRehearsal.State.IMPOSSIBLE, True)
    assert drafts.propose(begun.pk, revision=1, reason="x", by="gu", now=city.scene.as_of).state == State.PROPOSED


def test_whoever_wrote_it_does_not_approve(city: Lived, draft: RuleSetDraft) -> None:
    now = city.scene.as_of
    edited = drafts.save(
        draft.pk, content(city, rules=content(city)["rules"][:1]), revision=draft.revision, by="he", now=now
    )
    proposed(city, edited, by="gu")
    with pytest.raises(Refused, match="You have edited"):
        drafts.put_in_force(draft.pk, revision=edited.revision, by="he", now=now)
    drafts.take_back(draft.pk, by="gu", now=now)
    drafts.propose(draft.pk, revision=edited.revision, reason="x", by="he", now=now)
    with pytest.raises(Refused, match="does not approve"):
        drafts.refuse(draft.pk, revision=edited.revision, reason="x", by="he", now=now)


def test_of_two_who_edit_the_later_is_told(city: Lived, draft: RuleSetDraft) -> None:
    drafts.save(draft.pk, content(city, version=9), revision=draft.revision, by="he", now=city.scene.as_of)
    with pytest.raises(Refused, match="nothing of yours was saved"):
        drafts.save(draft.pk, content(city, version=8), revision=draft.revision, by="gu", now=city.scene.as_of)


def test_a_proposal_is_not_edited_and_only_its_proposer_takes_it_back(city: Lived, draft: RuleSetDraft) -> None:
    proposed(city, draft)
    with pytest.raises(Refused, match="cannot be changed"):
        drafts.save(draft.pk, {}, revision=draft.revision, by="gu", now=city.scene.as_of)
    with pytest.raises(Refused, match="Only the proposer"):
        drafts.take_back(draft.pk, by="he", now=city.scene.as_of)


def test_a_faulty_draft_is_kept_and_goes_no_further(city: Lived, draft: RuleSetDraft) -> None:
    now, broken = (
        city.scene.as_of,
        content(city, version="x", rules=[{"code": "A", "kind": "close_contact", "hold_days": 7}]),
    )
    saved = drafts.save(draft.pk, broken, revision=draft.revision, by="gu", now=now)
    keys = [fault.key for fault in content_faults(broken, code=city.draft.code, today=city.scene.day)[1]]
    assert keys == ["version", "rules[0].colour"]
    with pytest.raises(Refused, match="2 faults"):
        rehearsal_jobs.ask(draft.pk, by="gu", now=now)
    with pytest.raises(Refused, match="2 faults"):
        drafts.propose(draft.pk, revision=saved.revision, reason="x", by="gu", now=now)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"code": "another"}, "code"),
        ({"effective_from": "2020-01-01"}, "effective_from"),
        ({"version": 1}, "version"),
    ],
)
def test_what_contradicts_the_city_is_a_fault(city: Lived, changes: dict[str, Any], key: str) -> None:
    faults = content_faults(content(city, **changes), code=city.draft.code, today=city.scene.day)[1]
    assert key in [fault.key for fault in faults]


def test_an_version_whose_day_passed_while_it_waited_is_not_put_in_force(city: Lived, draft: RuleSetDraft) -> None:
    proposed(city, draft)
    with pytest.raises(Refused, match="1 faults"):
        drafts.put_in_force(draft.pk, revision=draft.revision, by="wang", now=city.scene.as_of + timedelta(days=9))


def test_roles_are_asked_for_by_the_verbs(city: Lived, draft: RuleSetDraft) -> None:
    now, rule_set = city.scene.as_of, draft.rule_set_id
    for act in (
        lambda: drafts.begin(rule_set, by="wang", now=now),
        lambda: drafts.save(draft.pk, {}, revision=2, by="wang", now=now),
        lambda: rehearsal_jobs.ask(draft.pk, by="wang", now=now),
        lambda: drafts.drop(draft.pk, by="wang", now=now),
        lambda: drafts.put_in_force(draft.pk, revision=2, by="gu", now=now),
    ):
        with pytest.raises(Refused, match="role"):
            act()


def test_a_draft_that_was_refused_can_be_begun_again(city: Lived, draft: RuleSetDraft) -> None:
    now = city.scene.as_of
    proposed(city, draft)
    refused = drafts.refuse(draft.pk, revision=draft.revision, reason="太严", by="wang", now=now)
    assert (refused.state, refused.decision_reason) == (State.REFUSED, "太严")
    again = drafts.begin_with(draft.rule_set_id, refused.content, by="gu", now=now)
    assert drafts.drop(again.pk, by="he", now=now).state == State.DROPPED


def test_a_files_days_become_text_and_nothing_else_changes(city: Lived) -> None:
    assert plain({"a": [city.first_day, 1, True, "x", 1.5]}) == {"a": [str(city.first_day), 1, True, "x", "1.5"]}


def test_one_rule_is_judged_by_itself() -> None:
    assert [fault.key for fault in rule_faults({"code": "A", "kind": "arrival", "colour": "blue", "hold_days": 7})] == [
        "colour"
    ]
