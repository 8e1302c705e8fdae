"""Trying a connection does what a run's collection does, and stores nothing."""

import pytest

from regions.journal.models import JournalEntry
from regions.sources.collect import TrialResult, try_source
from regions.sources.connectors.delivery import HostNotAllowed, SourceFault
from regions.sources.models import Batch, Quarantined, StagedRecord
from regions.tenancy import current_city
from tests.integration.sources.stand_ins import NOW, Centre, Police, at, record, records


def tried(source: Police | Centre) -> TrialResult:
    return try_source(source.source, zone=current_city().zone, now=NOW)


def test_a_source_that_answers_says_up_to_when_and_what_is_bad(police: Police) -> None:
    police.add(*records(3), record(record_id="x", kind="XYZ"))
    before = JournalEntry.objects.count()
    answer = tried(police)
    assert (answer.looked_at, answer.bad, answer.is_ahead, answer.is_behind) == (4, {"bad_kind": 1}, False, False)
    assert not (Batch.objects.exists())
    assert not (StagedRecord.objects.exists())
    assert not (Quarantined.objects.exists())
    assert JournalEntry.objects.count() == before


def test_the_centre_is_asked_for_a_page_and_no_more(centre: Centre) -> None:
    centre.add(records(300))
    centre.set_clock(at(600))
    answer = tried(centre)
    assert (answer.looked_at, answer.as_of) == (100, at(600))


def test_a_clock_that_went_back_is_seen(police: Police) -> None:
    police.add(record())
    police.collect()
    police.set_clock(at(1))
    assert tried(police).is_behind


def test_a_source_that_is_away_is_a_fault_in_words(centre: Centre) -> None:
    centre.source.base_url = "http://127.0.0.1:9/api"
    with pytest.raises(SourceFault, match="cannot be reached"):
        tried(centre)


def test_the_operators_list_holds_here_too(centre: Centre) -> None:
    centre.source.base_url = "http://169.254.169.254/latest"
    with pytest.raises(HostNotAllowed):
        tried(centre)
