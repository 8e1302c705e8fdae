"""The file of a rule-set version: its shape, reading it with every fault at its key and rule, and its digest."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator

from codes.vocabulary import Anchor, Colour
from regions.city_file import LocatedRuleSet
from regions.city_file.names import Code, Division
from regions.divisions import is_dissolved, successors
from regions.faults import Fault, FaultCode, FileFaults
from regions.toml_files import Day, Raw, Table, enum_value, invalid, read_toml, shape_faults, tables
from regions.vocabulary import CLEARING_KINDS, FactKind

_RULE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LEVEL = re.compile(r"\w[\w.-]{0,39}")
# Ten years. A larger number is a typing error, and dates stay within the database's range.
MOST_DAYS = 3660


def _rule_code(code: str) -> str:
    if not _RULE_CODE.fullmatch(code):
        raise invalid(FaultCode.NOT_A_RULE_CODE)
    return code


def _level(level: str) -> str:
    """Accept the city's own names of levels, in lower case only, so that "High" in a rule cannot silently fail to match
    "high" in the list.
    """
    if not _LEVEL.fullmatch(level) or level != level.lower():
        raise invalid(FaultCode.NOT_A_LEVEL)
    return level


def _held_or_not(colour: Colour) -> Colour:
    if colour is Colour.GREEN:
        raise invalid(FaultCode.GREEN_IS_NO_RULE)
    return colour


def _none_in_words(value: object) -> object:
    """Read `"none"` as a missing key, because TOML has no null."""
    return None if value == "none" else value


Level = Annotated[str, AfterValidator(_level)]
Days = Annotated[int, Field(ge=0, le=MOST_DAYS)]
Kind = Annotated[FactKind, Field(strict=False), enum_value(FactKind)]
HeldColour = Annotated[Colour, Field(strict=False), AfterValidator(_held_or_not), enum_value(Colour)]


class Wording(Table):
    """What people read; either language may be left out."""

    zh: Annotated[str, Field(max_length=1000)] = ""
    en: Annotated[str, Field(max_length=1000)] = ""


class Rule(Table):
    """One row of a rule set. `hold_days` none means: until a fact of a kind in `cleared_by` clears it."""

    code: Annotated[str, AfterValidator(_rule_code)]
    kind: Kind
    area_levels: list[Level] | None = None
    colour: HeldColour
    anchor: Annotated[Anchor, Field(strict=False), enum_value(Anchor)] = Anchor.STARTED
    hold_days: Annotated[Days | None, BeforeValidator(_none_in_words)] = None
    checkin_days: Days = 0
    tests: Days = 0
    test_gap_days: Days = 0
    cleared_by: Annotated[list[Kind], Field(validate_default=True)] = []
    title: Wording = Wording()
    reason: Wording = Wording()

    @field_validator("area_levels")
    @classmethod
    def _only_where_there_is_an_area(cls, levels: list[str] | None, info: ValidationInfo) -> list[str] | None:
        """Accept levels only for stays, which they select. An empty list would be ambiguous between all and none."""
        if levels is None:
            return None
        if info.data.get("kind", FactKind.AREA_STAY) is not FactKind.AREA_STAY:
            raise invalid(FaultCode.LEVELS_WITHOUT_AREA)
        if not levels:
            raise invalid(FaultCode.NO_LEVELS)
        return sorted(set(levels))

    @field_validator("checkin_days")
    @classmethod
    def _within_the_hold(cls, days: int, info: ValidationInfo) -> int:
        hold_days = info.data.get("hold_days")
        if hold_days is not None and days > hold_days:
            raise invalid(FaultCode.CHECKINS_BEYOND_HOLD, hold_days=hold_days)
        return days

    @field_validator("tests")
    @classmethod
    def _only_with_a_hold(cls, tests: int, info: ValidationInfo) -> int:
        if tests and info.data.get("hold_days", 0) is None:
            raise invalid(FaultCode.TESTS_WITHOUT_HOLD)
        return tests

    @field_validator("cleared_by")
    @classmethod
    def _clearing_and_each_once(cls, kinds: list[FactKind], info: ValidationInfo) -> list[FactKind]:
        """Sort and remove repetitions, which have no meaning, so that the file's digest does not depend on them."""
        if others := sorted(set(kinds) - CLEARING_KINDS):
            raise invalid(FaultCode.NOT_CLEARING, kinds=", ".join(others))
        if not kinds and info.data.get("hold_days", 0) is None:
            raise invalid(FaultCode.NOTHING_ENDS)
        return sorted(set(kinds))

    def title_in(self, language: str) -> str:
        """Return the title in `zh` or `en`, else in the other language, else the code, so that every rule has a name."""
        return _either(self.title, language) or self.code

    def reason_in(self, language: str) -> str:
        """Return the plain-language reason in `zh` or `en`, else in the other language, else the title."""
        return _either(self.reason, language) or self.title_in(language)


