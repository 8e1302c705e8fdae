"""What the people of a group have in common, by each cause that groups have; nothing in it is one person's."""

from typing import Any

import pytest
from django.utils import translation

from codes.models import PairDiagnosis, Provider
from portal.official.groups.detail import group_sentence
from regions.sources.models import Source

POLICE = Source(code="police", title_zh="公安数据", title_en="Police")
RECORD = {"origin_code": "police", "kind": "arrival", "record_id": "P-77", "started_on": "2026-11-20", "batch": 7}
FAMILIES: list[tuple[dict[str, Any], str, str]] = [
    (
        {
            "cause": "freshness",
            "late": "b",
            "source": "police",
            "horizons": {"a": "2026-11-23T22:00:00+00:00", "b": "2026-11-21T22:00:00+00:00"},
            "records": [RECORD],
        },
        "公安数据只更新到2026年11月22日 06:00，此后登记的记录尚未到达。",
        "Police reaches only to 22 November 2026, 06:00; what was recorded since has not arrived.",
    ),
    (
        {"cause": "rules", "rules": [{"record": RECORD, "a": None, "b": None, "differs": []}], "risk_areas": []},
        "支付宝与微信对“外地来（返）人员”的规则不同。",
        "Alipay and WeChat have different rules about “arrival from elsewhere”.",
    ),
    (
        {
            "cause": "rules",
            "rules": [],
            "risk_areas": [
                {"side": "a", "area": "410100", "level": "high", "from_day": "2026-11-20", "record": RECORD}
            ],
        },
        "自2026年11月20日起，只有支付宝将郑州市列为风险地区。",
        "Only Alipay has Zhengzhou on its list of risk areas, from 20 November 2026 on.",
    ),
    (
        {"cause": "source", "only": [{"side": "b", "record": RECORD}], "same_event": []},
        "同一批交付的“外地来（返）人员”记录，只有公安数据有。",
        "Records “arrival from elsewhere” of one delivery that only Police has.",
    ),
    ({"cause": "interaction"}, "", ""),
]


@pytest.mark.parametrize(("root_cause", "chinese", "english"), FAMILIES, ids=["late", "rules", "risk", "batch", "none"])
def test_a_group_is_headed_by_what_its_people_share(root_cause: dict[str, Any], chinese: str, english: str) -> None:
    pair = PairDiagnosis(
        a=Provider(code="alipay", title_zh="支付宝", title_en="Alipay"),
        b=Provider(code="wechat", title_zh="微信", title_en="WeChat", source=POLICE),
        root_cause=root_cause,
    )
    for language, sentence in (("zh-hans", chinese), ("en", english)):
        with translation.override(language):
            told = group_sentence(pair, {"police": POLICE})
        assert told == sentence
        assert "P-77" not in told
