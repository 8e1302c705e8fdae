"""One document is one person, by whichever way and with whatever document type it was sent."""

import pytest

from codes.models import Citizen, Entry, Fact
from regions.vocabulary import IdType
from tests.integration.lines import check_in, citizen, declaration, outcomes, take
from tests.integration.sources.stand_ins import NOW, Centre, Police, record

RESIDENCE_PERMIT, RESIDENCE_CARD = "810000198503150017", "93184019850315001X"


@pytest.mark.parametrize("number", [RESIDENCE_PERMIT, RESIDENCE_CARD])
def test_entries_and_records_of_one_number_are_about_one_person(police: Police, centre: Centre, number: str) -> None:
    types = ["10", "14", "34", "99"]
    lines = [
        make(entry_id=f"{make.__name__}-{id_type}", id_type=id_type, id_number=number.lower(), provider=provider)
        for id_type in types
        for make, provider in ((declaration, "alipay"), (check_in, "wechat"))
    ]
    assert set(outcomes(take(*lines, now=NOW))) == {"accepted"}
    held = [record(record_id=f"R-{one}", id_type=one, id_number=number, kind="close_contact") for one in types]
    police.add(*held)
    centre.add(held)
    police.collect()
    centre.collect()

    assert citizen(number) == Citizen.objects.get()
    assert Citizen.objects.get().id_type == IdType.RESIDENT_ID
    assert (Entry.objects.count(), Fact.objects.filter(origin="source").count()) == (8, 8)


def test_a_renewed_permit_is_its_first_holders(police: Police) -> None:
    take(declaration(id_type="14", id_number="H12345678"), now=NOW)
    police.add(
        record(id_type="14", id_number="h1234567801"), record(record_id="R-2", id_type="14", id_number="Ｈ12345678 02")
    )
    police.collect()
    assert citizen("H12345678", IdType.HK_MACAO_PERMIT) == Citizen.objects.get()
    assert Fact.objects.filter(origin="source").count() == 2
