"""Every cause × what differs × colour pair, to both audiences in both languages: complete, and without a code of ours to citizens."""

import re
from itertools import product

import pytest

from codes.diagnosis.remedies import Responsible
from codes.diagnosis.render import RenderedDiagnosis
from codes.diagnosis.root_cause import RootCause
from codes.diagnosis.sentences.renderer import Audience
from codes.vocabulary import Anchor, Cause, Factor
from regions.vocabulary import FactKind
from tests.unit.diagnosis.root_causes import every_root_cause
from tests.unit.diagnosis.telling import BARE, COLOURS, CONTEXT, WITH_A_CASE, WITH_DAYS, told

ROOT_CAUSES = dict(every_root_cause())
AUDIENCES: list[Audience] = ["citizen", "official"]
LANGUAGES = ["zh-hans", "en"]
CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
BROKEN = re.compile(r"%\(|%[sd]|\{|\}|None|nan|\[|\]|  |。。|\.\.|, ,|；；")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff]\s*[,;:?!()]|[,;:?!()]\s*[\u4e00-\u9fff]")
CODES = re.compile(
    r"_|\b(?:"
    + "|".join(
        {
            *FactKind,
            *Factor,
            *Cause,
            *Anchor,
            "area_stay",
            "hold_days",
            "set_a",
            "MJ_0017",
            "N5_rule",
            "350500",
            "420100",
            "fact_id",
        }
        - {
            "freshness",
            "rules",
            "declaration",
            "source",
            "interaction",
            "started",
            "ended",
            "recorded",
            "symptom",
            "arrival",
        }
        - {"discharged"}
    )
    + r")\b|\b\d{6}\b|\d{4}-\d\d-\d\d|T\d\d:\d\d"
)


def parts(said: RenderedDiagnosis) -> list[str]:
    return [said.sentence, said.outcome, said.action, said.by_when]


# Every colour pair, and with one of them every context: what is known of the case or of the citizen, and nothing at all.
SETTINGS = [*product(COLOURS, [CONTEXT]), *product(COLOURS[:1], [WITH_A_CASE, WITH_DAYS, BARE])]


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("cause", list(Cause))
def test_every_root_cause_is_told_whole(cause: Cause, audience: Audience) -> None:
    for found, (colours, context) in product(root_causes_of(cause), SETTINGS):
        chinese = told(found, colours=colours, audience=audience, context=context)
        english = told(found, colours=colours, audience=audience, context=context, language="en")
        assert chinese.responsible
        assert chinese.sentence.endswith("。")
        assert english.sentence.endswith(".")
        for part in (*parts(chinese), *parts(english)):
            assert part
            assert part.strip() == part
            assert not BROKEN.search(part), part
            assert audience == "official" or not CODES.search(part), part
        for part in parts(chinese):
            assert CHINESE.search(part), part
            assert not HALF_WIDTH.search(part), part
            assert audience == "official" or not re.search("[A-Za-z]", part), part
        for part in parts(english):
            assert not CHINESE.search(part), part


def root_causes_of(cause: Cause) -> list[RootCause]:
    return [found for found in ROOT_CAUSES.values() if found["cause"] == cause]


@pytest.mark.parametrize("cause", list(Cause))
def test_the_outcome_names_both_colours(cause: Cause) -> None:
    said = told(root_causes_of(cause)[0], colours=("red", "yellow"), language="en")
    assert said.outcome == "So Alipay shows red, and WeChat shows yellow."


def test_the_root_causes_cover_every_cause_and_kind() -> None:
    assert {found["cause"] for found in ROOT_CAUSES.values()} == {cause.value for cause in Cause}
    for kind in FactKind:
        assert f"freshness-base-a-late-b-{kind}" in ROOT_CAUSES
        assert f"source-a-only-a-{kind}" in ROOT_CAUSES


