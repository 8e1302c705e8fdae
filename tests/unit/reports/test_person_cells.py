"""Who is shown how, and whose data was shown."""

from collections.abc import Callable

import pytest

from codes.reports import rows
from codes.reports.rows import PersonCells

NUMBER, NAME = "510107199003074518", "张小三"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The encrypted numbers that were decrypted, in order; here a number is encrypted by being bytes."""
    calls: list[bytes] = []

    def decrypt_number(encrypted: bytes) -> str:
        calls.append(encrypted)
        return encrypted.decode()

    stand_in: Callable[[bytes], str] = decrypt_number
    monkeypatch.setattr(rows, "decrypt_number", stand_in)
    return calls


def test_masked_unless_identified(opened: list[bytes]) -> None:
    masked = PersonCells(identified=False)
    assert masked.of(1, "C1", NUMBER.encode(), NAME) == ("C1", "51**************18", "张*三")
    assert list(masked.revealed()) == []
    assert PersonCells(identified=True).of(1, "C1", NUMBER.encode(), NAME) == ("C1", NUMBER, NAME)


def test_a_number_is_opened_once_for_neighbouring_rows(opened: list[bytes]) -> None:
    person = PersonCells(identified=False)
    for citizen in (1, 1, 1, 2, 2):
        person.of(citizen, f"C{citizen}", NUMBER.encode(), NAME)
    assert len(opened) == 2


def test_everybody_revealed_is_told_once(opened: list[bytes]) -> None:
    person = PersonCells(identified=True)
    for citizen in (300, 7, 300, 1_000_000, 7):
        person.of(citizen, f"C{citizen}", NUMBER.encode(), NAME)
    assert list(person.revealed()) == [7, 300, 1_000_000]
