"""Rule-set files: read one, or all that a city file names, with every fault at its key and rule."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from codes.rule_sets.edition import Edition
from regions.city_file import LocatedRuleSet
from regions.faults import Fault, FaultCode, FileFaults
from regions.toml_files import Raw, read_toml, shape_faults, tables

_IN_A_RULE = re.compile(r"rules\[(\d+)\]")


class EditionFaults(FileFaults):
    """A rule-set file, or the rule-set files of a city, that cannot be taken."""


def read_edition(path: Path, *, read: Callable[[Path], Raw] = read_toml) -> Edition:
    """The edition in the file, or EditionFaults with every fault. A rule that nothing releases is allowed: by order."""
    try:
        raw = read(path)
    except FileFaults as error:
        raise EditionFaults(path, error.faults) from None
    edition, faults = judged(raw)
    if edition is None:
        raise EditionFaults(path, faults)
    return edition


def judged(raw: Raw) -> tuple[Edition | None, list[Fault]]:
    """The edition that a file's content means, or none and every fault in it at its key."""
    faults = [*_repeated_rules(raw), *_repeated_areas(raw)]
    try:
        edition = Edition.model_validate(raw)
    except ValidationError as error:
        return None, _naming_rules([*shape_faults(error, raw), *faults], raw)
    return (None, _naming_rules(faults, raw)) if faults else (edition, [])


def read_editions(
    city_file: Path, rule_sets: Sequence[LocatedRuleSet], *, read: Callable[[Path], Raw] = read_toml
) -> list[Edition]:
    """All editions a city file names, or EditionFaults with the faults of all of them.

    Keys begin with the city file's key: `rule_sets[0].file: rules[3].colour`.
    """
    editions: list[tuple[LocatedRuleSet, Edition]] = []
    faults: list[Fault] = []
    for located in rule_sets:
        try:
            editions.append((located, read_edition(located.path, read=read)))
        except EditionFaults as error:
            faults += [replace(fault, key=f"{located.key}: {fault.key}") for fault in error.faults]
    faults += [*_misnamed(editions), *_out_of_order(editions)]
    if faults:
        raise EditionFaults(city_file, faults)
    return [edition for _, edition in editions]


def _misnamed(read: Sequence[tuple[LocatedRuleSet, Edition]]) -> Iterator[Fault]:
    """The code in the city file and the code in the rule-set file are the same thing said twice."""
    for located, edition in read:
        if edition.code != located.code:
            params = {"in_file": edition.code, "in_city_file": located.code}
            yield Fault(f"{located.key}: code", FaultCode.CODES_DIFFER, params)


def _out_of_order(read: Sequence[tuple[LocatedRuleSet, Edition]]) -> Iterator[Fault]:
    """Versions of one code are unique, and a later version takes effect on a later day."""
    by_version = sorted(read, key=lambda pair: (pair[1].code, pair[1].version))
    for (before, older), (located, newer) in pairwise(by_version):
        if older.code != newer.code:
            continue
        if older.version == newer.version:
            yield Fault(f"{located.key}: version", FaultCode.REPEATS_VERSION, {"place": before.key})
        elif newer.effective_from <= older.effective_from:
            yield Fault(f"{located.key}: effective_from", FaultCode.NOT_LATER, {"version": older.version})


def _repeated_rules(raw: Raw) -> Iterator[Fault]:
    """A code may stand on several rows, one for each kind it covers; the same row twice is a slip of copying."""
    first: dict[str, int] = {}
    for place, rule in tables(raw, "rules"):
        row = repr([rule.get(key) for key in ("code", "kind", "area_levels")])
        if first.setdefault(row, place) != place:
            yield Fault(f"rules[{place}].code", FaultCode.REPEATS_RULE, {"place": f"rules[{first[row]}]"})


def _repeated_areas(raw: Raw) -> Iterator[Fault]:
    """A risk area listed twice in the same words is a slip of copying."""
    seen: list[Raw] = []
    for place, area in tables(raw, "risk_areas"):
        if area in seen:
            yield Fault(f"risk_areas[{place}]", FaultCode.REPEATS, {"place": f"risk_areas[{seen.index(area)}]"})
        seen.append(area)


def _naming_rules(faults: Sequence[Fault], raw: Raw) -> list[Fault]:
    """The same faults, those inside a rule with its code: people look for A4, not for the fourth table."""
    codes = {place: code for place, rule in tables(raw, "rules") if isinstance(code := rule.get("code"), str)}
    return [_naming_its_rule(fault, codes) for fault in faults]


def _naming_its_rule(fault: Fault, codes: dict[int, str]) -> Fault:
    found = _IN_A_RULE.match(fault.key)
    code = codes.get(int(found[1]), "")[:40] if found else ""
    return replace(fault, params={**fault.params, "rule": code}) if code else fault
