"""What leaves the demo keeps the contracts – but for the records that are spoilt on purpose."""

import json
from datetime import timedelta
from itertools import islice

from codes.intake.lines import read_line
from portal.demo.entries import check_in_lines, declaration_lines
from portal.demo.life import CHECK_IN_DAYS
from portal.demo.people import Population
from portal.demo.records import GOOD_FOR_EACH_SPOILT, records_in
from portal.demo.stage import Stage
from portal.demo.stories import Fate
from regions.sources.reasons import RecordReason
from regions.sources.records import RecordFault, check_record
from tests.unit.demo.cities import OPENED, STAGES

CHENGDU = next(stage for stage in STAGES if stage.schema == "chengdu")


def people_of(stage: Stage, size: int) -> Population:
    return Population("test", stage.city.city.division, size, stage.today)


def test_every_line_is_right_in_itself_and_its_id_is_its_own() -> None:
    for stage in STAGES:
        fate = Fate(stage)
        seen = set()
        for person in people_of(stage, 2_000):
            life = fate.live(person)
            first = stage.day(CHECK_IN_DAYS)
            lines = [*declaration_lines(person, life), *check_in_lines(person, life, first=first, last=stage.today)]
            for sent in lines:
                content = read_line(sent.line, now=OPENED, zone=stage.zone).content
                key = (content.provider, content.entry_id)
                assert key not in seen
                seen.add(key)


def test_on_later_days_those_who_checked_in_go_on_and_nothing_is_said_twice() -> None:
    fate = Fate(CHENGDU)
    tomorrow, later = CHENGDU.today + timedelta(days=1), CHENGDU.today + timedelta(days=3)
    told = 0
    for person in people_of(CHENGDU, 1_000):
        life = fate.live(person)
        lines = [json.loads(sent.line) for sent in check_in_lines(person, life, first=tomorrow, last=later)]
        diligent = [provider for provider, days in life.checked_in.items() if 0 in days]
        assert len(lines) == 3 * len(diligent)
        assert {line["day"] for line in lines} <= {str(tomorrow + timedelta(days=days)) for days in range(3)}
        told += len(lines)
    assert told > 100


def test_a_small_share_of_the_records_is_spoilt_and_each_way_of_it_is_found() -> None:
    fate = Fate(CHENGDU)
    lives = ((person, fate.live(person)) for person in people_of(CHENGDU, 20_000))
    kinds = next(source.kinds for source in CHENGDU.city.sources if source.code == "police")
    checked = [
        check_record(raw, kinds=kinds, as_of=OPENED, zone=CHENGDU.zone)
        for raw in islice(records_in("police", lives), 6 * (GOOD_FOR_EACH_SPOILT + 1))
    ]
    faults = [one.reason for one in checked if isinstance(one, RecordFault)]
    assert len(faults) == 6
    assert set(faults) == {
        RecordReason.BAD_ID,
        RecordReason.BAD_KIND,
        RecordReason.BAD_AREA,
        RecordReason.BAD_DATE,
        RecordReason.BAD_ENCODING,
    }


def test_a_police_database_speaks_its_own_words() -> None:
    fate = Fate(CHENGDU)
    lives = [(person, fate.live(person)) for person in people_of(CHENGDU, 500)]
    words = {raw["kind"] for raw in records_in("police", lives)}
    assert "HSYIN" in words
    assert "negative_test" not in words
    assert "negative_test" in {raw["kind"] for raw in records_in("bigdata", lives)}
