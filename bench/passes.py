"""``./run bench passes``: passes issued, drawn and verified, and their pages, each against the minimum it needs."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from bench import report, samples
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size
from bench.clock import Watch, typical, watch
from bench.rounds import BenchFailed
from bench.visits import Visitors
from bench.web import Served, Visit, WebServer, web_server
from bench.web_urls import EMPTY
from codes.models import Citizen, GateScan, Verdict
from codes.passes.issuing import issue_pass, published_keys
from codes.passes.key_list import key_id_of
from codes.passes.results import CheckResult
from codes.passes.token import Pass, verify_token, write_token
from portal.web.qr import MASK, pass_svg
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.models import City, Domain
from regions.tenancy import as_owner, in_city

WITH_FACTS_SHARE = 0.08
VERIFY_LIMIT, ISSUE_LIMIT, PAGE_SHARE, P99_LIMIT = 3.0, 1.2, 0.5, 2.0
PROMISED = ("code", "renewal", "gate", "machine")
HOSTS = "bench-city.localhost"
# A token of usual length; Ed25519 signs this many bytes of it.
SIGNED_BYTES = 110
BROWSERS = 50
PER_ROUND = 4
WARM_UP = 2


@dataclass(frozen=True)
class Tokens:
    """Seconds per pass in each round, of the portal and of the bare libraries."""

    issued: list[Watch]
    bare_issued: list[Watch]
    bare_best: list[Watch]
    verified: list[Watch]
    bare_verified: list[Watch]


def main(*, people: int, sample: int, rounds: int) -> None:
    """Measure and write the results."""
    with a_city(Size(people, int(people * WITH_FACTS_SHARE))):
        fresh_round()
        give_host()
        with in_city(SCHEMA):
            tokens = _tokens(sample, rounds)
            visits = citizens_visits(min(sample, BROWSERS), now=timezone.now())
            gates = {
                "gate": gate_visits(min(sample, BROWSERS), now=timezone.now()),
                "machine": _machine_visits(min(sample, BROWSERS), now=timezone.now()),
            }
        with web_server() as server, in_city(SCHEMA):
            served = _served(server, visits, gates, rounds=rounds, each=max(2, sample // PER_ROUND))
    _write(people, tokens, served)


def _tokens(sample: int, rounds: int) -> Tokens:
    """Measure the portal and the bare libraries in turns, so that other load on the machine affects both."""
    now = timezone.now()
    citizen = Citizen.objects.earliest("pk")
    example, content = issue_pass(citizen, now=now)
    keys = {one.key_id: one for one in published_keys()}
    key = encryption.signing_key(Purpose.PASS)
    secret, public = Ed25519PrivateKey.from_private_bytes(key.seed), Ed25519PublicKey.from_public_bytes(key.public_key)
    message = random.Random(1).randbytes(SIGNED_BYTES)
    signature = secret.sign(message)
    key_id = key_id_of(key.public_key)

    def issue() -> None:
        pass_svg(_written(content, key_id, key), "pass")

    def bare_issue(mask: int | None = MASK) -> None:
        secret.sign(message)
        code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=mask)
        code.add_data(example)
        code.make(fit=True)

    def verify() -> None:
        if verify_token(example, keys, at=now) != content:
            raise BenchFailed("the pass is not what was issued")

    acts: list[Callable[[], None]] = [
        issue, bare_issue, lambda: bare_issue(None), verify, lambda: public.verify(signature, message),
    ]  # fmt: skip
    counted: list[list[Watch]] = [[] for _ in acts]
    for _ in range(rounds):
        for act, into in zip(acts, counted, strict=True):
            with watch() as spent:
                for _nth in range(sample):
                    act()
            into.append(spent / sample)
    return Tokens(*counted)


def _written(content: Pass, key_id: bytes, key: encryption.SigningKey) -> str:
    return write_token(content, key_id=key_id, sign=key.sign)


def give_host() -> None:
    """Give the city a host name for browsers."""
    with as_owner():
        Domain.objects.create(domain=HOSTS, tenant=City.objects.get(schema_name=SCHEMA), is_primary=True)


def citizens_visits(browsers: int, *, now: datetime) -> dict[str, list[Visit]]:
    """Return visits of signed-in citizens, randomly drawn ones and ones who are not green."""
    visitors = Visitors(HOSTS, now=now)
    green = samples.everybody(browsers)
    held = list(Verdict.objects.order_by("pk").values_list("citizen_id", flat=True).distinct())
    carried = {pk: _carried(visitors.citizen(pk)) for pk in {*green, *held[:browsers]}}
    return {
        "empty": [Visit(EMPTY, carried[pk]) for pk in green],
        "code": [Visit(reverse("citizen_code", urlconf=settings.ROOT_URLCONF), carried[pk]) for pk in green],
        "renewal": [Visit(reverse("citizen_pass", urlconf=settings.ROOT_URLCONF), carried[pk]) for pk in green],
        "held": [Visit(reverse("citizen_code", urlconf=settings.ROOT_URLCONF), carried[pk]) for pk in held[:browsers]],
    }


def gate_visits(passes: int, *, now: datetime) -> Callable[[], list[Visit]]:
    """Return a function for visits of a gate's device with passes issued at that moment, as they are valid for a minute."""
    sealed = get_random_string(CSRF_SECRET_LENGTH)
    cookies = {settings.GATE_COOKIE_NAME: Visitors(HOSTS, now=now).gate(), settings.CSRF_COOKIE_NAME: sealed}
    carried = {
        "Host": HOSTS,
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    citizens = list(Citizen.objects.filter(pk__in=samples.everybody(passes)))

    def visits() -> list[Visit]:
        at = timezone.now()
        texts = [issue_pass(citizen, now=at)[0] for citizen in citizens]
        bodies = [urlencode({"text": text, "csrfmiddlewaretoken": sealed}).encode() for text in texts]
        return [Visit(reverse("gate_check", urlconf=settings.ROOT_URLCONF), carried, body) for body in bodies]

    return visits


def _machine_visits(passes: int, *, now: datetime) -> Callable[[], list[Visit]]:
    """Return a function for visits of a machine at another gate, with passes of other citizens."""
    carried = {
        "Host": HOSTS,
        "Authorization": f"Bearer {Visitors(HOSTS, now=now).gate()}",
        "Content-Type": "application/json",
    }
    others = set(samples.everybody(2 * passes)) - set(samples.everybody(passes))
    citizens = list(Citizen.objects.filter(pk__in=others))

    def visits() -> list[Visit]:
        at = timezone.now()
        bodies = [json.dumps({"pass": issue_pass(citizen, now=at)[0]}).encode() for citizen in citizens]
        return [Visit(reverse("api_verifications", urlconf=settings.ROOT_URLCONF), carried, body) for body in bodies]

    return visits


def _carried(browser: Client) -> dict[str, str]:
    """Return the headers of a browser: its session and the cookie of forms."""
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    cookies[settings.CSRF_COOKIE_NAME] = get_random_string(CSRF_SECRET_LENGTH)
    return {"Host": HOSTS, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def _served(
    server: WebServer,
    visits: dict[str, list[Visit]],
    gates: dict[str, Callable[[], list[Visit]]],
    *,
    rounds: int,
    each: int,
) -> dict[str, Served]:
    """Measure each kind of visit in turns, after a few that are not counted."""
    served = {name: Served() for name in (*visits, *gates)}
    for some in (*visits.values(), *(make() for make in gates.values())):
        server.serve(some * WARM_UP, Served())
    for _ in range(rounds * PER_ROUND):
        for name, into in served.items():
            some = gates[name]() if name in gates else visits[name]
            server.serve((some * (each // len(some) + 1))[:each], into)
    if GateScan.objects.exclude(result__in=[CheckResult.OK, CheckResult.UNKNOWN]).exists():
        raise BenchFailed("the gate took a pass for none, or for another gate's")
    for name, one in served.items():
        say(
            f"  {name}: {one.per_second:.0f}/s, {one.processor_each * 1000:.1f} ms of processor, p99 {one.p99 * 1000:.0f} ms"
        )
    return served


ROWS = {
    "empty": "a page on which there is nothing",
    "code": "the code page, people drawn as by lot",
    "renewal": "its renewal every 45 seconds",
    "held": "the code page of people who are not green",
    "gate": "a gate has a pass checked",
    "machine": "a gate's machine has one checked over the API",
}


def _write(people: int, tokens: Tokens, served: dict[str, Served]) -> None:
    times = {name: typical(getattr(tokens, name)) for name in Tokens.__dataclass_fields__}
    said = (
        f"{people:,} people. Passes are made and verified in this process, in turns with the bare library calls; pages by the web "
        f"server as it is shipped, in a process of its own with {len(served['empty'].times):,} visits of each kind in turns, and by the "
        "browsers of the bench on the same machine.\n"
    )
    parts = [
        said,
        report.table(["promise", "measured", "kept"], _promises(times, served)),
        report.table(["", "time", "processor", "per second and core", "× bare"], _pass_rows(times)),
        report.table(
            ["", "per second", "of the empty page", "processor, with the database's", "× empty", "p99", "× empty"],
            _page_rows(served),
        ),
    ]
    page = report.write("passes", "Passes", parts)
    say(f"written to bench/results/{page.name}")


def _promises(times: dict[str, Watch], served: dict[str, Served]) -> list[list[str]]:
    return [
        report.promise(
            "a pass issued and drawn, in times of bare Ed25519 and qrcode (at most 1.2)",
            times["issued"].processor / times["bare_issued"].processor,
            ISSUE_LIMIT,
        ),
        report.promise(
            "a pass verified, in times of bare Ed25519 (at most 3)",
            times["verified"].processor / times["bare_verified"].processor,
            VERIFY_LIMIT,
        ),
        *(
            report.promise(
                f"{ROWS[name]}, per second, as a share of the empty page (at least 0.5)",
                served[name].per_second / served["empty"].per_second,
                PAGE_SHARE,
                at_least=True,
            )
            for name in PROMISED
        ),
        *(
            report.promise(
                f"{ROWS[name]}, p99, in times of the empty page's (at most 2)",
                served[name].p99 / served["empty"].p99,
                P99_LIMIT,
            )
            for name in PROMISED
        ),
    ]


def _pass_rows(times: dict[str, Watch]) -> list[list[str]]:
    bare = {"issued": "bare_issued", "bare_best": "bare_issued", "verified": "bare_verified"}
    names = {
        "issued": "a pass issued and drawn as the page shows it",
        "bare_issued": "Ed25519 and qrcode, bare, with the same mask",
        "bare_best": "the same with the best of eight masks, as qrcode does by itself",
        "verified": "a pass verified",
        "bare_verified": "Ed25519, bare",
    }
    return [
        [
            title,
            report.micro(times[name].seconds),
            report.micro(times[name].processor),
            f"{1 / times[name].processor:,.0f}",
            f"{times[name].processor / times[bare.get(name, name)].processor:.2f}",
        ]
        for name, title in names.items()
    ]


def _page_rows(served: dict[str, Served]) -> list[list[str]]:
    empty = served["empty"]
    return [
        [
            ROWS[name],
            f"{one.per_second:.0f}",
            f"{one.per_second / empty.per_second:.2f}",
            f"{one.processor_each * 1000:.1f} ms",
            f"{one.processor_each / empty.processor_each:.1f}",
            f"{one.p99 * 1000:.0f} ms",
            f"{one.p99 / empty.p99:.1f}",
        ]
        for name, one in served.items()
    ]
