"""By what number pages call a record: never by a part that the portal added to it."""

import pytest

from codes.intake.declarations import declared_record_id
from codes.models.fact import record_number
from portal.templatetags.page import numbered
from regions.vocabulary import FactKind


@pytest.mark.parametrize("entry", ["alipay-59-20261130", "a/b", "2026/7"])
def test_of_what_was_declared_it_is_the_entrys(entry: str) -> None:
    assert record_number(declared_record_id(entry, FactKind.CONTACT_WITH_CASE, 1), is_declared=True) == entry
    assert record_number(f"{entry}/{FactKind.SYMPTOM.value}", is_declared=True) == entry
    row = {"record_id": f"{entry}/symptom", "provider_id": 3}
    assert numbered(row) == f'<span translate="no">{entry}</span>'


def test_a_sources_is_as_the_source_wrote_it() -> None:
    assert record_number("A/symptom/1", is_declared=False) == "A/symptom/1"
    assert numbered({"record_id": "A/symptom", "provider_id": None}) == '<span translate="no">A/symptom</span>'
