"""`import_entries`: its output and its exit codes."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from codes.models import Entry
from portal.management.commands.import_entries import Command
from regions.models import City
from regions.tenancy import in_city
from tests.integration.lines import Line, check_in, declaration


def test_all_taken_ends_well(db: None, tmp_path: Path) -> None:
    path = _file(tmp_path, declaration(), check_in())

    assert _import(path) == (0, "2 accepted, 0 duplicate, 0 refused\n")
    assert _import(path) == (0, "0 accepted, 2 duplicate, 0 refused\n")


def test_refused_lines_are_listed_and_the_others_are_in(db: None, tmp_path: Path) -> None:
    path = _file(tmp_path, check_in(), check_in(entry_id="c-2", healthy=1), check_in(), check_in(entry_id="c-3"))

    code, out = _import(path)

    assert code == 4
    assert out.splitlines() == [
        "line 2: bad_field: healthy does not have a value that was agreed on.",
        "2 accepted, 1 duplicate, 1 refused",
    ]
    with in_city("alpha"):
        assert Entry.objects.count() == 2


@pytest.mark.parametrize("city", ["alpha", "gamma"])
def test_a_missing_file_or_city_ends_with_two(db: None, tmp_path: Path, city: str) -> None:
    path = tmp_path / "nothing.jsonl" if city == "alpha" else _file(tmp_path, check_in())

    assert _import(path, city)[0] == 2


def _import(path: Path, city: str = "alpha") -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("import_entries", "--city", city, str(path), stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def _file(folder: Path, *lines: Line) -> Path:
    path = folder / "lines.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def test_a_bad_end_is_told_as_a_sentence(
    alpha: City, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "import_entries", "--city", "alpha", "/nowhere.jsonl"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "/nowhere.jsonl: No such file or directory\n"
