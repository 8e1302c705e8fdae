"""Names that origins state for one number: all are stored and compared, and clearly different ones are marked."""

from datetime import timedelta

import pytest

from codes.models import Citizen, Fact, StatedName
from tests.integration.lines import ANNA, BERT, citizen, declaration, take
from tests.integration.sources.stand_ins import NOW, Centre, Police, at, record

LATER = NOW + timedelta(hours=1)


def said() -> dict[str, str]:
    """Origin → what it calls Anna."""
    found = StatedName.objects.filter(citizen=citizen()).select_related("source", "provider")
    return {str(one.source or one.provider): one.full_name for one in found}


def held(full_name: str, **changes: object) -> dict[str, object]:
    return record(full_name=full_name, kind="close_contact", **changes)


@pytest.mark.parametrize(
    ("police_says", "centre_says", "differ"),
    [
        ("张三", "张三", False),
        ("张三", "李四", True),
        ("张·三", "三张", False),
        ("张*", "李四", False),
        ("", "李四", False),
    ],
)
def test_two_sources(police: Police, centre: Centre, police_says: str, centre_says: str, differ: bool) -> None:
    police.add(held(police_says))
    centre.add([held(centre_says)])
    police.collect()
    assert not citizen().names_differ
    centre.collect()
    assert citizen().names_differ is differ
    assert said() == {name: text for name, text in (("police", police_says), ("bigdata", centre_says)) if text}
    assert Fact.objects.filter(citizen=citizen()).count() == 2


def test_a_provider_and_a_source(police: Police) -> None:
    take(declaration(full_name="安娜"), declaration(provider="wechat", full_name="安 娜"), now=NOW)
    assert not citizen().names_differ
    police.add(held("贝特"))
    police.collect()
    assert citizen().names_differ
    assert said() == {"alipay": "安娜", "wechat": "安 娜", "police": "贝特"}


def test_two_providers_in_one_file_and_the_later_statement_of_one(alpha: object) -> None:
    early, late = "2026-11-20T08:00:00+08:00", "2026-11-21T08:00:00+08:00"
    take(
        declaration(submitted_at=late, full_name="安娜"),
        declaration(entry_id="d-2", submitted_at=early, full_name="贝特"),
        declaration(provider="wechat", full_name="卡尔"),
        now=NOW,
    )
    assert said() == {"alipay": "安娜", "wechat": "卡尔"}
    assert citizen().names_differ
    take(declaration(entry_id="d-3", provider="wechat", submitted_at=late, full_name="安娜"), now=NOW)
    assert said() == {"alipay": "安娜", "wechat": "安娜"}
    assert not citizen().names_differ


def test_a_corrected_name_ends_the_mark(police: Police, centre: Centre) -> None:
    police.add(held("张三"))
    centre.add([held("李四")])
    police.collect()
    centre.collect()
    police.replace(held("李四", recorded_at=at(5)))
    police.collect(now=LATER, full=True)
    assert not citizen().names_differ
    assert said() == {"police": "李四", "bigdata": "李四"}


def test_a_record_that_names_another_person_takes_its_name_along(police: Police, centre: Centre) -> None:
    police.add(held("李四"))
    centre.add([held("张三")])
    police.collect()
    centre.collect()
    assert citizen().names_differ
    police.replace(held("李四", id_number=BERT, recorded_at=at(5)))
    police.collect(now=LATER, full=True)
    assert not Citizen.objects.filter(names_differ=True).exists()
    assert said() == {"bigdata": "张三"}
    assert StatedName.objects.get(citizen=citizen(BERT)).full_name == "李四"


def test_a_name_stays_while_the_source_holds_another_record(police: Police, centre: Centre) -> None:
    police.add(held("李四"), held("李四", record_id="r2"))
    centre.add([held("张三")])
    police.collect()
    centre.collect()
    police.replace(held("李四", id_number=BERT, recorded_at=at(5)), held("李四", record_id="r2"))
    police.collect(now=LATER, full=True)
    assert citizen(ANNA).names_differ
