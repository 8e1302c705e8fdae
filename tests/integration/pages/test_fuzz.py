"""Every address with hostile values in path, query and form: refused or not found, never a server error."""

import base64
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django import forms
from django.core.signals import got_request_exception
from pytest_django import Settings

from codes.models import Citizen
from portal.staff_sign_in.adapters import encrypt_secret
from regions.identity import Identity
from regions.keys.encryption import encrypt_number
from regions.vocabulary import IdType
from tests.architecture.source import CHECKOUT
from tests.integration.lines import ANNA
from tests.integration.pages.matrix_cast import Place, undone, whoever_may
from tests.integration.pages.people import Visitor

pytestmark = pytest.mark.usefixtures("no_worker")


def token(*values: object) -> str:
    """A place in a list, as `portal.web.keyset` writes it, with values of other types."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


TOKENS = [
    *(
        token(*values)
        for size in (1, 2, 3)
        for values in ([True] * size, ["x"] * size, [1e308] * size, [10**30] * size)
    ),
    *(token(*["\x00"] * size) for size in (1, 2, 3)),
    *(token(*["9999-12-31T23:59:59+00:00"] * size) for size in (1, 2, 3)),
    token({"a": 1}),
    token(None),
    base64.urlsafe_b64encode(b"[NaN]").decode(),
    base64.urlsafe_b64encode(b"[" * 5000).decode(),
]
HOSTILE = [
    "",
    "\x00",
    "a\x00b",
    "-1",
    "0",
    str(2**31),
    str(2**63),
    "9" * 400,
    "1e400",
    "NaN",
    "１２",
    "٣",
    "²",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "9999-12-31T23:59:59+14:00",
    "..",
    "../../etc/passwd",
    "%00",
    "%",
    "'",
    "\\",
    "{0.__class__}",
    "%(x)s",
    "\ud800",
    "\ufeff",
    "\u202e",
    "🀄" * 300,
    "x" * 20_000,
    "9" * 5000,
    "[]",
    '{"a": 1}',
    "<script>",
    *TOKENS,
]
# What a browser or a proxy may write there beside any hostile text.
HEADERS = {
    "Accept": ["*/*;q=NaN", "text/html;q=1e400,;;=", "application/json"],
    "Accept-Encoding": ["gzip;q=", "identity;q=0, *;q=0"],
    "Accept-Language": ["zh;q=NaN", "*;q=1e400", "zh-Hans-" + "x-" * 3000, "-,_,;q"],
    "Authorization": ["Bearer", "Bearer \xff", "Basic ====", "Device " + "." * 5000],
    "Content-Encoding": ["gzip", "br, gzip", "identity, identity"],
    "Content-Length": ["-1", "1e3", "١", "9" * 400],
    "Content-Type": [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff; charset=x",
        "application/json; charset=none-such",
        "application/x-www-form-urlencoded; charset=utf-7",
        "text/plain; charset=idna",
        ";;;",
    ],
    "Cookie": [
        r'session="\000aaaaaaaaaaaaaaa"',
        "session=\xff",
        ";;;===",
        "__Host-language=../../x; csrftoken=%00",
        'a="\\777\\',
    ],
    "Host": ["[::1", "a b", "xn--\xff", "beta.localhost:99999", "beta.localhost:x", "." * 300],
    "HX-Request": ["true"],
    "Idempotency-Key": ["x" * 300],
    "If-Match": ["*", 'W/"'],
    "If-Modified-Since": ["Wed, 99 Nov 99999 25:61:61 GMT", "Thu, 01 Jan 0000 00:00:00 GMT"],
    "If-None-Match": ["*", 'W/"', '"' * 999],
    "Origin": ["null", "http://[::1", "file://"],
    "Range": ["bytes=9-1", "bytes=-" + "9" * 400, "bytes=0-0,1-1,", "items=١-٢"],
    "Referer": ["http://[::1", "//\xff", "javascript:x"],
    "X-App-Id": ["app"],
    "X-Forwarded-For": ["::::", "1.2.3.4, \xff", "fe80::1%25\xff", "," * 999],
    "X-Forwarded-Host": ["[::1"],
    "X-Forwarded-Proto": ["https, http", "\xff"],
    "X-Request-Id": ["\xff" * 40],
}
# As bytes of a path or a query, some of which are no text at all.
RAW = ["%00", "%ff", "%ed%a0%80", "%c0%80", "%0d%0a", "%25%30%30", "+", "%2e%2e%2f"]
READ = re.compile(r"""\b(?:GET|POST)(?:\.get(?:list)?\(|\[)\s*"(\w+)\"""")


def names() -> list[str]:
    """Every name that a page reads from a query or a form."""
    found = {"after", "before", "next"}
    for path in (CHECKOUT / "portal").rglob("*.py"):
        found |= {*READ.findall(path.read_text(encoding="utf-8"))}
    for form in descendants(forms.BaseForm):
        if form.__module__.startswith("portal."):
            found |= {*getattr(form, "base_fields", {})}
    return sorted(found)


def descendants(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from descendants(one)


@cache
def encoded(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def queries(dice: random.Random, asked: list[str]) -> Iterator[str]:
    """Each name alone with some values, and all of them at once."""
    for name in asked:
        yield f"{name}={encoded(dice.choice(HOSTILE))}"
    yield from all_at_once(dice, asked)


def all_at_once(dice: random.Random, asked: list[str]) -> Iterator[str]:
    yield "&".join(f"{name}={encoded(dice.choice(HOSTILE))}" for name in asked)
    yield "&".join(f"{name}={dice.choice(RAW)}" for name in asked)


def headers(dice: random.Random) -> dict[str, str]:
    """Two of them, of values that a web server hands on: it refuses line ends and NUL itself."""
    values = [one.encode("utf-8", "surrogatepass").decode("latin-1") for one in HOSTILE if "\x00" not in one]
    return {name: dice.choice([*HEADERS[name], dice.choice(values)]) for name in dice.sample(sorted(HEADERS), 2)}


def answer(visitor: Visitor, method: str, path: str, body: bytes = b"", spoilt: Mapping[str, str] | None = None) -> int:
    """The status; nothing is left behind."""
    cookies = deepcopy(visitor.client.cookies)
    visitor.client.raise_request_exception = False
    # The page that says why a form is refused reads them as well.
    visitor.client.handler.enforce_csrf_checks = bool({"Origin", "Referer"} & {*(spoilt or ())})
    with undone():
        form = {"content_type": "application/x-www-form-urlencoded"} if method == "POST" else {}
        response = visitor.client.generic(method, path, body, **form, headers=spoilt)  # type: ignore[arg-type]
        status = response.status_code
        if getattr(response, "streaming", False):
            response.close()
    visitor.client.cookies = cookies
    return status


def hostile_requests(
    place: Place, dice: random.Random, rounds: int
) -> Iterator[tuple[Visitor, str, str, bytes, dict[str, str]]]:
    """For each address, as somebody who may: its parts spoilt one by one, its query, its form and its headers spoilt."""
    asked = names()
    for address, row, path in place.each():
        if row.who == "machine":
            continue
        visitor = place.cast.people[whoever_may(row, place.cast.people)]
        parts = place.cast.parts(address)
        for _ in range(rounds):
            for part in address.parts:
                spoilt = encoded(dice.choice(HOSTILE)) if dice.random() < 0.7 else dice.choice(RAW)
                for method in row.methods:
                    yield visitor, method, address.path({**parts, part: spoilt}), b"", {}
            few = dice.sample(asked, 3)
            for query in queries(dice, few):
                if "GET" in row.methods:
                    yield visitor, "GET", f"{path}?{query}", b"", {}
            if "POST" in row.methods:
                for query in [*queries(dice, few[:2]), *all_at_once(dice, asked)]:
                    yield visitor, "POST", path, query.encode(), {}
            for method in row.methods:
                yield visitor, method, path, b"a=1" if method == "POST" else b"", headers(dice)
        if "GET" in row.methods:
            for name in ("after", "before", "first", "last", "day"):
                yield (
                    visitor,
                    "GET",
                    f"{path}?{urlencode({name: dice.choice(TOKENS if name in ('after', 'before') else HOSTILE[13:18])})}",
                    b"",
                    {},
                )


@pytest.fixture
def readable(place: Place) -> None:
    """What the cast's rows hold encrypted can be opened, as it always can where the portal wrote it."""
    if place.door == "/sign-in/":
        for one in Authenticator.objects.all():
            one.data = {"secret": encrypt_secret(generate_totp_secret(), schema="public")}
            one.save()
    else:
        Citizen.objects.filter(ref="liu").update(id_encrypted=encrypt_number(Identity(IdType.RESIDENT_ID, ANNA)))


@pytest.mark.usefixtures("readable")
@pytest.mark.parametrize("seed", range(1))
def test_no_request_is_an_error_of_the_server(
    place: Place, seed: int, settings: Settings, record_property: Callable[[str, object], None]
) -> None:
    """The seed and the request repeat a fault; `/…%00` as a whole path is among them. Behind a proxy, whose headers are read."""
    settings.TRUSTED_PROXIES = 1
    faults, count, raised = [], 0, []
    got_request_exception.connect(note := lambda **_: raised.append(repr(sys.exc_info()[1])[:200]))
    for visitor, method, path, body, spoilt in hostile_requests(place, random.Random(seed), 1):
        count += 1
        status = answer(visitor, method, path, body, spoilt)
        if status >= 500:
            faults.append(f"{method} {path[:300]} {body[:200]!r} {spoilt}: {status} {raised[-1:]}")
    got_request_exception.disconnect(note)
    assert faults == []
    record_property("figure", f"{count} hostile requests, none answered with 5xx")
