"""``./run bench coordinator``: what a Citus cluster's coordinator and nodes take, against the same city in the coordinator's own tables.

``DATABASE_URL`` names the coordinator, and all servers are on this machine. A city whose tables lie on no node is what it would be on one
server of the same version and settings: Citus plans nothing of it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from bench import day as ordinary
from bench import report
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size
from bench.clock import middle
from bench.passes import WITH_FACTS_SHARE, give_host
from bench.province import BUSIEST, KINDS, PEOPLE_SHOWN, collect, live_on, show
from bench.province_day import Answer, Demand, Province
from bench.rounds import BenchFailed
from bench.servers import Spent, watch_servers
from codes.models import Citizen
from regions.cluster import is_cluster
from regions.schemas import prepare_database
from regions.tenancy import as_owner, in_city

STATEMENTS, DAYS = 10_000, 7
# Of the sessions that make a city: it stays on the coordinator.
OWN_TABLES = "-c citus.enable_schema_based_sharding=off"
TITLES = {
    "statement": "a statement: somebody by their key",
    **KINDS,
    "record": "a record collected, of somebody who is known",
    "person": "a run of an ordinary day, for each person of the city",
    "beat": "beat's tasks, for each city and second",
}
# As `./run bench province` has it; of each server half is left free in the busiest minute.
PROVINCE = Province(100_000_000, 400, 266_000_000)
HOUR = 3600


def main(*, people: int, sample: int) -> None:
    """Measure and write the results."""
    with as_owner():
        prepare_database()
    if not is_cluster():
        raise BenchFailed("DATABASE_URL names no Citus cluster (deploy/citus/README.md)")
    say("in the coordinator's own tables …")
    with _own_tables():
        own = _measure(people=people, sample=sample)
    say("on a node …")
    _write(own, _measure(people=people, sample=sample), people)


@contextmanager
def _own_tables() -> Iterator[None]:
    """Sessions that begin in the block make cities there."""
    before = os.environ.get("PGOPTIONS", "")
    os.environ["PGOPTIONS"] = f"{before} {OWN_TABLES}"
    connection.close()
    try:
        yield
    finally:
        os.environ["PGOPTIONS"] = before
        connection.close()


def _measure(*, people: int, sample: int) -> dict[str, Spent]:
    """What each part takes of the servers, in seconds."""
    with a_city(Size(PEOPLE_SHOWN, int(PEOPLE_SHOWN * WITH_FACTS_SHARE))):
        fresh_round()
        give_host()
        parts = {"statement": _statement()}
        parts |= {kind: served.servers / len(served.times) for kind, served in show(sample).items()}
        _, parts["record"] = collect()
    parts["person"] = _usual(people) / people
    _, parts["beat"] = live_on()
    return parts


def _statement() -> Spent:
    """One after the other in one session, as a worker has it."""
    with watch_servers() as servers, in_city(SCHEMA):
        first = Citizen.objects.earliest("pk").pk
        for nth in range(STATEMENTS):
            Citizen.objects.values_list("ref").get(pk=first + nth % PEOPLE_SHOWN)
    return servers / STATEMENTS


def _usual(people: int) -> Spent:
    """The median of the ordinary days, without those that judge everybody."""
    days = [one.servers for one in ordinary.live(people, DAYS, history=True).days[ordinary.NARROWED :]]
    return Spent(middle([one.server for one in days]), middle([one.nodes for one in days]))


def _write(own: dict[str, Spent], there: dict[str, Spent], people: int) -> None:
    said = (
        f"Seconds of processor, of the servers alone, with what they do beside it. "
        f"`one server` is the same city in tables of the coordinator's own. "
        f"{PEOPLE_SHOWN:,} people are shown, ordinary days are those of {people:,}. All servers are on this "
        f"machine: what the network adds is not in it, nor what many sessions at once do to each other.\n"
    )
    rows = [
        [
            title,
            *map(report.micro, (own[part].both, there[part].server, there[part].nodes)),
            *_ratios(own[part], there[part]),
        ]
        for part, title in TITLES.items()
    ]
    page = report.write(
        "coordinator",
        "What a cluster's coordinator takes",
        [
            said,
            report.table(
                [
                    "",
                    "one server",
                    "coordinator",
                    "node",
                    "coordinator, in times of one server",
                    "both, in times of it",
                ],
                rows,
            ),
            f"A day of {PROVINCE.people:,} people in {PROVINCE.cities} cities, as `./run bench province` has it:\n",
            report.table(["", "one server", "coordinator", "nodes together"], _province(own, there)),
        ],
    )
    say(f"written to bench/results/{page.name}")


def _ratios(own: Spent, there: Spent) -> list[str]:
    return [f"{spent / own.both:.2f}" if own.both else "–" for spent in (there.server, there.both)]


def _province(own: dict[str, Spent], there: dict[str, Spent]) -> list[list[str]]:
    places = [
        {part: spent.both for part, spent in own.items()},
        {part: spent.server for part, spent in there.items()},
        {part: spent.nodes for part, spent in there.items()},
    ]
    beat = [one["beat"] * PROVINCE.cities for one in places]
    shown = [Demand(PROVINCE).busiest({kind: Answer(0, one[kind], ()) for kind in KINDS})[1] for one in places]
    night = [PROVINCE.people * (one["person"] + PROVINCE.records * one["record"]) for one in places]
    return [
        [
            "cores full, of the busiest minute's answers and beat",
            *(f"{sum(one):.1f}" for one in zip(shown, beat, strict=True)),
        ],
        ["cores, half of them left free", *(f"{sum(one) / BUSIEST:.0f}" for one in zip(shown, beat, strict=True))],
        ["hours of a core, of all collection and runs", *(f"{one / HOUR:.1f}" for one in night)],
    ]
