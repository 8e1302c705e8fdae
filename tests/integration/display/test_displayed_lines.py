"""Lines about displayed colours: accepted with any value, evaluated by the last one, refused if they are in the future."""

from datetime import datetime, timedelta
from typing import Any

from codes.display.findings import displayed_of
from codes.models import DisplayCause, DisplayChange, Displayed, DisplayFinding, Entry, Provider, Registration
from regions.models import City
from tests.integration.lines import ANNA, BERT, Line, citizen, outcomes, take


def shown(**changes: Any) -> Line:
    line = {"type": "displayed", "provider": "alipay", "entry_id": "s-1", "id_type": "10", "id_number": ANNA}
    return {**line, "value": "00", "shown_at": "2026-11-20T08:00:00+08:00", **changes}


def test_lines_are_taken_repeated_and_refused_like_others(alpha: City, now: datetime) -> None:
    later = (now + timedelta(seconds=1)).isoformat()
    results = take(
        shown(),
        shown(shown_at="2026-11-20T00:00:00Z"),
        shown(value="10"),
        shown(entry_id="s-2", shown_at=later),
        shown(entry_id="s-3", value=""),
        shown(entry_id="s-4", full_name="安娜"),
        shown(entry_id="s-5", id_number=BERT, value="nobody knows"),
        now=now,
    )
    assert outcomes(results) == [
        "accepted", "duplicate", "entry_id_reused", "in_future", "bad_field", "unknown_field", "accepted",
    ]  # fmt: skip
    entry = Entry.objects.get(entry_id="s-1")
    assert entry.content == {"provider": "alipay", "entry_id": "s-1", "type": "displayed", "value": "00"} | {
        "shown_at": entry.content["shown_at"]
    }
    assert entry.instant == datetime.fromisoformat("2026-11-20T00:00:00Z")
    assert not Registration.objects.exists()


def test_the_line_shown_last_counts_in_whatever_order_they_come(alpha: City, now: datetime) -> None:
    Provider.objects.update(display={"00": "green"})
    at = [(now - timedelta(minutes=minutes)).isoformat() for minutes in (30, 20, 40)]
    take(shown(value="A", shown_at=at[0]), shown(entry_id="s-2", value="B", shown_at=at[1]), now=now)
    take(shown(entry_id="s-3", value="C", shown_at=at[2]), now=now)
    assert [(one.value, one.cause) for one in displayed_of(citizen().pk)] == [("B", DisplayCause.UNKNOWN_VALUE)]  # type: ignore[attr-defined]
    take(shown(entry_id="s-4", value="D", shown_at=at[1]), now=now)
    assert Displayed.objects.get().value == DisplayFinding.objects.get().value == "D"
    told = DisplayChange.objects.get()
    assert (told.what, told.cause) == (DisplayChange.What.OPENED, DisplayCause.UNKNOWN_VALUE)
