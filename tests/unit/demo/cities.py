"""The shipped cities as the stories see them, and one person's life as a world that the oracle can judge.

The world is read from the records and lines as they leave the demo, so that these are held to the contracts as well.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from codes.intake.lines import SHAPES, CheckInLine, DeclarationLine
from codes.rule_sets.version_file import VersionContent, read_versions
from portal.demo.entries import Sent, check_in_lines, declaration_lines
from portal.demo.life import CHECK_IN_DAYS, Life
from portal.demo.people import Person
from portal.demo.province import city_files
from portal.demo.records import records_in
from portal.demo.stage import LATE, PROMPT, Stage
from regions.sources.records import CheckedRecord, check_record
from tests.oracle import (
    QUESTIONS,
    Batch,
    CheckIn,
    Declaration,
    FactVersion,
    Origin,
    Provider,
    Registration,
    RiskArea,
    Rule,
    RuleSetVersion,
    Source,
    Stay,
    World,
    facts_of_check_ins,
    facts_of_declarations,
)
from tests.oracle.rules import Anchor

OPENED = datetime(2026, 11, 24, 2, tzinfo=UTC)
STAGES = [Stage(city, OPENED) for city in city_files()]
SOMEBODY = "c0"


def as_of(stage: Stage) -> datetime:
    """The instant of the city's first run."""
    return stage.opened + timedelta(minutes=1)


def world_of(person: Person, life: Life) -> World:
    """All that the person's city knows after its first collection."""
    stage = life.stage
    horizons = {code: stage.opened - (LATE if code == stage.late_source else PROMPT) for code in stage.sources}
    facts = [fact for code in stage.sources for fact in _delivered(code, horizons[code], person, life)]
    declarations = tuple(
        _declaration(line, stage.opened) for line in _lines(declaration_lines(person, life), DeclarationLine)
    )
    days = check_in_lines(person, life, first=stage.day(CHECK_IN_DAYS), last=stage.today)
    check_ins = tuple(
        CheckIn(SOMEBODY, line.provider, line.day, line.healthy, stage.opened, line.submitted_at, line.entry_id)
        for line in _lines(days, CheckInLine)
    )
    return World(
        providers=tuple(Provider(one.code, one.source, one.rule_set) for one in stage.providers),
        sources=tuple(Source(one, timedelta(hours=26), (Batch(stage.opened, horizons[one]),)) for one in stage.sources),
        rule_sets=_rule_sets(stage.city.path),
        citizens=(SOMEBODY,),
        facts=(*facts, *facts_of_declarations(declarations, stage.zone), *facts_of_check_ins(check_ins, stage.zone)),
        check_ins=check_ins,
        registrations=tuple(Registration(SOMEBODY, one.provider, stage.opened) for one in declarations),
        zone=stage.zone,
    )


def checked_records(source: str, person: Person, life: Life) -> Iterator[CheckedRecord]:
    """What the source holds of the person, as the city reads it; nothing of it may be bad."""
    kinds = next(one.kinds for one in life.stage.city.sources if one.code == source)
    for raw in records_in(source, [(person, life)]):
        record = check_record(raw, kinds=kinds, as_of=life.stage.opened, zone=life.stage.zone)
        assert isinstance(record, CheckedRecord), record
        yield record


def _delivered(source: str, horizon: datetime, person: Person, life: Life) -> Iterator[FactVersion]:
    versions: dict[str, int] = {}
    for record in checked_records(source, person, life):
        versions[record.record_id] = versions.get(record.record_id, 0) + 1
        if record.recorded_at <= horizon:
            yield FactVersion(
                origin=Origin("source", source),
                record_id=record.record_id,
                version=versions[record.record_id],
                citizen=SOMEBODY,
                kind=record.kind.value,
                area=record.area,
                started_on=record.started_on,
                ended_on=record.ended_on,
                recorded_at=record.recorded_at,
                received_at=life.stage.opened,
                revoked=record.revoked,
            )


def _lines(lines: Iterator[Sent], shape: type[Any]) -> Iterator[Any]:
    for _, line in lines:
        plain = json.loads(line)
        assert SHAPES[plain["type"]] is shape
        yield shape.model_validate(plain)


def _declaration(line: DeclarationLine, received_at: datetime) -> Declaration:
    return Declaration(
        citizen=SOMEBODY,
        provider=line.provider,
        entry_id=line.entry_id,
        submitted_at=line.submitted_at,
        received_at=received_at,
        symptoms=tuple(line.symptoms or ()),
        contact=line.contact or "no",
        stays=tuple(Stay(stay.area, stay.from_day, stay.left_on) for stay in line.area_stays or ()),
        answered=frozenset(question for question in QUESTIONS if question in line.model_fields_set),
    )


@cache
def _rule_sets(city_file: Path) -> tuple[RuleSetVersion, ...]:
    """Of a shipped city, read once: its file names those of its rule sets."""
    city = next(one.city for one in STAGES if one.city.path == city_file)
    return tuple(map(_rule_set, read_versions(city.path, city.rule_sets)))


def _rule_set(version: VersionContent) -> RuleSetVersion:
    rules = tuple(
        Rule(
            code=rule.code,
            kind=rule.kind.value,
            colour="red" if rule.colour == "red" else "yellow",
            anchor=cast("Anchor", rule.anchor.value),
            hold_days=rule.hold_days,
            checkin_days=rule.checkin_days,
            tests=rule.tests,
            test_gap_days=rule.test_gap_days,
            cleared_by=tuple(kind.value for kind in rule.cleared_by),
            area_levels=tuple(rule.area_levels or ()),
        )
        for rule in version.rules
    )
    risk_areas = tuple(RiskArea(area.area, area.level, area.from_day, area.to_day) for area in version.risk_areas)
    return RuleSetVersion(version.code, version.version, version.effective_from, rules, risk_areas)
