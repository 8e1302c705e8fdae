"""The root cause as marks on a case's columns: what one side lacks, and what both have, each in its own way."""

from types import SimpleNamespace
from typing import Any

import pytest

from portal.official.cases.sides import Differences, differences_of


def record(fact: int) -> dict[str, Any]:
    return {"fact_id": fact}


def side(rule: int) -> dict[str, Any]:
    return {"rule_id": rule}


def differences(**root_cause: Any) -> Differences:
    pair = SimpleNamespace(root_cause=root_cause, a=SimpleNamespace(code="alipay"), b=SimpleNamespace(code="wechat"))
    return differences_of([pair])  # type: ignore[list-item]  # as much of a pair as is read


@pytest.mark.parametrize(
    ("root_cause", "expected"),
    [
        ({"cause": "freshness", "late": "b", "records": [record(1)]}, Differences({1}, {1}, set(), {"wechat"})),
        (
            {"cause": "rules", "rules": [{"record": record(1), "a": side(7), "b": None}], "risk_areas": []},
            Differences({1}, set(), {7}),
        ),
        ({"cause": "rules", "rules": [], "risk_areas": [{"record": record(2)}]}, Differences({2})),
        (
            {
                "cause": "declaration",
                "answers": [{"side": "a", "record": record(3)}],
                "check_ins": [{"a": 3, "b": 7, "needed": 7}],
            },
            Differences({3}, {3}, check_ins={"alipay": "3/7", "wechat": "7/7"}),
        ),
        (
            {
                "cause": "source",
                "only": [{"side": "a", "record": record(4)}],
                "same_event": [{"a": record(5), "b": record(6)}],
            },
            Differences({4, 5, 6}, {4}),
        ),
        ({"cause": "interaction"}, Differences()),
    ],
)
def test_each_cause_marks_its_piece(root_cause: dict[str, Any], expected: Differences) -> None:
    assert differences(**root_cause) == expected
