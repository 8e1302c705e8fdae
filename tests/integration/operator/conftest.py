"""Fixtures of the operator at a browser, on a host of no city, without a broker."""

from collections.abc import Callable
from datetime import datetime

import pytest

from portal.operator import views
from tests.integration.pages.conftest import clock
from tests.integration.pages.people import Visitor

__all__ = ["clock"]
Opens = Callable[..., Visitor]


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The arguments of what was enqueued."""
    enqueued: list[object] = []
    monkeypatch.setattr(views, "enqueue_opening", enqueued.append)
    monkeypatch.setattr(views, "enqueue_run", lambda *what: enqueued.append(what))
    return enqueued


@pytest.fixture
def operator(db: None, clock: datetime, enqueued: list[object]) -> Visitor:
    """A signed-in operator with pages in English."""
    return Visitor.at_work("system_admin", now=clock, host="localhost", username="mo").in_english()


def second_operator(*, now: datetime) -> Visitor:
    """Return the operator who confirms what the first has requested, with pages in English."""
    return Visitor.at_work("system_admin", now=now, host="localhost", username="su").in_english()


CITY_FORM = {
    "city-schema": "gamma",
    "city-name_zh": "丙市",
    "city-name_en": "Gamma",
    "city-division": "510300",
    "city-host": "gamma.localhost",
    "city-timezone": "Asia/Shanghai",
    "city-interim_policy": "strictest",
    "city-mass_change_share": "0.02",
    "sources-TOTAL_FORMS": "2",
    "sources-INITIAL_FORMS": "0",
    "sources-0-code": "police",
    "sources-0-kind": "police_database",
    "sources-0-title_zh": "丙市公安局数据库",
    "sources-0-title_en": "Gamma police",
    "sources-0-url_env": "GAMMA_POLICE_URL",
    "sources-0-records_view": "health_records",
    "sources-0-clock_view": "health_clock",
    "sources-0-page_size": "1000",
    "sources-0-max_age_hours": "26",
    "sources-0-max_bad_share": "0.05",
    "sources-0-kinds": 'MJ = close_contact\n确诊 = "confirmed_case"  # theirs\n',
    "sources-1-kind": "police_database",
    "sources-1-records_view": "health_records",
    "sources-1-clock_view": "health_clock",
    "sources-1-page_size": "1000",
    "sources-1-max_age_hours": "26",
    "sources-1-max_bad_share": "0.05",
    "providers-TOTAL_FORMS": "2",
    "providers-INITIAL_FORMS": "0",
    "providers-0-code": "alipay",
    "providers-0-title_zh": "支付宝",
    "providers-0-title_en": "Alipay",
    "providers-0-source": "police",
    "providers-0-rule_set": "national",
    "security_administrators-TOTAL_FORMS": "2",
    "security_administrators-INITIAL_FORMS": "0",
    "security_administrators-0-name": "安静",
    "security_administrators-0-username": "an.jing",
    "security_administrators-0-email": "an.jing@gamma.example.cn",
    "security_administrators-1-name": "鲍平",
    "security_administrators-1-username": "bao.ping",
    "security_administrators-1-email": "bao.ping@gamma.example.cn",
    "rule_sets-TOTAL_FORMS": "1",
    "rule_sets-INITIAL_FORMS": "0",
    "rule_sets-0-shipped": "national-1.toml",
}