@pytest.mark.parametrize("family", ["freshness-base-a-late-b-{}", "source-a-only-a-{}", "rules-a-of-{}"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_kinds_that_differ_are_told_differently(family: str, language: str) -> None:
    said = {told(ROOT_CAUSES[family.format(kind)], language=language).sentence for kind in FactKind}
    assert len(said) == len(FactKind)


MODEL: dict[str, tuple[str, str]] = {
    "freshness-base-b-late-a-close_contact": (
        "微信使用的市公安局数据库在11月20日记录您为密切接触者；支付宝使用的省大数据中心尚未收到该记录（更新至11月19日）。",
        (
            "City police database, which WeChat uses, recorded on 20 November that you are a close contact; Provincial big-data "
            "centre, which Alipay uses, has not received this record yet (updated to 19 November)."
        ),
    ),
    "freshness-base-b-late-a-same-day": (
        "微信使用的市公安局数据库在11月19日 20:00记录您为密切接触者；支付宝使用的省大数据中心尚未收到该记录（更新至11月19日 18:00）。",
        (
            "City police database, which WeChat uses, recorded on 19 November, 20:00 that you are a close contact; Provincial "
            "big-data centre, which Alipay uses, has not received this record yet (updated to 19 November, 18:00)."
        ),
    ),
    "rules-a-hold_days-0": (
        "对于您11月10日的“密切接触者”记录，支付宝采用的规则要求满14天；微信采用的规则要求满7天。",
        "For your record “close contact” of 10 November, the rules of Alipay require 14 days; the rules of WeChat require 7 days.",
    ),
    "rules-a-colour-and-check-ins": (
        (
            "对于您11月10日的“密切接触者”记录，支付宝采用的规则定为黄码，并要求连续7天健康打卡；"
            "微信采用的规则定为红码，不要求健康打卡。"
        ),
        (
            "For your record “close contact” of 10 November, the rules of Alipay give yellow and require 7 healthy check-ins "
            "in a row; the rules of WeChat give red and require no check-ins."
        ),
    ),
    "rules-a-area-a-high": (
        "对于您11月10日至11月12日在泉港区的停留，支付宝采用的风险地区名单把泉州市自11月6日起列为高风险地区，微信采用的名单没有。",
        (
            "For your stay in Quangang District (10 November to 12 November), the risk list of Alipay has Quanzhou among the "
            "high-risk areas (since 6 November); that of WeChat does not."
        ),
    ),
    "declaration-a-contact_with_case-a": (
        "您11月20日在支付宝申报曾接触过病例，在微信没有这样申报。",
        "You declared contact with a case with Alipay on 20 November, and nothing of the kind with WeChat.",
    ),
    "declaration-a-two-answers": (
        "您11月20日在支付宝申报有发热、咳嗽等症状以及曾接触过病例，在微信没有这样申报。",
        (
            "You declared symptoms such as fever or cough and contact with a case with Alipay on 20 November, and nothing of the "
            "kind with WeChat."
        ),
    ),
    "declaration-a-check-ins": (
        "11月10日以来，在支付宝最长连续健康打卡4天，在微信8天；规则要求连续7天。",
        "Since 10 November the longest run of healthy check-ins is 4 with Alipay and 8 with WeChat; the rule asks for 7 in a row.",
    ),
    "source-a-other-date-close_contact": (
        "对同一件事（密切接触者），支付宝使用的省大数据中心记为11月10日，微信使用的市公安局数据库记为11月3日。",
        (
            "Of the same event (close contact), Provincial big-data centre, which Alipay uses, says 10 November, and City police "
            "database, which WeChat uses, says 3 November."
        ),
    ),
}


@pytest.mark.parametrize("name", MODEL)
def test_model_sentences(name: str) -> None:
    zh, en = MODEL[name]
    assert told(ROOT_CAUSES[name]).sentence == zh
    assert told(ROOT_CAUSES[name], language="en").sentence == en


def test_the_official_reads_numbers_codes_and_horizons() -> None:
    said = told(ROOT_CAUSES["freshness-base-b-late-a-close_contact"], audience="official").sentence
    assert "记录MJ_0017第2版" in said
    assert "批次17" in said
    assert "更新至2026年11月19日 18:00" in said
    assert "set_a第1版，N5_rule" in told(ROOT_CAUSES["rules-a-hold_days-0"], audience="official").sentence


RESPONSIBLE: list[tuple[str, tuple[Responsible, ...]]] = [
    ("freshness-base-b-late-a-close_contact", (Responsible.NOBODY,)),
    ("rules-a-hold_days-0", (Responsible.RULE_OWNER,)),
    ("rules-a-area-a-high", (Responsible.RULE_OWNER,)),
    ("declaration-a-symptom-a", (Responsible.CITIZEN,)),
    ("declaration-a-check-ins", (Responsible.CITIZEN,)),
    ("source-a-only-a-close_contact", (Responsible.SOURCE_OWNER,)),
    ("interaction-rules+declaration-rules+source", (Responsible.RULE_OWNER, Responsible.CITIZEN)),
]


@pytest.mark.parametrize(("name", "responsible"), RESPONSIBLE)
def test_who_is_responsible(name: str, responsible: tuple[Responsible, ...]) -> None:
    assert told(ROOT_CAUSES[name]).responsible == responsible


BY_WHEN: list[tuple[str, str, str]] = [
    ("freshness-base-b-late-a-close_contact", "CONTEXT", "最迟11月20日 20:00"),
    ("rules-a-hold_days-0", "CONTEXT", "以人工复核的答复为准"),
    ("rules-a-hold_days-0", "WITH_A_CASE", "人工复核最迟11月25日 10:00答复"),
    ("rules-a-hold_days-0", "WITH_DAYS", "即使不作更正，两处最迟12月1日都转为绿码"),
    ("declaration-a-check-ins", "WITH_DAYS", "最早12月4日"),
    ("declaration-a-check-ins", "CONTEXT", "连续打卡满7天时"),
    ("declaration-a-symptom-a", "CONTEXT", "可随时办理，下一次更新后生效"),
]


@pytest.mark.parametrize(("name", "context", "by_when"), BY_WHEN)
def test_by_when(name: str, context: str, by_when: str) -> None:
    contexts = {"CONTEXT": CONTEXT, "WITH_A_CASE": WITH_A_CASE, "WITH_DAYS": WITH_DAYS}
    assert told(ROOT_CAUSES[name], context=contexts[context]).by_when == by_when


def test_both_wait_for_the_later_of_two_colours() -> None:
    cause: RootCause = ROOT_CAUSES["rules-a-hold_days-0"]
    assert (
        told(cause, colours=("red", "yellow"), context=WITH_DAYS).by_when == "即使不作更正，两处最迟12月4日都转为绿码"
    )
    assert told(cause, colours=("green", "red"), context=WITH_DAYS).by_when == "即使不作更正，两处最迟12月1日都转为绿码"
