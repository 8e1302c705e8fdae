"""What is refused before anything is connected to."""

from types import SimpleNamespace

import pytest

from portal.start_up import debug_faults, key_faults


@pytest.mark.parametrize(
    ("debug", "hosts", "faults"),
    [
        (True, ("localhost", ".localhost", "127.0.0.1"), 0),
        (True, ("chengdu.localhost",), 0),
        (True, ("codes.example.cn",), 1),
        (False, ("codes.example.cn",), 0),
    ],
)
def test_debug_is_for_loopback_only(debug: bool, hosts: tuple[str, ...], faults: int) -> None:
    environment = SimpleNamespace(debug=debug, allowed_hosts=hosts)
    assert len(list(debug_faults(environment))) == faults  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "faults"),
    [("a" * 60, 1), ("short", 1), ("django-insecure-" + "abcdefghijklmnop" * 4, 1), ("abcdefghijklmnop" * 4, 0)],
)
def test_a_guessable_key_is_refused(key: str, faults: int) -> None:
    assert len(list(key_faults(key))) == faults
