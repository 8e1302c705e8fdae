"""A writer that is stopped, or that finds the disk full, leaves a file to which the next one can append."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from regions.journal.chained_file import ChainedFile


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> ChainedFile:
    settings.JOURNAL_CHECKPOINTS = tmp_path
    one = ChainedFile("alpha", ending="", use="test")
    for seq in (1, 2):
        one.append({"seq": seq})
    return one


def seqs(file: ChainedFile) -> list[int]:
    return [one["seq"] for one in file.read()]


def test_an_unfinished_line_is_removed(file: ChainedFile) -> None:
    os.truncate(file.path, file.path.stat().st_size - 7)
    file.append({"seq": 3})
    assert seqs(file) == [1, 3]


def test_what_is_not_on_disk_is_not_there(file: ChainedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="full"):
            file.append({"seq": 3})
    assert seqs(file) == [1, 2]
    file.append({"seq": 4})
    assert seqs(file) == [1, 2, 4]


def refuse(descriptor: int) -> None:
    raise OSError("full")