class RiskArea(Table):
    """An area at a level from a day to a day (none = still)."""

    area: Division
    level: Level
    from_day: Annotated[Day, Field(alias="from")]
    to_day: Annotated[Day | None, Field(alias="to")] = None

    @field_validator("to_day")
    @classmethod
    def _not_before_its_begin(cls, to_day: date | None, info: ValidationInfo) -> date | None:
        from_day = info.data.get("from_day")
        if to_day is not None and from_day is not None and to_day < from_day:
            raise invalid(FaultCode.ENDS_BEFORE_IT_BEGINS)
        return to_day


class VersionContent(Table):
    """A named, versioned list of rules with its risk areas, in force from a day until the next version's day."""

    code: Code
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    effective_from: Day
    rules: Annotated[list[Rule], Field(min_length=1)]
    risk_areas: list[RiskArea] = []


def _either(wording: Wording, language: str) -> str:
    first, second = (wording.zh, wording.en) if language.startswith("zh") else (wording.en, wording.zh)
    return first.strip() or second.strip()


def canonical_digest(version: VersionContent) -> str:
    """Return the SHA-256 in hex over the version's meaning. The order of its tables and the file's formatting do not count."""
    return _digest(_canonical(version))


def digests(version: VersionContent) -> tuple[str, ...]:
    """Return the digests that a stored version of this content may have.

    Earlier releases left rules with one code in the order of the file.
    """
    content = _canonical(version)
    by_code = {**content, "rules": sorted(_rules(version), key=lambda row: row["code"])}
    return _digest(content), _digest(by_code)


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(version: VersionContent) -> dict[str, Any]:
    """Return plain values: wording with its fallbacks, rules sorted by what tells them apart and areas by all their fields."""
    content = version.model_dump(mode="json")
    content["rules"] = sorted(_rules(version), key=lambda row: (row["code"], row["kind"], row["area_levels"] or []))
    content["risk_areas"].sort(key=lambda row: json.dumps(row, sort_keys=True))
    return content


def _rules(version: VersionContent) -> Iterator[dict[str, Any]]:
    for rule in version.rules:
        wording = {
            name: {language: text_in(language) for language in ("zh", "en")}
            for name, text_in in (("title", rule.title_in), ("reason", rule.reason_in))
        }
        yield {**rule.model_dump(mode="json"), **wording}


_IN_A_RULE = re.compile(r"rules\[(\d+)\]")


class VersionFaults(FileFaults):
    """A rule-set file, or the rule-set files of a city, that cannot be accepted."""


def read_version(path: Path, *, read: Callable[[Path], Raw] = read_toml) -> VersionContent:
    """Return the version in the file. Raises ``VersionFaults`` with every fault."""
    try:
        raw = read(path)
    except FileFaults as error:
        raise VersionFaults(path, error.faults) from None
    version, faults = judged(raw)
    if version is None:
        raise VersionFaults(path, faults)
    return version


def judged(raw: Raw) -> tuple[VersionContent | None, list[Fault]]:
    """Return the version that a file's content describes, or ``None`` and every fault with its key."""
    faults = [*_repeated_rules(raw), *_repeated_areas(raw)]
    try:
        version = VersionContent.model_validate(raw)
    except ValidationError as error:
        return None, _naming_rules([*shape_faults(error, raw), *faults], raw)
    faults += _unlisted_levels(version)
    return (None, _naming_rules(faults, raw)) if faults else (version, [])


def read_versions(
    city_file: Path, rule_sets: Sequence[LocatedRuleSet], *, read: Callable[[Path], Raw] = read_toml
) -> list[VersionContent]:
    """Return all versions that a city file names. Raises ``VersionFaults`` with the faults of all of them.

    Keys begin with the city file's key: `rule_sets[0].file: rules[3].colour`.
    """
    versions: list[tuple[LocatedRuleSet, VersionContent]] = []
    faults: list[Fault] = []
    for located in rule_sets:
        try:
            versions.append((located, read_version(located.path, read=read)))
        except VersionFaults as error:
            faults += [replace(fault, key=f"{located.key}: {fault.key}") for fault in error.faults]
    faults += [*_misnamed(versions), *_out_of_order(versions)]
    if faults:
        raise VersionFaults(city_file, faults)
    return [version for _, version in versions]


