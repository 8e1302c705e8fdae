"""What deploy/observability/ holds: each alert fires where its promise is broken, and every figure that it names is one of ours."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.observability.city_metrics import GAUGES
from portal.observability.metrics import Counts
from tests.architecture.source import CHECKOUT

FOLDER = CHECKOUT / "deploy" / "observability"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "summary": ["_sum", "_count"]}
NAME = re.compile(r"\bportal_\w+")
# Minutes that pass in a test of rules, and what stands then.
MINUTES = 300
A = 'city="a"'
BROKEN: dict[str, dict[str, str]] = {
    "TargetDown": {'up{job="portal"}': "0"},
    "DatabaseDown": {"portal_database_up": "0"},
    "ShowingSlow": {
        'portal_request_seconds_bucket{view="citizen_code",le="1.0"}': "0",
        'portal_request_seconds_bucket{view="citizen_code",le="2.5"}': "0+60",
        'portal_request_seconds_bucket{view="citizen_code",le="+Inf"}': "0+60",
    },
    "ServerErrors": {'portal_requests_total{view="places",status="500"}': "0+1"},
    "CodesUnknown": {f'portal_people{{{A},state="unknown"}}': "10", f'portal_people{{{A},state="green"}}': "90"},
    "RunNotSettled": {f"portal_city_unsettled_seconds{{{A}}}": "97200"},
    "CodesExpire": {f"portal_city_unsettled_seconds{{{A}}}": "147600"},
    "RunStandsStill": {f"portal_run_open_seconds{{{A}}}": "3700"},
    "RunFailed": {f'portal_run_last{{{A},state="failed"}}': "1"},
    "RunPartial": {f'portal_run_last{{{A},state="partial"}}': "1"},
    "VerdictsUnforeseen": {f"portal_run_unforeseen{{{A}}}": "1"},
    "PartitionParked": {f'portal_partitions{{{A},state="parked"}}': "1"},
    "BeatStopped": {"portal_beat_age_seconds": "180"},
    "BrokerDown": {"portal_broker_up": "0"},
    "QueueGrows": {"portal_broker_messages": "6000"},
    "CountsOld": {f"portal_city_counted_seconds{{{A}}}": "700"},
    "TasksFail": {'portal_tasks_total{task="codes.sweep",outcome="failure"}': "0+1"},
    "SourceTooOld": {
        f'portal_source_age_seconds{{{A},source="police"}}': "100000",
        f'portal_source_max_age_seconds{{{A},source="police"}}': "93600",
    },
    "SourceSoonTooOld": {
        f'portal_source_age_seconds{{{A},source="police"}}': "80000",
        f'portal_source_max_age_seconds{{{A},source="police"}}': "93600",
    },
    "MassChangeUnanswered": {f"portal_held_group_seconds{{{A}}}": "3700"},
    "CasesOverdue": {f"portal_cases_overdue{{{A}}}": "1"},
    "CorrectionLate": {f"portal_corrections_late{{{A}}}": "1"},
    "MessagesTroubled": {f"portal_messages_troubled{{{A}}}": "0+1"},
    "WebhooksWait": {f"portal_webhooks_waiting_seconds{{{A}}}": "15000"},
    "ExportsWait": {f'portal_queue_length{{{A},queue="exports"}}': "1"},
    "MailFails": {'portal_mails_total{outcome="failed"}': "0+1"},
    "SentinelAlarm": {f"portal_alarms_standing{{{A}}}": "1"},
    "JournalUnsigned": {f"portal_journal_unsigned_seconds{{{A}}}": "400"},
    "JournalNotWitnessed": {f"portal_journal_witness_seconds{{{A}}}": "180000"},
    "ForgedPasses": {
        'portal_scans_total{result="bad_signature"}': "0+6",
        'portal_scans_total{result="ok"}': "0+94",
    },
}
# An installation in which all is well, a day's run behind it.
WELL = {
    'up{job="portal"}': "1",
    "portal_database_up": "1",
    "portal_broker_up": "1",
    "portal_broker_messages": "3",
    "portal_beat_age_seconds": "14",
    'portal_request_seconds_bucket{view="citizen_code",le="0.1"}': "0+60",
    'portal_request_seconds_bucket{view="citizen_code",le="+Inf"}': "0+60",
    'portal_requests_total{view="places",status="200"}': "0+9",
    'portal_requests_total{view="places",status="404"}': "0+9",
    # Told to come back: too many at once, or nothing can be written.
    'portal_requests_total{view="places",status="503"}': "0+9",
    f'portal_people{{{A},state="unknown"}}': "1",
    f'portal_people{{{A},state="green"}}': "90",
    f"portal_city_unsettled_seconds{{{A}}}": "90000",
    f"portal_city_counted_seconds{{{A}}}": "60",
    f"portal_run_open_seconds{{{A}}}": "0",
    f'portal_run_last{{{A},state="done"}}': "1",
    f'portal_partitions{{{A},state="parked"}}': "0",
    f"portal_run_unforeseen{{{A}}}": "0",
    'portal_tasks_total{task="codes.sweep",outcome="success"}': "0+4",
    f'portal_source_age_seconds{{{A},source="police"}}': "50000",
    f'portal_source_max_age_seconds{{{A},source="police"}}': "93600",
    # Each by its own limit.
    f'portal_source_age_seconds{{{A},source="weekly"}}': "300000",
    f'portal_source_max_age_seconds{{{A},source="weekly"}}': "800000",
    f"portal_held_group_seconds{{{A}}}": "600",
    f"portal_cases_overdue{{{A}}}": "0",
    f"portal_corrections_late{{{A}}}": "0",
    f"portal_messages_troubled{{{A}}}": "7",
    f"portal_webhooks_waiting_seconds{{{A}}}": "60",
    f'portal_queue_length{{{A},queue="exports"}}': "0",
    'portal_mails_total{outcome="sent"}': "0+2",
    f"portal_alarms_standing{{{A}}}": "0",
    f"portal_journal_unsigned_seconds{{{A}}}": "40",
    f"portal_journal_witness_seconds{{{A}}}": "90000",
    'portal_scans_total{result="ok"}': "0+100",
    'portal_scans_total{result="replayed"}': "0+1",
}


def ours() -> set[str]:
    """What /metrics tells, by the names of its lines."""
    counts = [one for one in vars(Counts()).values() if hasattr(one, "describe")]
    described = [family for one in counts for family in one.describe()]
    return {*GAUGES, *(family.name + suffix for family in described for suffix in SUFFIXES[family.type])}


def test_every_figure_of_an_alert_is_one_of_ours() -> None:
    assert {name for rule in RULES for name in NAME.findall(rule["expr"])} <= ours()


def test_every_figure_of_the_dashboard_is_one_of_ours_and_every_one_of_ours_is_looked_at() -> None:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [one["query"] for one in dashboard["templating"]["list"]]
    shown = {name for query in asked for name in NAME.findall(query)}
    assert shown <= ours()
    looked_at = shown | {name for rule in RULES for name in NAME.findall(rule["expr"])}
    unread = {name for name in ours() - looked_at if not name.endswith(("_sum", "_count"))}
    assert unread == {"portal_city_suspended"}


def test_every_alert_names_its_promise_and_what_to_do() -> None:
    page = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert {"promise", "summary", "action"} <= rule["annotations"].keys(), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert f"| `{rule['alert']}`" in page, rule["alert"]


def test_every_alert_is_tried() -> None:
    assert [rule["alert"] for rule in RULES] == list(BROKEN)


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None and os.environ.get("CI"):
        pytest.fail("promtool is not installed (apt install prometheus)")
    if found is None:
        pytest.skip("promtool is not installed (apt install prometheus), so no alert is tried")
    return found


def checked(promtool: str, folder: Path, **tests: dict[str, Any]) -> None:
    """Have Prometheus's own tool run the rules over what stood: the one that the test is named for, or all of them.

    It works out every rule of a file for every minute of a test, which for one of thirty is thirty times too much.
    """
    files = []
    for name, test in tests.items():
        rules = FOLDER / "alerts.yml"
        if alone := [rule for rule in RULES if rule["alert"] == name]:
            rules = folder / f"{name}-rules.yml"
            rules.write_text(yaml.safe_dump({"groups": [{"name": name, "rules": alone}]}), encoding="utf-8")
        told = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}
        files.append(folder / f"{name}.yml")
        files[-1].write_text(yaml.safe_dump(told), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", *map(str, files)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def stood(series: dict[str, str], alerts: str, *, firing: bool) -> dict[str, Any]:
    """Of a test: the series for hours, and whether the alerts fire at their end."""
    expected = [{"labels": "{}", "value": 1}] if firing else []
    query = f'count(count by (alertname) (ALERTS{{alertstate="firing",alertname=~"{alerts}"}}))'
    return {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": f"{value}{'' if '+' in value else '+0'}x{MINUTES}"}
            for name, value in series.items()
        ],
        "promql_expr_test": [{"expr": query, "eval_time": f"{MINUTES}m", "exp_samples": expected}],
    }


def test_each_alert_fires_where_its_promise_is_broken(promtool: str, tmp_path: Path) -> None:
    checked(promtool, tmp_path, **{alert: stood(series, alert, firing=True) for alert, series in BROKEN.items()})


def test_none_fires_where_all_is_well(promtool: str, tmp_path: Path) -> None:
    checked(promtool, tmp_path, all=stood(WELL, ".+", firing=False))


def test_no_beat_at_all_is_told_too(promtool: str, tmp_path: Path) -> None:
    checked(promtool, tmp_path, BeatStopped=stood({"portal_database_up": "1"}, "BeatStopped", firing=True))
