"""What can be seen of the cities' runs from outside: a look at the database as its superuser, which takes a millisecond."""

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
    """The first run of a city: its step, how many partitions it has and how many have ended; whether any run is open."""

    step: Step
    partitions: int
    ended: int
    is_open: bool
    run: int


def look(servers: Servers) -> dict[str, Seen]:
    """City → what is seen; nothing of a city without a run, and nothing at all while the database is away."""
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
    """Of the newest job of a kind, and why it failed; empty where there is none, and while the database is away."""
    rows = servers.look(f"SELECT state, fault || params::text FROM {table} ORDER BY id DESC LIMIT 1")  # noqa: S608 - ours
    return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")


def is_quiet(servers: Servers) -> bool:
    """Whether nobody asks the database anything; it need not be there yet."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'portal' AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    return servers.look(query, database="postgres") == [(0,)]
