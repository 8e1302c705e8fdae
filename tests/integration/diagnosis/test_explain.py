"""``manage.py explain`` prints everything about one person in both languages, and nothing that requires a purpose."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from codes.models import Entry, Run
from codes.review.proposals import suppressions
from tests.integration.lines import BERT
from tests.integration.pages.conftest import clock, desk
from tests.integration.review.desk import EVIDENCE, Desk

__all__ = ["clock", "desk"]


def explain(name: str = "zhang", *arguments: str) -> str:
    out = StringIO()
    call_command("explain", "--city=beta", f"--citizen={name}", *arguments, stdout=out)
    return out.getvalue()


def checked_in(desk: Desk, *days: int) -> None:
    for back in days:
        day = desk.now.date() - timedelta(days=back)
        Entry.objects.create(
            provider_id=desk.keys.providers["wechat"],
            entry_id=f"w-{back}",
            type="check_in",
            citizen=desk.citizen("zhang"),
            day=day,
            healthy=True,
            received_at=desk.now,
            instant=desk.now - timedelta(days=back),
            digest=b"x",
        )


def test_it_prints_everything_in_english(desk: Desk) -> None:
    checked_in(desk, 1, 2, 4)
    desk.run()
    desk.appeal()
    told = explain("zhang", "--lang=en")
    number = f"{BERT[:2]}{'*' * (len(BERT) - 4)}{BERT[-2:]}"
    assert told.startswith(f"zhang · z*****三 · resident identity card {number}\n")
    for line in (
        "times are of the zone: Asia/Shanghai",
        "registered: wechat (wechat) 2026-11-24 07:00+08:00",
        "effective code: red · providers disagree: the city's own rule decides · since: 2026-11-24 09:59+08:00",
        "wechat (wechat) · red",
        "alipay (alipay) · green",
        "  source: police (police)",
        "limit in hours: 26",
        "rule set version: national-1",
        "  records it sees: 1",
        "    - police-zhang v1 · police (police) · same place and time as a case · 2026-11-22 – …",
        "      recorded: 2026-11-24 07:00+08:00 · received: 2026-11-24 07:00+08:00",
        "counts from: 2026-11-22 · holds, if done as told, until: 2026-12-06",
        "  healthy check-ins: 2026-11-20, 2026-11-22 – 2026-11-23",
        "  turns green on: 2026-12-06 (Day 3 of 14)",
        "disagreement: alipay / wechat",
        "  primary cause: the sources hold different records",
        "  alipay → wechat · would show the other's colour with the other's: data source",
        "cases: 2",
        f"  {desk.case().number} · received, waiting for a reviewer",
        "appeal: wechat R2 · The two providers show different colours",
        "changes of the effective code",
        "wechat · green → red R2",
    ):
        assert line in told, line
    assert BERT not in told
    assert "+00:00" not in told


def test_it_prints_the_same_in_chinese(desk: Desk) -> None:
    told = explain()
    for line in (
        "居民身份证",
        "本市健康码：红码 · 各渠道结果不一致",
        "数据更新至：2026-11-24 09:59+08:00",
        "主要原因：数据来源记录不同",
    ):
        assert line in told, line
    english = explain("zhang", "--lang=en")
    assert len(told.splitlines()) == len(english.splitlines())


def test_it_tells_what_officials_decided_and_what_is_released(desk: Desk) -> None:
    desk.tell("zhang", "confirmed_case")
    desk.tell("zhang", "discharged")
    desk.run()
    proposed = suppressions.propose_suppression(
        fact_id=desk.fact().pk, reason_code="never_happened", evidence=EVIDENCE, by="li", now=desk.now
    )
    desk.approve(desk.propose("chen", "green"))
    told = explain("zhang", "--lang=en")
    assert "R3  · red · counts from: 2026-11-23 · released" in told
    assert "no rule is about it" in told
    assert "records ruled to be wrong: police-zhang · What it says did not happen · waiting for a second" in told
    suppressions.approve_suppression(suppression_id=proposed.pk, by="wang", now=desk.now + timedelta(hours=1))
    told = explain("zhang", "--lang=en")
    assert f"judged: {Run.objects.get(state='mended')} " in told
    assert "police-zhang v1" not in told.split("cases:")[0]
    assert "in force · proposed: li 2026-11-24 10:00+08:00 · decided: wang 2026-11-24 11:00+08:00" in told
    assert "rulings: green · The record is about somebody else · until: 2026-12-04" in explain("chen", "--lang=en")


def test_it_tells_a_silent_source(desk: Desk) -> None:
    desk.run(desk.now + timedelta(days=3), silent=("police",))
    told = explain("zhang", "--lang=en")
    assert "wechat (wechat) · cannot be determined (stale)" in told
    assert "hours old when judged: 72.0" in told


def test_before_the_first_run(desk: Desk) -> None:
    Run.objects.update(state="failed")
    assert explain("zhang", "--lang=en").endswith("no run has settled yet\n")


def test_nobody_of_that_name(desk: Desk) -> None:
    with pytest.raises(CommandError) as refused:
        explain("nobody")
    assert refused.value.returncode == 2
