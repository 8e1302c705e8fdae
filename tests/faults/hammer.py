"""Many threads that work on two cities at once and switch between them in every possible way, including by errors."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import islice
from random import Random
from typing import cast

from django.db import DatabaseError, connection, transaction
from django.test import Client

from codes.models import Citizen, Provider
from codes.tasks import sum_up_cities, sweep_all_reviews
from regions.backend.base import DatabaseWrapper
from regions.sources.models import Source
from regions.tenancy import in_city

PATHS = ("/", "/keys.json", "/guide/citizens/", "/sign-in/", "/no/such/page/")
STAFF_PATHS = ("/staff/", "/staff/runs/", "/staff/sources/", "/staff/queue/", "/staff/rule-sets/", "/staff/dashboard/")
TASKS_IN = 40


class OnPurposeError(Exception):
    """Raised on purpose inside a city's block."""


@dataclass(frozen=True)
class Mark:
    """A city, the word that all its data contains, and the cookies of a signed-in member of its staff."""

    schema: str
    word: str
    cookies: SimpleCookie


@dataclass
class Told:
    """Numbers of answers by way, answers that contain another city's word (``leaks``), and unexpected ``errors``.

    ``own`` are the numbers of answers that contain the city's own word.
    """

    answers: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, other: "Told") -> None:
        self.answers += other.answers
        self.own += other.own
        self.leaks += other.leaks
        self.errors += other.errors


def hammer(marks: Sequence[Mark], *, seed: str, threads: int, responses: int, seconds: float) -> Told:
    """Work on the cities until that many answers were read or that much time has passed."""
    told, until = Told(), time.monotonic() + seconds
    with ThreadPoolExecutor(threads) as pool:
        each = [
            pool.submit(_thread, Random(f"{seed}/{number}"), marks, responses // threads, until)
            for number in range(threads)
        ]
        for one in each:
            told.add(one.result())
    return told


def _thread(dice: Random, marks: Sequence[Mark], responses: int, until: float) -> Told:
    told = Told()
    clients = {mark.schema: _client(mark) for mark in marks}
    ways: dict[str, Callable[[Mark], str]] = {
        "page": lambda mark: _page(clients[mark.schema], dice.choice(PATHS)),
        "staff page": lambda mark: _page(clients[mark.schema], dice.choice(STAFF_PATHS)),
        "savepoint": _savepoint,
        "error": _error,
        "stream": lambda mark: _stream(mark, marks),
        "task": lambda _: _tasks(dice),
    }
    try:
        while sum(told.answers.values()) < responses and time.monotonic() < until:
            _answer(dice.choice(list(ways)), ways, dice.choice(marks), marks, told)
    finally:
        connection.close()
    return told


def _answer(way: str, ways: Mapping[str, Callable[[Mark], str]], mark: Mark, marks: Sequence[Mark], told: Told) -> None:
    if "page" not in way:
        # A request leaves the connection in its city, as on a web server. The other ways must begin outside of any city.
        cast("DatabaseWrapper", connection).set_schema_to_public()  # type: ignore[no-untyped-call]
    try:
        text = ways[way](mark)
    except Exception as error:  # noqa: BLE001 - every error is reported
        told.errors.append(f"{way} of {mark.schema}: {type(error).__name__}: {error}"[:300])
        return
    told.answers[way] += 1
    told.own[way] += mark.word in text
    told.leaks += [f"{way} of {mark.schema} holds {one.word}" for one in marks if one != mark and one.word in text]


def _client(mark: Mark) -> Client:
    client = Client(headers={"host": f"{mark.schema}.localhost"})
    client.cookies = deepcopy(mark.cookies)
    return client


def _page(client: Client, path: str) -> str:
    return str(client.get(path).content.decode())


def _savepoint(mark: Mark) -> str:
    """Roll back a savepoint inside a city, then read."""
    with in_city(mark.schema), transaction.atomic():
        with suppress(OnPurposeError), transaction.atomic():
            Source.objects.create(code="undone", kind="police_database", title_zh="-", title_en="-")
            raise OnPurposeError
        return _titles()


def _error(mark: Mark) -> str:
    """Leave a city's block by a database error, then enter it again and read."""
    with suppress(DatabaseError), in_city(mark.schema), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    with in_city(mark.schema):
        return _titles()


def _stream(mark: Mark, marks: Sequence[Mark]) -> str:
    """Read the beginning of a streamed query, enter another city, then read the rest."""
    other = next(one for one in marks if one != mark)
    with in_city(mark.schema):
        rows = Citizen.objects.order_by("pk").values_list("full_name", flat=True).iterator(chunk_size=1)
        read = list(islice(rows, 1))
    with in_city(other.schema):
        _titles()
    with in_city(mark.schema):
        return " ".join([*read, *rows])


def _tasks(dice: Random) -> str:
    """Run a task that visits all cities. Return the connection's schema afterwards."""
    if dice.randrange(TASKS_IN) == 0:
        sum_up_cities()
    else:
        sweep_all_reviews()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def _titles() -> str:
    return " ".join(Provider.objects.order_by("pk").values_list("title_zh", flat=True))


def mark_city(schema: str, cookies: SimpleCookie) -> Mark:
    """Write the city's word into its data. Call it inside the city."""
    word = f"canary-of-{schema}"
    Provider.objects.update(title_zh=word, title_en=word)
    Source.objects.update(title_zh=word, title_en=word)
    Citizen.objects.update(full_name=word)
    return Mark(schema, word, cookies)