def _misnamed(read: Sequence[tuple[LocatedRuleSet, VersionContent]]) -> Iterator[Fault]:
    """Yield a fault for each rule-set file whose code differs from the code in the city file."""
    for located, version in read:
        if version.code != located.code:
            params = {"in_file": version.code, "in_city_file": located.code}
            yield Fault(f"{located.key}: code", FaultCode.CODES_DIFFER, params)


def _out_of_order(read: Sequence[tuple[LocatedRuleSet, VersionContent]]) -> Iterator[Fault]:
    """Yield faults of versions that repeat a number or take effect before an earlier version. Of one day the highest counts."""
    by_version = sorted(read, key=lambda pair: (pair[1].code, pair[1].version))
    for (before, older), (located, newer) in pairwise(by_version):
        if older.code != newer.code:
            continue
        if older.version == newer.version:
            yield Fault(f"{located.key}: version", FaultCode.REPEATS_VERSION, {"place": before.key})
        elif newer.effective_from < older.effective_from:
            yield Fault(f"{located.key}: effective_from", FaultCode.NOT_LATER, {"version": older.version})


class VersionWarning(TextChoices):
    """Properties of a version that are allowed but may be mistakes."""

    NO_RISK_AREAS = (
        "no_risk_areas",
        _("are none, so no stay matches the rules that look at levels: {rules}"),
    )
    DISSOLVED_AREA = (
        "dissolved_area",
        _("is a division that was dissolved: only stays written under it match; today it is {successors}"),
    )
    CHECKINS_WITHOUT_HOLD = (
        "checkins_without_hold",
        _("count for nothing, as the days it holds are missing: only a record ends it"),
    )


def version_warnings(version: VersionContent) -> list[Fault]:
    """Return the warnings with their keys. They are shown to whoever writes or approves the version, and do not prevent it."""
    warnings = [
        Fault(f"rules[{place}].checkin_days", VersionWarning.CHECKINS_WITHOUT_HOLD, {"rule": rule.code})
        for place, rule in enumerate(version.rules)
        if rule.checkin_days and rule.hold_days is None
    ]
    with_levels = sorted({rule.code for rule in version.rules if rule.area_levels})
    if with_levels and not version.risk_areas:
        return [*warnings, Fault("risk_areas", VersionWarning.NO_RISK_AREAS, {"rules": ", ".join(with_levels)})]
    return warnings + [
        Fault(
            f"risk_areas[{place}].area", VersionWarning.DISSOLVED_AREA, {"successors": ", ".join(successors(one.area))}
        )
        for place, one in enumerate(version.risk_areas)
        if is_dissolved(one.area)
    ]


def _unlisted_levels(version: VersionContent) -> Iterator[Fault]:
    """Yield a fault for each rule with a level that no risk area has.

    Without any risk area this is only a warning, because the list may follow.
    """
    listed = {area.level for area in version.risk_areas}
    for place, rule in enumerate(version.rules):
        missing = [level for level in rule.area_levels or [] if level not in listed]
        if listed and missing:
            yield Fault(f"rules[{place}].area_levels", FaultCode.LEVEL_NOT_LISTED, {"levels": ", ".join(missing)})


def _repeated_rules(raw: Raw) -> Iterator[Fault]:
    """Yield a fault for each repeated row.

    One code may be on several rows, one for each kind; an equal row is a copying mistake.
    """
    first: dict[str, int] = {}
    for place, rule in tables(raw, "rules"):
        row = repr([rule.get(key) for key in ("code", "kind", "area_levels")])
        if first.setdefault(row, place) != place:
            yield Fault(f"rules[{place}].code", FaultCode.REPEATS_RULE, {"place": f"rules[{first[row]}]"})


def _repeated_areas(raw: Raw) -> Iterator[Fault]:
    """Yield a fault for each risk area listed twice with the same fields, which is a copying mistake."""
    seen: list[Raw] = []
    for place, area in tables(raw, "risk_areas"):
        if area in seen:
            yield Fault(f"risk_areas[{place}]", FaultCode.REPEATS, {"place": f"risk_areas[{seen.index(area)}]"})
        seen.append(area)


def _naming_rules(faults: Sequence[Fault], raw: Raw) -> list[Fault]:
    """Return the faults, those inside a rule with the rule's code, because people look for A4 and not for the fourth table."""
    codes = {place: code for place, rule in tables(raw, "rules") if isinstance(code := rule.get("code"), str)}
    return [_naming_its_rule(fault, codes) for fault in faults]


def _naming_its_rule(fault: Fault, codes: dict[int, str]) -> Fault:
    found = _IN_A_RULE.match(fault.key)
    code = codes.get(int(found[1]), "")[:40] if found else ""
    return replace(fault, params={**fault.params, "rule": code}) if code else fault
