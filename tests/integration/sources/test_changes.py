"""A source's settings are changed by two people, within the operator's list of addresses; a credential is never shown."""

from datetime import timedelta
from typing import Any

import pytest

from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import Refused
from regions.sources import changes
from regions.sources.collect import credential_of
from regions.sources.connectors.guard import AllowList
from regions.sources.models import Source, SourceChange
from regions.staff.roles import Role
from tests.integration.review.desk import hire
from tests.integration.sources.stand_ins import NOW

LATER = NOW + timedelta(hours=1)
State = SourceChange.State


@pytest.fixture
def bigdata(alpha: City, sources_anywhere_here: None) -> Source:
    hire("qian", Role.SOURCE_MANAGER, now=NOW)
    hire("wang", Role.APPROVER, now=NOW)
    hire("zhao", Role.SOURCE_MANAGER, Role.APPROVER, now=NOW)
    return Source.objects.get(code="bigdata")


def proposed(source: Source, *, by: str = "qian", credential: str | None = None, **values: Any) -> SourceChange:
    return changes.propose(
        source_id=source.pk, values=values, credential=credential, effect={}, reason="新地址", by=by, now=NOW
    )


def test_nothing_changes_before_another_person_approves(bigdata: Source) -> None:
    change = proposed(bigdata, page_size=500, max_age_hours=26.0)
    assert (change.values, change.before) == ({"page_size": 500}, {"page_size": 10})
    bigdata.refresh_from_db()
    assert bigdata.page_size == 10

    changes.put_in_force(change.pk, by="wang", now=LATER)

    bigdata.refresh_from_db()
    change.refresh_from_db()
    assert (bigdata.page_size, change.state, change.decided_by) == (500, State.IN_FORCE, "wang")
    told = [(one.verb, one.by) for one in JournalEntry.objects.filter(verb__startswith="source.").order_by("seq")]
    assert told == [("source.change_proposed", "qian"), ("source.changed", "wang")]


def test_a_credential_is_kept_encrypted_and_journalled_by_name_only(bigdata: Source) -> None:
    change = proposed(bigdata, credential="s3cr3t-value")
    assert b"s3cr3t" not in bytes(change.credential or b"")
    changes.put_in_force(change.pk, by="wang", now=LATER)
    bigdata.refresh_from_db()
    assert (credential_of(bigdata), bigdata.credential_env) == ("s3cr3t-value", "")
    entry = JournalEntry.objects.get(verb="source.changed")
    moved = {"from": "proposed", "to": "in_force"}
    assert entry.data == {"change": change.pk, "columns": ["credential"], "proposed_by": "qian", **moved}


def test_the_proposer_does_not_approve(bigdata: Source) -> None:
    change = proposed(bigdata, by="zhao", page_size=500)
    for verb in (changes.put_in_force, lambda pk, **who: changes.refuse(pk, reason="x", **who)):
        with pytest.raises(Refused, match="does not approve"):
            verb(change.pk, by="zhao", now=LATER)
    assert SourceChange.objects.get(pk=change.pk).state == State.PROPOSED


def test_roles_are_asked_for_by_the_verbs(bigdata: Source) -> None:
    with pytest.raises(Refused, match="role"):
        proposed(bigdata, by="wang", page_size=500)
    change = proposed(bigdata, page_size=500)
    hire("sun", Role.SOURCE_MANAGER, now=NOW)
    with pytest.raises(Refused, match="role"):
        changes.put_in_force(change.pk, by="sun", now=LATER)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"base_url": "http://10.9.9.9:80/api"}, "base_url: 10.9.9.9:80 is not on the list"),
        ({"base_url": "ftp://127.0.0.1/"}, "base_url: must be http"),
        ({"page_size": 0}, "page_size: must be 1 or more"),
        ({"kinds": {"MJ": "contact"}}, "kinds.MJ: must be one of"),
        ({"max_age_hours": 0.0}, "max_age_hours: must be more than 0"),
        ({"max_bad_share": 2.0}, "max_bad_share: must be 1.0 or less"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(bigdata: Source, values: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match="cannot be used") as refused:
        proposed(bigdata, **values)
    assert told in str(refused.value)
    assert not SourceChange.objects.exists()


def test_a_database_elsewhere_is_refused_without_repeating_its_password(bigdata: Source) -> None:
    police = Source.objects.get(code="police")
    with pytest.raises(Refused) as refused:
        proposed(police, credential="postgresql://u:hunter2@db.example:5432/x")
    assert "db.example:5432 is not on the list" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_columns_that_are_the_operators_cannot_be_named(bigdata: Source) -> None:
    for name in ("credential_env", "kind", "code", "records_view"):
        with pytest.raises(KeyError, match="not to be changed"):
            proposed(bigdata, **{name: "SECRET_KEY"})


def test_what_is_in_force_already_is_no_change(bigdata: Source) -> None:
    with pytest.raises(Refused, match="nothing to change"):
        proposed(bigdata, page_size=10, base_url=bigdata.base_url)


def test_one_change_at_a_time(bigdata: Source) -> None:
    first = proposed(bigdata, page_size=500)
    with pytest.raises(Refused, match="waiting already"):
        proposed(bigdata, by="zhao", page_size=600)
    changes.withdraw(first.pk, by="qian", now=LATER)
    assert proposed(bigdata, by="zhao", page_size=600).state == State.PROPOSED


def test_a_source_changed_meanwhile_is_not_overwritten(bigdata: Source) -> None:
    change = proposed(bigdata, page_size=500)
    Source.objects.filter(pk=bigdata.pk).update(page_size=20)
    with pytest.raises(Refused, match="have changed since"):
        changes.put_in_force(change.pk, by="wang", now=LATER)


def test_a_list_that_became_shorter_is_asked_again(bigdata: Source, settings: Any) -> None:
    change = proposed(bigdata, base_url="http://127.0.0.1:10/api")
    settings.SOURCE_ALLOW_LIST = AllowList()
    with pytest.raises(Refused, match="not on the list"):
        changes.put_in_force(change.pk, by="wang", now=LATER)


def test_refused_with_a_reason_and_over(bigdata: Source) -> None:
    change = proposed(bigdata, page_size=500)
    with pytest.raises(Refused, match="Say why"):
        changes.refuse(change.pk, reason=" ", by="wang", now=LATER)
    assert changes.refuse(change.pk, reason="不需要", by="wang", now=LATER).decision_reason == "不需要"
    with pytest.raises(Refused, match="no longer waits"):
        changes.put_in_force(change.pk, by="wang", now=LATER)


def test_only_the_proposer_withdraws(bigdata: Source) -> None:
    change = proposed(bigdata, page_size=500)
    with pytest.raises(Refused, match="Only the proposer"):
        changes.withdraw(change.pk, by="zhao", now=LATER)
