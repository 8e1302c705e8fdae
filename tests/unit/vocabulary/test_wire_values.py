"""Colours as other systems send them, value by value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.vocabulary import State
from codes.wire_values import WIRE_VALUES, WireSystem, read_wire_value

TABLE = """
national         00 green    01 yellow  10 red
alipay           green green  yellow yellow  red red  init unknown
iot_terminal     1 green  2 yellow  3 red  4 unknown  5 unknown  6 unknown  7 unknown
door_controller  0 unknown  1 not_applied  2 unknown  3 green  4 yellow  5 red  6 unknown  7 unknown  8 unknown
building_site    0 red  1 green  2 yellow
beijing          0 green  1 yellow  2 unknown  3 red  grey not_applied
"""
LINES = [line.split() for line in TABLE.strip().splitlines()]
ROWS = [(system, *pair) for system, *cells in LINES for pair in zip(cells[::2], cells[1::2], strict=True)]
NEVER_MAPPED: list[Any] = [
    None,
    "",
    " ",
    "0 ",
    "00 ",
    "GREEN",
    "Green",
    "绿码",
    "9",
    "-1",
    "null",
    "True",
    True,
    False,
    1.0,
]


@pytest.mark.parametrize(("system", "value", "state"), ROWS)
def test_each_known_value(system: str, value: str, state: str) -> None:
    reading = read_wire_value(WireSystem(system), value)
    assert (reading.state, reading.known) == (State(state), True)


def test_the_table_above_is_all_there_is() -> None:
    assert {(system.value, value) for system, values in WIRE_VALUES.items() for value in values} == {
        (system, value) for system, value, _ in ROWS
    }
    assert set(WIRE_VALUES) == set(WireSystem)


@pytest.mark.parametrize("system", WireSystem)
@pytest.mark.parametrize("value", NEVER_MAPPED, ids=repr)
def test_what_no_map_holds_is_unknown_and_reported(system: WireSystem, value: str | int | None) -> None:
    reading = read_wire_value(system, value)
    assert (reading.state, reading.known) == (State.UNKNOWN, False)


@pytest.mark.parametrize(("system", "value", "state"), [("door_controller", 3, "green"), ("national", 0, "unknown")])
def test_a_number_is_its_digits_so_0_is_not_00(system: str, value: int, state: str) -> None:
    assert read_wire_value(WireSystem(system), value).state is State(state)


@given(st.sampled_from(WireSystem), st.text(max_size=6) | st.integers() | st.none())
def test_green_only_ever_comes_out_of_a_map(system: WireSystem, value: str | int | None) -> None:
    if read_wire_value(system, value).state is State.GREEN:
        assert WIRE_VALUES[system][str(value)] is State.GREEN
