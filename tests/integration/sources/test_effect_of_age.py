"""The effect of another ``max_age_hours``, shown before two people decide: a silent source lifts nobody."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from codes.models import EffectiveChange, Registration, RunProvider
from codes.source_effect import effect_of
from portal.official.sources.presenters import effect_words
from regions.sources.changes import changed
from regions.sources.models import Source
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk

HOUR = timedelta(hours=1)
# By the police alone: zhang red, chen yellow. ``only`` is red, and ``fine`` green, with wechat and nobody else.
PEOPLE = {"zhang": "spacetime_overlap", "chen": "arrival", "only": "close_contact", "fine": "negative_test"}


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    made = opened_at_beta(PEOPLE, now=now)
    Registration.objects.filter(citizen__ref__in=["only", "fine"], provider__code="alipay").delete()
    made.run(now + HOUR / 2)
    return made


def effect(hours: float, *, at: datetime) -> dict[str, Any]:
    source = Source.objects.get(code="police")
    return effect_of(source, changed(source, {"max_age_hours": hours}, None), now=at)


def test_whose_source_would_be_too_old_stays_as_it_held_them(desk: Desk) -> None:
    before = list(EffectiveChange.objects.values()), list(RunProvider.objects.order_by("pk").values())
    told = effect(1, at=desk.now + 3 * HOUR)
    assert told == {
        "unknown": {"wechat": 4},
        "held": [["wechat", 2, 1]],
        "effective": [["green", "unknown", 1]],
    }
    assert (list(EffectiveChange.objects.values()), list(RunProvider.objects.order_by("pk").values())) == before
    with override("en"):
        assert "wechat: a silence lifts nobody, so 2 stay red and 1 yellow until it delivers." in effect_words(told)
        assert "Effective code: 1 person from green to cannot be determined." in effect_words(told)


def test_whose_source_would_be_young_enough_is_judged_again(desk: Desk) -> None:
    Source.objects.filter(code="police").update(max_age_hours=1)
    at = desk.now + 3 * HOUR
    desk.run(at, silent=("police",))
    told = effect(26, at=at)
    assert told == {"known": {"wechat": 4}, "held": [["wechat", 2, 1]], "effective": [["unknown", "green", 1]]}
    with override("zh-hans"):
        assert "wechat：此前沿用的红码2人、黄码1人将重新判定。" in effect_words(told)
