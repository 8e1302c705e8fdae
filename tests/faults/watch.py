"""Observe the cities' runs from outside, by a query as superuser that takes a millisecond."""

from dataclasses import dataclass

from tests.faults.plan import CITIES, Moment, Step
from tests.faults.servers import Servers

ORDER = (Step.COLLECTING, Step.EVALUATING, Step.SETTLING, Step.ENDED)

LOOK = " UNION ALL ".join(
    f"""(
    SELECT '{city}', r.state, (SELECT count(*) FROM {city}.codes_partition p WHERE p.run_id = r.id),
           (SELECT count(*) FROM {city}.codes_partition p WHERE p.run_id = r.id AND p.state IN ('done', 'parked')),
           (SELECT count(*) FROM {city}.codes_run o WHERE o.state IN ('collecting', 'evaluating', 'settling')), r.id
    FROM {city}.codes_run r ORDER BY r.id LIMIT 1)"""  # noqa: S608 - names of ours
    for city in CITIES
)


@dataclass(frozen=True)
class Seen:
    """The first run of a city: its step, its numbers of partitions and of ended ones, and whether any run is open."""

    step: Step
    partitions: int
    ended: int
    is_open: bool
    run: int


def look(servers: Servers) -> dict[str, Seen]:
    """Return city → its first run. Cities without a run are absent; all are while the database is unavailable."""
    rows = servers.look(LOOK)
    steps = set(map(str, Step))
    return {
        city: Seen(Step(state) if state in steps else Step.ENDED, partitions, ended, bool(is_open), run)
        for city, state, partitions, ended, is_open, run in rows
    }


def reached(moment: Moment, seen: dict[str, Seen]) -> bool:
    one = seen.get(moment.city)
    if one is None:
        return False
    if one.step == moment.step == Step.EVALUATING:
        return one.ended >= moment.share * one.partitions
    return ORDER.index(one.step) >= ORDER.index(moment.step)


def job_state(servers: Servers, table: str) -> tuple[str, str]:
    """Return the state of the table's newest job, and why it failed.

    Both are empty if there is no job, and while the database is unavailable.
    """
    rows = servers.look(f"SELECT state, fault || params::text FROM {table} ORDER BY id DESC LIMIT 1")  # noqa: S608 - ours
    return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")


def is_quiet(servers: Servers) -> bool:
    """Return whether no query is running in the database. It need not exist yet."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'portal' AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    return servers.look(query, database="postgres") == [(0,)]
