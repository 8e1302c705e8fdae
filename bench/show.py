"""``./run bench show``: the processor time of showing a code, against an empty page and against signing alone."""

import random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from bench import report
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size
from bench.clock import Watch, typical, watch
from bench.crowd import Crowd, arriving, at_once
from bench.passes import BROWSERS, PER_ROUND, SIGNED_BYTES, WARM_UP, WITH_FACTS_SHARE, citizens_visits, give_host
from bench.web import BROWSERS as WEB_BROWSERS
from bench.web import Served, Visit, WebServer, behind_proxy, web_server
from portal.crowding import WAITING_PER_THREAD
from regions.tenancy import in_city

RENEWAL_LIMIT, SECONDS_LIMIT, CROWD_LIMIT = 3.0, 0.004, 2.0
TENFOLD, CROWD_SECONDS = 10, 8.0
# As many as the server accepts, with one thread more than the bench has browsers (``portal.crowding``).
FULL = (WEB_BROWSERS + 1) * (1 + WAITING_PER_THREAD)

ROWS = {
    "empty": "a page on which there is nothing",
    "code": "the code page, people drawn as by lot",
    "renewal": "its renewal every 45 seconds",
    "held": "the code page of people who are not green",
    "held_renewal": "its renewal",
    "held_first": "the same page, opened for the first time since the run",
}


def main(*, people: int, sample: int, rounds: int) -> None:
    """Measure and write the results."""
    with a_city(Size(people, int(people * WITH_FACTS_SHARE))):
        fresh_round()
        give_host()
        signing = _signing(sample, rounds)
        with in_city(SCHEMA):
            visits = citizens_visits(min(sample, BROWSERS), now=timezone.now())
        renewal = reverse("citizen_pass", urlconf=settings.ROOT_URLCONF)
        visits["held_renewal"] = [Visit(renewal, one.headers) for one in visits["held"]]
        # Half of these people open the page only once, so that nothing of theirs is cached.
        half = len(visits["held"]) // 2
        visits["held_first"], visits["held"] = visits["held"][:half], visits["held"][half:]
        with web_server() as server, in_city(SCHEMA):
            served = _served(server, visits, rounds=rounds * PER_ROUND, each=max(2, sample // PER_ROUND))
            with behind_proxy(server, most=FULL) as port:
                say(f"{FULL} browsers at once, then {TENFOLD} times what they were served …")
                full = at_once(port, visits["renewal"], browsers=FULL, seconds=CROWD_SECONDS)
                tenfold = arriving(port, visits["renewal"], rate=TENFOLD * full.per_second, seconds=CROWD_SECONDS)
    _write(people, signing, served, full, tenfold)


def _signing(sample: int, rounds: int) -> Watch:
    """Return the seconds of one signature over a text of a pass's length."""
    secret, message = Ed25519PrivateKey.generate(), random.Random(1).randbytes(SIGNED_BYTES)
    counted = []
    for _ in range(rounds):
        with in_city(SCHEMA), watch() as spent:
            for _nth in range(sample):
                secret.sign(message)
        counted.append(spent / sample)
    return typical(counted)


def _served(server: WebServer, visits: dict[str, list[Visit]], *, rounds: int, each: int) -> dict[str, Served]:
    """Measure each kind of visit in turns, after a few that are not counted."""
    served = {name: Served() for name in ROWS}
    once = visits.pop("held_first")
    for some in visits.values():
        server.serve(some * WARM_UP, Served())
    server.serve(once, served["held_first"])
    for _ in range(rounds):
        for name, some in visits.items():
            into = served[name]
            server.serve((some * (each // len(some) + 1))[:each], into)
    for name, one in served.items():
        say(f"  {name}: {one.processor_each * 1000:.1f} ms of processor")
    return served


def _write(people: int, signing: Watch, served: dict[str, Served], full: Crowd, tenfold: Crowd) -> None:
    empty = served["empty"].processor_each
    rows = [
        [
            title,
            f"{served[name].processor_each * 1000:.1f} ms",
            f"{1 / served[name].processor_each:,.0f}",
            f"{served[name].processor_each / empty:.1f}",
            f"{served[name].processor_each / signing.processor:,.0f}",
            f"{served[name].p99 * 1000:.0f} ms",
        ]
        for name, title in ROWS.items()
    ]
    bare = [
        report.micro(signing.processor),
        f"{1 / signing.processor:,.0f}",
        f"{signing.processor / empty:.3f}",
        "1",
        "",
    ]
    said = (
        f"{people:,} people; {len(served['empty'].times):,} visits of each kind in turns, by the web server as it is shipped. "
        "Processor: that of the web server and of the database together, which what else runs on the machine hardly touches.\n"
    )
    promises = [
        report.promise(
            "the renewal, processor, in times of the empty page (at most 3)",
            served["renewal"].processor_each / empty,
            RENEWAL_LIMIT,
        ),
        *(
            report.promise(
                f"{ROWS[name]}, ms of processor (at most 4)", served[name].processor_each * 1000, SECONDS_LIMIT * 1000
            )
            for name in ("code", "renewal", "held")
        ),
        report.promise(
            f"{TENFOLD} times the load, behind the shipped proxy: p99 of those served, in times of the full load's (at most 2)",
            tenfold.p99 / full.p99,
            CROWD_LIMIT,
        ),
    ]
    head = ["", "processor", "per second and core", "× empty", "× signing", "p99"]
    parts = [
        said,
        report.table(["promise", "measured", "kept"], promises),
        report.table(head, [*rows, ["an Ed25519 signature, bare", *bare]]),
        report.table(
            ["renewals", "served per second", "p99", "turned away", "p99 of these", "broken off"],
            [
                [f"{FULL} browsers, each with the next at once", *_crowd_row(full)],
                [f"{TENFOLD} times as many, at moments of chance", *_crowd_row(tenfold)],
            ],
        ),
    ]
    page = report.write("show", "Showing a code", parts)
    say(f"written to bench/results/{page.name}")


def _crowd_row(crowd: Crowd) -> list[str]:
    turned_away = crowd.turned_away
    return [
        f"{crowd.per_second:.0f}",
        f"{crowd.p99 * 1000:.0f} ms",
        f"{len(turned_away) / (len(turned_away) + len(crowd.served)):.0%}",
        f"{crowd.p99_turned_away * 1000:.0f} ms" if turned_away else "",
        f"{crowd.broken_off}",
    ]
