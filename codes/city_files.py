"""A city file with its rule sets, read whole: the two halves of it belong to two floors."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from codes.rule_sets.edition import Edition
from codes.rule_sets.edition_file import EditionFaults, read_editions
from regions.city_file import CityFile, CityFileFaults, Fault, LocatedRuleSet, read_city_file
from regions.city_opening import place_faults
from regions.file_faults import FileFaults


def read_city(path: Path, environ: Mapping[str, str]) -> tuple[CityFile, list[Edition]]:
    """The file and its rule sets. Raises ``FileFaults`` with the faults of all of them."""
    try:
        file = read_city_file(path)
    except CityFileFaults as error:
        raise FileFaults(path, [*error.faults, *_edition_faults(path, error.rule_sets)]) from None
    faults = place_faults(file, environ)
    try:
        editions = read_editions(path, file.rule_sets)
    except EditionFaults as error:
        raise FileFaults(path, [*faults, *error.faults]) from None
    if faults:
        raise FileFaults(path, faults)
    return file, editions


def _edition_faults(path: Path, rule_sets: Sequence[LocatedRuleSet]) -> list[Fault]:
    """The faults of the rule sets a faulty city file does locate."""
    try:
        read_editions(path, rule_sets)
    except EditionFaults as found:
        return found.faults
    return []
