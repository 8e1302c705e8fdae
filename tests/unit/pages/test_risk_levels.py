"""What pages call a level is read back as that level, in either language; a city's own level stays as it is written."""

import pytest
from django.conf import settings
from django.utils import translation

from portal.official.rule_sets.forms import RuleForm, initial_of
from portal.operator.risk_lists import RiskListForm
from portal.web.risk_levels import RISK_LEVELS, level_label, level_meant


@pytest.mark.parametrize("language", [code for code, _title in settings.LANGUAGES])
def test_a_label_means_its_level(language: str) -> None:
    with translation.override(language):
        shown = {level: level_label(level) for level in (*RISK_LEVELS, "zone_3")}
    assert {level: level_meant(label) for level, label in shown.items()} == {level: level for level in shown}
    assert level_meant(" high ") == "high"


def test_a_rule_shows_its_levels_in_words_and_takes_them_so() -> None:
    with translation.override("zh-hans"):
        shown = initial_of({"code": "Y1", "kind": "area_stay", "area_levels": ["high", "neighbouring", "zone_3"]})
        assert shown["area_levels"] == "高风险、风险地区周边、zone_3"
        form = RuleForm({**shown, "colour": "yellow", "anchor": "ended", "hold_days": "14"})
        assert form.is_valid(), form.errors
    assert form.rule["area_levels"] == ["high", "neighbouring", "zone_3"]


def test_the_province_writes_levels_in_words() -> None:
    form = RiskListForm({"entries": "533103 高风险 2026-11-20\n110105 medium - 2026-12-05", "note": "省防控办通知"})
    assert form.is_valid(), form.errors
    assert [entry["level"] for entry in form.cleaned_data["entries"]] == ["high", "medium"]
