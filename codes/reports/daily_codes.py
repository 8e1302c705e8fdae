"""The report ``codes``: what every registered (citizen, provider) was shown on a day."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from codes.models import Provider, Run, RunProvider
from codes.reports.content import PERSON, Content, Row
from codes.reports.person_cells import PersonCells
from codes.reports.request import ReportRequest
from codes.reports.settled_runs import settled_runs, told
from codes.reports.stream import stream
from codes.vocabulary import State
from regions.tenancy import current_city

COLUMNS = (
    "day",
    *PERSON,
    "provider",
    "state",
    "rule_codes",
    "turns_green_on",
    "rule_set",
    "rule_set_version",
    "horizon",
)

# What was red or yellow at the end of the run. Where no later run has settled, the verdicts that stand; else the last change
# up to it by a run that settled, or that mended one – a held or failed one counts for nothing. One statement decides, so nothing
# comes between.
HELD = """
held AS (
    SELECT citizen_id, provider_id, colour, hits, turns_green_on
    FROM codes_verdict
    WHERE NOT EXISTS (SELECT FROM codes_run later WHERE later.id > %(run)s AND later.state IN ('done', 'partial'))
    UNION ALL
    SELECT citizen_id, provider_id, after, hits, turns_green_on
    FROM (SELECT DISTINCT ON (citizen_id, provider_id) citizen_id, provider_id, after, hits, turns_green_on
          FROM codes_verdictchange
          WHERE run_id IN (SELECT id FROM codes_run
                           WHERE coalesce(amends_id, id) <= %(run)s AND state IN ('done', 'partial', 'mended'))
            AND EXISTS (SELECT FROM codes_run later WHERE later.id > %(run)s AND later.state IN ('done', 'partial'))
          ORDER BY citizen_id, provider_id, run_id DESC) last_change
    WHERE after <> 'green'
)
"""

REGISTERED = f"""
WITH {HELD}
SELECT r.citizen_id, c.ref, c.id_encrypted, c.full_name, r.provider_id, h.colour,
       CASE WHEN h.colour IS NOT NULL THEN ARRAY(
           SELECT DISTINCT (hit->>'rule') COLLATE "C" FROM jsonb_array_elements(h.hits) AS hit ORDER BY 1) END,
       h.turns_green_on
FROM codes_registration r
JOIN codes_citizen c ON c.id = r.citizen_id
JOIN codes_provider provider ON provider.id = r.provider_id
LEFT JOIN held h ON h.citizen_id = r.citizen_id AND h.provider_id = r.provider_id
WHERE r.registered_at <= (SELECT as_of FROM codes_run WHERE id = %(run)s)
  AND (%(provider)s::text IS NULL OR provider.code = %(provider)s)
  AND (%(held)s::text IS NULL OR h.colour = %(held)s)
ORDER BY r.citizen_id, provider.code COLLATE "C"
"""  # noqa: S608 - composed of constants


class Frozen(NamedTuple):
    """What a provider judged by in a run, as cells. One that the run did not know of has no edition, no horizon."""

    provider: str
    known: bool
    rule_set: str | None
    rule_set_version: int | None
    horizon: str | None


def daily_codes(request: ReportRequest) -> Content:
    """Rows by day, then citizen, then provider code. Raises ``CannotExport``."""
    runs = settled_runs(first=request.first, last=request.last)
    person = PersonCells(identified=request.identified)
    return Content(COLUMNS, _rows(runs, person, request), {**told(runs), **request.only}, person)


def _rows(runs: Sequence[Run], person: PersonCells, request: ReportRequest) -> Iterator[Row]:
    state = request.wanted("state")
    # Green and unknown are no rows of their own, so only Python can tell them; a held colour is found by the database.
    held = state if state in (State.RED, State.YELLOW) else None
    for run in runs:
        frozen = frozen_providers(run, zone=current_city().zone)
        day = run.day.isoformat()
        for citizen, ref, sealed, name, provider, colour, rules, green_on in stream(
            REGISTERED, {"run": run.pk, "provider": request.wanted("provider"), "held": held}
        ):
            verdict = _verdict(frozen[provider], colour, rules, green_on)
            # Before anything of the person is opened: who is not in the rows was not revealed.
            if state in (None, verdict[1]):
                yield (day, *person.of(citizen, ref, sealed, name), *verdict)


def _verdict(frozen: Frozen, colour: str | None, rules: list[str] | None, green_on: Any) -> Row:
    """The cells from ``provider`` on. A provider that could not judge keeps earlier verdicts, which are not shown."""
    edition = (frozen.rule_set, frozen.rule_set_version, frozen.horizon)
    if not frozen.known:
        return (frozen.provider, State.UNKNOWN.value, [], None, *edition)
    if colour is None:
        return (frozen.provider, State.GREEN.value, [], None, *edition)
    return (frozen.provider, colour, rules, green_on.isoformat() if green_on else None, *edition)


def frozen_providers(run: Run, *, zone: ZoneInfo) -> dict[int, Frozen]:
    """What each provider of the city judged by in the run, by the provider's id."""
    unknown = {one.pk: Frozen(one.code, False, None, None, None) for one in Provider.objects.all()}
    rows = RunProvider.objects.filter(run=run).select_related("provider", "version__rule_set")
    return unknown | {
        row.provider_id: Frozen(
            provider=row.provider.code,
            known=row.known,
            rule_set=row.version.rule_set.code if row.version else None,
            rule_set_version=row.version.version if row.version else None,
            horizon=row.horizon.astimezone(zone).isoformat() if row.horizon else None,
        )
        for row in rows
    }
