"""The report ``codes``: what was shown on a day to every citizen registered with a provider."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from codes.effective import DECIDED_WHEN_ASKED, after_run, code_after
from codes.engine.query import green_on
from codes.engine.subjects import unjudged
from codes.models import Provider, Run, RunProvider
from codes.reports.formats import PERSON, Content, Row
from codes.reports.request import ReportRequest, asked_now
from codes.reports.rows import PersonCells, describe_runs, settled_runs, stream
from codes.validity import Age
from codes.vocabulary import State
from regions.sql import compose
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
    "effective",
    "effective_because",
)

SQL = Path(__file__).with_suffix(".sql")
IS_TOLD = compose(SQL, "is_told")
REGISTERED = compose(
    SQL,
    "registered",
    is_told=IS_TOLD,
    decide=DECIDED_WHEN_ASKED,
    code_after=code_after("r.citizen_id"),
    unjudged=unjudged("%(run)s"),
    green_on=green_on("h", day="(SELECT day FROM codes_run WHERE id = %(run)s)"),
)
RUN_STATES = {"settled": list(Run.SETTLED), "counted": list(Run.COUNTED)}


class Frozen(NamedTuple):
    """The inputs of a provider in a run, as cells. A provider that is not in the run has neither a version nor a horizon."""

    provider: str
    known: bool
    rule_set: str | None
    rule_set_version: int | None
    horizon: str | None


def daily_codes(request: ReportRequest, *, now: datetime) -> Content:
    """Return the rows ordered by day, citizen and provider code. Raises ``CannotExport``.

    If days are requested, the effective code is that of the day; else it is the present one.
    """
    runs = settled_runs(first=request.first, last=request.last)
    person = PersonCells(identified=request.identified)
    return Content(
        COLUMNS,
        _rows(runs, person, request, now=asked_now(request, now)),
        {**describe_runs(runs), **request.only},
        person,
    )


def _rows(runs: Sequence[Run], person: PersonCells, request: ReportRequest, *, now: datetime | None) -> Iterator[Row]:
    state = request.wanted("state")
    # Green and unknown have no rows in the database and are filtered below; red and yellow are filtered by the query.
    held = state if state in (State.RED, State.YELLOW) else None
    for run in runs:
        frozen = frozen_providers(run, zone=current_city().zone)
        day = run.day.isoformat()
        age = Age.of(run.day, now=now) if now else Age()
        values = {"provider": request.wanted("provider"), "held": held, **RUN_STATES, **after_run(run, now=now)}
        for citizen, ref, encrypted, name, provider, colour, rules, turns_green_on, *effective in stream(
            REGISTERED, values
        ):
            verdict = _verdict(frozen[provider], colour, rules, turns_green_on)
            # Filter before the person's data is decrypted, so that only people in the rows count as revealed.
            if state in (None, verdict[1]):
                yield (day, *person.of(citizen, ref, encrypted, name), *verdict, *age.seen(*effective))


def _verdict(frozen: Frozen, colour: str | None, rules: list[str] | None, turns_green_on: Any) -> Row:
    """Return the cells from ``provider`` on. A provider that could not judge has earlier verdicts, which are not shown."""
    version = (frozen.rule_set, frozen.rule_set_version, frozen.horizon)
    if not frozen.known or colour == State.UNKNOWN:
        return (frozen.provider, State.UNKNOWN.value, [], None, *version)
    if colour is None:
        return (frozen.provider, State.GREEN.value, [], None, *version)
    return (frozen.provider, colour, rules, turns_green_on.isoformat() if turns_green_on else None, *version)


class FrozenProviders(dict[int, Frozen]):
    """Provider's id → inputs. A provider that is not in the run is looked up when it is first read."""

    def __missing__(self, provider: int) -> Frozen:
        self[provider] = Frozen(Provider.objects.get(pk=provider).code, False, None, None, None)
        return self[provider]


def frozen_providers(run: Run, *, zone: ZoneInfo) -> FrozenProviders:
    """Return provider's id → its inputs in the run."""
    rows = RunProvider.objects.filter(run=run).select_related("provider", "version__rule_set")
    return FrozenProviders(
        (
            row.provider_id,
            Frozen(
                provider=row.provider.code,
                known=row.known,
                rule_set=row.version.rule_set.code if row.version else None,
                rule_set_version=row.version.version if row.version else None,
                horizon=row.horizon.astimezone(zone).isoformat() if row.horizon else None,
            ),
        )
        for row in rows
    )
