"""Faults of a single line are found before anything of it is stored, and all other lines are imported."""

import json
from datetime import datetime
from typing import Any

import pytest

from codes.intake.results import Refusal
from codes.models import Citizen, Entry, Fact
from regions.journal.models import JournalEntry
from regions.models import City
from tests.integration.lines import BERT, Line, check_in, declaration, outcomes, take

# What is sent → why it is refused.
BAD_LINES: dict[str, tuple[Line | bytes, Refusal]] = {
    "no JSON": (b"{", Refusal.BAD_JSON),
    "a list": (b"[]", Refusal.BAD_JSON),
    "GBK": ('{"full_name": "张"}'.encode("gbk"), Refusal.BAD_JSON),
    "NaN": (b'{"type": NaN}', Refusal.BAD_JSON),
    "nested for ever": (b"[" * 90_000, Refusal.BAD_JSON),
    "a line without end": (b'{"x": "' + b"x" * 200_000 + b'"}', Refusal.TOO_LONG),
    "a key twice": (b'{"type": "check_in", "healthy": false, "healthy": true}', Refusal.REPEATED_KEY),
    "no type": (check_in(type=...), Refusal.UNKNOWN_TYPE),
    "another type": (check_in(type="ruling"), Refusal.UNKNOWN_TYPE),
    "a type that is a list": (check_in(type=["check_in"]), Refusal.UNKNOWN_TYPE),
    "a misspelt key": (declaration(symptom=["fever"]), Refusal.UNKNOWN_FIELD),
    "no provider": (check_in(provider=...), Refusal.MISSING_FIELD),
    "another city's provider": (check_in(provider="beta_code"), Refusal.UNKNOWN_PROVIDER),
    "no entry id": (check_in(entry_id=...), Refusal.MISSING_FIELD),
    "an empty entry id": (check_in(entry_id=""), Refusal.BAD_FIELD),
    "a number for an entry id": (check_in(entry_id=1), Refusal.BAD_FIELD),
    "NUL": (check_in(entry_id="a\x00b"), Refusal.BAD_TEXT),
    "half a surrogate pair": (b'{"type": "check_in", "provider": "\\ud800"}', Refusal.BAD_TEXT),
    "an unknown document": (check_in(id_type="11"), Refusal.BAD_ID),
    "a wrong check digit": (check_in(id_number="110105194912310021"), Refusal.BAD_ID),
    "born tomorrow": (check_in(id_number="110105202611250018"), Refusal.BAD_ID),
    "no answer on health": (check_in(healthy=...), Refusal.MISSING_FIELD),
    "health as null": (check_in(healthy=None), Refusal.BAD_FIELD),
    "health as 1": (check_in(healthy=1), Refusal.BAD_FIELD),
    "health as text": (check_in(healthy="true"), Refusal.BAD_FIELD),
    "no day": (check_in(day=...), Refusal.MISSING_FIELD),
    "a day that never was": (check_in(day="2026-02-29"), Refusal.BAD_DATE),
    "a day of another form": (check_in(day="20261120"), Refusal.BAD_DATE),
    "a day as a number": (check_in(day=20261120), Refusal.BAD_DATE),
    "tomorrow": (check_in(day="2026-11-25"), Refusal.IN_FUTURE),
    "contact as 0": (declaration(contact=0), Refusal.BAD_FIELD),
    "contact as false": (declaration(contact=False), Refusal.BAD_FIELD),
    "contact in other words": (declaration(contact="maybe"), Refusal.BAD_FIELD),
    "no instant": (declaration(submitted_at=...), Refusal.MISSING_FIELD),
    "an instant without offset": (declaration(submitted_at="2026-11-20T08:00:00"), Refusal.BAD_TIME),
    "seconds since 1970": (declaration(submitted_at=1763596800), Refusal.BAD_TIME),
    "the end of the calendar": (declaration(submitted_at="9999-12-31T23:59:59-14:00"), Refusal.BAD_TIME),
    "the year one": (declaration(submitted_at="0001-01-01T00:00:00+08:00"), Refusal.BAD_TIME),
    "symptoms as text": (declaration(symptoms="fever"), Refusal.BAD_FIELD),
    "a symptom without a name": (declaration(symptoms=[""]), Refusal.UNKNOWN_SYMPTOM),
    "a blank symptom": (declaration(symptoms=[" "]), Refusal.UNKNOWN_SYMPTOM),
    "a symptom in other words": (declaration(symptoms=["发热"]), Refusal.UNKNOWN_SYMPTOM),
    "no symptom in other words": (declaration(symptoms=["无"]), Refusal.UNKNOWN_SYMPTOM),
    "a code of another provider": (declaration(symptoms=["1"]), Refusal.UNKNOWN_SYMPTOM),
    "more symptoms than there are": (declaration(symptoms=["fever"] * 101), Refusal.BAD_FIELD),
    "more stays than days": (
        declaration(area_stays=[{"area": "420100", "from": "2026-11-01"}] * 201),
        Refusal.BAD_FIELD,
    ),
    "none and fever": (declaration(symptoms=["none", "fever"]), Refusal.UNKNOWN_SYMPTOM),
    "none and fever in other words": (declaration(symptoms=["无", "发热"]), Refusal.UNKNOWN_SYMPTOM),
    "a check-in at no instant": (check_in(submitted_at="noon"), Refusal.BAD_TIME),
    "an area of five digits": (declaration(area_stays=[{"area": "42010", "from": "2026-11-01"}]), Refusal.BAD_AREA),
    "a division that never was": (
        declaration(area_stays=[{"area": "429999", "from": "2026-11-01"}]),
        Refusal.BAD_AREA,
    ),
    "full-width digits": (declaration(area_stays=[{"area": "４２０１００", "from": "2026-11-01"}]), Refusal.BAD_AREA),
    "a stay without an area": (declaration(area_stays=[{"from": "2026-11-01"}]), Refusal.MISSING_FIELD),
    "left before arrival": (
        declaration(area_stays=[{"area": "420100", "from": "2026-11-02", "left_on": "2026-11-01"}]),
        Refusal.ENDS_BEFORE_START,
    ),
    "left in the year 9999": (
        declaration(area_stays=[{"area": "420100", "from": "2026-11-02", "left_on": "9999-12-31"}]),
        Refusal.BAD_DATE,
    ),
    "an arrival without a day": (declaration(arrival={"from_area": "420100"}), Refusal.MISSING_FIELD),
    "an arrival in two years": (declaration(arrival={"from_area": "420100", "on": "2028-11-24"}), Refusal.BAD_DATE),
    "an overseas arrival as true": (declaration(overseas_arrival_on=True), Refusal.BAD_DATE),
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_refused_alone(alpha: City, now: datetime, line: Line | bytes, reason: Refusal) -> None:
    good = check_in(entry_id="good", id_number=BERT)

    results = take(check_in(entry_id="before", id_number=BERT), line, good, now=now)

    assert outcomes(results) == ["accepted", reason.value, "accepted"]
    assert Citizen.objects.count() == 1
    assert set(Entry.objects.values_list("entry_id", flat=True)) == {"before", "good"}
    assert not Fact.objects.exists()


@pytest.mark.parametrize("line", [line for line, _ in BAD_LINES.values()], ids=BAD_LINES.keys())
def test_a_refusal_repeats_no_value_and_speaks_both_languages(alpha: City, now: datetime, line: Line | bytes) -> None:
    (result,) = take(line, now=now)

    assert result.refusal is not None
    sentences = [result.refusal.message_in("en"), result.refusal.message_in("zh-hans")]
    assert len(set(sentences)) == 2
    for value in _texts(line):
        assert all(value not in sentence for sentence in sentences)


FINE_LINES: dict[str, Line] = {
    "contact not answered": declaration(contact=...),
    "contact as null": declaration(contact=None),
    "nothing but what must be": {
        key: declaration()[key] for key in ("type", "provider", "entry_id", "id_type", "id_number", "submitted_at")
    },
    "symptoms as null": declaration(symptoms=None),
    "no symptom": declaration(symptoms=["none"]),
    "stays as null": declaration(area_stays=None),
    "a fast clock": declaration(submitted_at="2027-11-24T10:05:00+08:00"),
    "a check-in whose clock is fast": check_in(submitted_at="2027-11-24T10:05:00+08:00"),
    "an offset of a day": declaration(submitted_at="2026-11-24T23:05:00+23:59"),
    "an offset of seconds": declaration(submitted_at="2026-11-20T08:00:00+00:00:30.5"),
    "a check-in without an instant": check_in(submitted_at=...),
    "a journey next month": declaration(arrival={"from_area": "420100", "on": "2026-12-24"}),
    "today": check_in(day="2026-11-24"),
    "a small x": check_in(id_number="11010519491231002x"),
    "a passport": check_in(id_type="20", id_number="E12345678"),
    "a dressed phone": declaration(phone="+86 138-0000-0000"),
}


@pytest.mark.parametrize("line", FINE_LINES.values(), ids=FINE_LINES.keys())
def test_what_keeps_the_contract_is_accepted(alpha: City, now: datetime, line: Line) -> None:
    assert outcomes(take(line, now=now)) == ["accepted"]


def test_today_is_the_citys_today(alpha: City) -> None:
    """Just after midnight in the city it is still yesterday in UTC."""
    after_midnight = datetime.fromisoformat("2026-11-25T00:01:00+08:00")

    assert outcomes(take(check_in(day="2026-11-25"), now=after_midnight)) == ["accepted"]


def test_blank_lines_count_and_are_passed_over(alpha: City, now: datetime) -> None:
    results = take(b"\xef\xbb\xbf" + json.dumps(check_in()).encode(), b"\n", b"  ", b"x", now=now)

    assert [(result.number, result.outcome.value) for result in results] == [(1, "accepted"), (4, "refused")]


def test_a_provider_speaks_for_itself_only(alpha: City, now: datetime) -> None:
    mine, others = check_in(), check_in(provider="wechat")

    assert outcomes(take(mine, others, now=now, only_provider="alipay")) == ["accepted", "other_provider"]


def test_what_the_database_refuses_is_refused_alone(
    alpha: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should a check be missing, the constraint behind it costs one line and not five thousand."""
    monkeypatch.setattr("codes.intake.lines._check_times", lambda *_: None)
    backwards = declaration(area_stays=[{"area": "420100", "from": "2026-11-02", "left_on": "2026-11-01"}])
    others = [check_in(entry_id=f"c{number}", id_number=BERT) for number in range(5)]

    results = take(*others[:3], backwards, *others[3:], now=now)

    assert outcomes(results) == ["accepted"] * 3 + ["cannot_be_stored"] + ["accepted"] * 2
    assert Entry.objects.count() == 5


def test_only_acts_that_changed_something_are_journalled(alpha: City, now: datetime) -> None:
    before = JournalEntry.objects.count()
    take(check_in(), check_in(entry_id="c-2", healthy=1), now=now)
    take(check_in(), now=now)
    take(b"nothing", now=now)

    (entry,) = JournalEntry.objects.order_by("seq")[before:]
    assert entry.verb == "entries.taken"
    assert entry.data == {
        "lines": [1, 1],
        "declarations": 0,
        "check_ins": 1,
        "displayed": 0,
        "providers": {"alipay": 1},
    }


def _texts(line: Any) -> list[str]:
    """The values in a line that could be recognised in a sentence."""
    if isinstance(line, dict):
        return [text for key, value in line.items() if key not in ("type", "id_type") for text in _texts(value)]
    if isinstance(line, list):
        return [text for value in line for text in _texts(value)]
    return [line] if isinstance(line, str) and len(line) > 3 and line != "true" else []
