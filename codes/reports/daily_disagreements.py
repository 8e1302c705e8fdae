"""The report ``disagreements``: who was shown different colours on a day, why, and what the city stood by."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from codes.models import Run
from codes.reports.content import PERSON, Content, Row
from codes.reports.person_cells import PersonCells
from codes.reports.request import ReportRequest
from codes.reports.settled_runs import settled_runs, told
from codes.reports.stream import stream

COLUMNS = ("day", *PERSON, "colours", "effective", "effective_because", "pairs", "case_number", "case_state")
PAIR_KEYS = ("a", "b", "primary_cause", "swaps_a_to_b", "swaps_b_to_a", "guilty")

# What stood before the next run: the effective code is the one the run settled, or a ruling or a mending run set after it; green
# by agreement is no row. The case is the one about this fingerprint or, where data missing on one side changed it, the one then open.
STANDING = """
SELECT d.citizen_id, c.ref, c.id_encrypted, c.full_name, d.colours, effective.after, effective.after_because,
       coalesce(diagnosed.pairs, '[]'), taken.number, taken.state
FROM codes_disagreement d
JOIN codes_run run ON run.id = %(run)s
JOIN codes_citizen c ON c.id = d.citizen_id
LEFT JOIN LATERAL (
    SELECT change.after, change.after_because
    FROM codes_effectivechange change
    WHERE change.citizen_id = d.citizen_id
      AND ((SELECT coalesce(brought.amends_id, brought.id) FROM codes_run brought WHERE brought.id = change.run_id) <= run.id
           OR change.run_id IS NULL AND change.since < coalesce(%(until)s::timestamptz, 'infinity'))
    ORDER BY change.id DESC LIMIT 1
) effective ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(p) || jsonb_build_object('a', a.code, 'b', b.code)
                     ORDER BY a.code COLLATE "C", b.code COLLATE "C") AS pairs
    FROM codes_pairdiagnosis p
    JOIN codes_provider a ON a.id = p.a_id
    JOIN codes_provider b ON b.id = p.b_id
    WHERE p.disagreement_id = d.id
) diagnosed ON true
LEFT JOIN LATERAL (
    SELECT found.number, found.state
    FROM codes_case found
    WHERE found.citizen_id = d.citizen_id AND found.kind = 'disagreement'
      AND (SELECT coalesce(opened.amends_id, opened.id) FROM codes_run opened WHERE opened.id = found.opened_run_id) <= run.id
      AND (found.fingerprint = d.fingerprint OR found.closed_at IS NULL OR found.closed_at > run.as_of)
    ORDER BY found.fingerprint = d.fingerprint DESC, found.closed_at IS NULL DESC, found.id DESC LIMIT 1
) taken ON true
JOIN codes_run opened ON opened.id = d.opened_run_id
LEFT JOIN codes_run closed ON closed.id = d.closed_run_id
WHERE coalesce(opened.amends_id, opened.id) <= run.id
  AND (closed.id IS NULL OR coalesce(closed.amends_id, closed.id) > run.id)
ORDER BY d.citizen_id
"""


def daily_disagreements(request: ReportRequest) -> Content:
    """Rows by day, then citizen. Raises ``CannotExport``."""
    runs = settled_runs(first=request.first, last=request.last)
    person = PersonCells(identified=request.identified)
    cause = request.wanted("cause")
    return Content(COLUMNS, _rows(runs, person, cause), {**told(runs), **request.only}, person)


def _rows(runs: Sequence[Run], person: PersonCells, cause: str | None) -> Iterator[Row]:
    for run in runs:
        day = run.day.isoformat()
        following = Run.objects.settled().filter(pk__gt=run.pk).order_by("pk").first()
        parameters = {"run": run.pk, "until": following.as_of if following else None}
        for citizen, ref, sealed, name, colours, effective, because, pairs, *case in stream(STANDING, parameters):
            diagnosed = _pairs(pairs)
            if cause is not None and cause not in [pair["primary_cause"] for pair in diagnosed]:
                continue
            shown = dict(sorted(json.loads(colours).items()))
            stood_by = (effective or "green", because or "agreement")
            yield (day, *person.of(citizen, ref, sealed, name), shown, *stood_by, diagnosed, *case)


def _pairs(stored: str) -> list[dict[str, Any]]:
    """The diagnoses with their keys in the order of the contract, which the database does not keep."""
    return [{key: pair[key] for key in PAIR_KEYS} for pair in json.loads(stored)]
