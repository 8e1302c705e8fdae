"""All the rule-set files of a city file together."""

from pathlib import Path

import pytest

from codes.rule_sets.version_file import VersionFaults, read_versions
from regions.city_file import LocatedRuleSet
from tests.unit.rule_sets.files import GOOD, changed, write

SECOND_VERSION = changed(("version = 1", "version = 2"), ("effective_from = 2020-02-11", "effective_from = 2026-12-01"))
# (the code in the city file and the content, per file; the faults)
TABLE = [
    ([("national", GOOD)], []),
    ([("national", SECOND_VERSION), ("national", GOOD)], []),
    ([("national", GOOD), ("local", changed(('"national"', '"local"')))], []),
    ([("national", changed(("version = 1", "version = 2"))), ("national", GOOD)], []),
    ([("local", GOOD)], ["rule_sets[0].file: code: is national, and local in the city file"]),
    (
        [("national", GOOD), ("national", changed(("hold_days = 14", "hold_days = 21")))],
        ["rule_sets[1].file: version: repeats that of rule_sets[0].file"],
    ),
    (
        [("national", changed(("version = 1", "version = 2"), ("2020-02-11", "2020-02-10"))), ("national", GOOD)],
        ["rule_sets[0].file: effective_from: must not be earlier than that of version 1"],
    ),
    (
        [("national", changed(('colour = "red"', 'colour = "blue"'))), ("national", "version = ")],
        [
            "rule_sets[0].file: rules[0].colour: must be one of 'red', 'yellow' or 'green' (rule A4)",
            "rule_sets[1].file: line 1: is not TOML: Invalid value (at end of document)",
        ],
    ),
]


@pytest.mark.parametrize(("files", "faults"), TABLE)
def test_files_together(tmp_path: Path, files: list[tuple[str, str]], faults: list[str]) -> None:
    located = [
        LocatedRuleSet(f"rule_sets[{place}].file", code, write(tmp_path, content, f"{place}.toml"))
        for place, (code, content) in enumerate(files)
    ]
    try:
        found = [version.code for version in read_versions(tmp_path / "city.toml", located)]
    except VersionFaults as refusal:
        found = [str(fault) for fault in refusal.faults]
    assert found == (faults or [code for code, _ in files])
