"""`collect`: one source after another, a line for each, and exit code 3 if one failed."""

import re
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.demo.stand_ins.big_data_faults import Fault
from regions.sources.models import Batch
from regions.tenancy import in_city
from tests.integration.sources.stand_ins import Centre, Police, record, records


@pytest.fixture
def both(police: Police, centre: Centre) -> tuple[Police, Centre]:
    """Both sources with something to deliver, complete up to a minute ago."""
    police.add(record())
    centre.add(records(3))
    for source in (police, centre):
        source.set_clock(timezone.now() - timedelta(minutes=1))
    return police, centre


def test_every_source_is_collected(both: tuple[Police, Centre]) -> None:
    code, out, _ = _collect()

    assert code == 0
    bigdata, police = out.splitlines()
    found = re.fullmatch(r"bigdata: 3 records: 3 new, 0 known already, 0 in quarantine; complete up to (.+)", bigdata)
    assert found
    assert datetime.fromisoformat(found[1]).utcoffset() == timedelta(hours=8)
    assert " " not in found[1]
    assert police.startswith("police: 1 records: 1 new")


def test_a_source_that_fails_keeps_the_others_from_nothing(both: tuple[Police, Centre]) -> None:
    both[1].set_fault(Fault.UNAUTHORISED)

    code, out, err = _collect()

    assert code == 3
    assert out.startswith("police: 1 records")
    assert err.startswith("bigdata: refused (refused): The source refused (40100: app disabled")
    assert err.endswith("Not collected: bigdata.")


def test_one_source_can_be_named(both: tuple[Police, Centre]) -> None:
    assert _collect("--source", "police")[0] == 0
    with in_city("alpha"):
        assert [batch.source.code for batch in Batch.objects.all()] == ["police"]


def test_everything_can_be_asked_for_again(both: tuple[Police, Centre]) -> None:
    _collect()

    assert "3 records: 0 new, 3 known already" in _collect("--full")[1]
    with in_city("alpha"):
        assert set(Batch.objects.values_list("since", flat=True)) == {None}


def test_an_unknown_source_is_refused_with_those_there_are(both: tuple[Police, Centre]) -> None:
    code, _, err = _collect("--source", "polcie")

    assert code == 2
    assert "bigdata, police" in err


def _collect(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("collect", "--city", "alpha", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()
