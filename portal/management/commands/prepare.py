"""``manage.py prepare``: bring the database up to date."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from codes.citizens.joining import Joined, RunIsOpen, join_people
from codes.key_rotation import make_missing_keys
from portal.commands import CommandFailed, PortalCommand, sign_checkpoint
from regions.actors import SYSTEM
from regions.each_city import CitiesFailed, for_each
from regions.journal.checkpoints import take_over_file
from regions.journal.playback import take_stock
from regions.schemas import prepare_database
from regions.tenancy import all_schemas, as_owner, in_city, in_city_as_owner


class Command(PortalCommand):
    help = (
        "Migrates public and every city, as the owner, sets all rights, and joins people who prove to be one. "
        "Safe to repeat; run it after every upgrade."
    )

    def handle(self, *_: Any, **options: Any) -> None:
        self.failed: list[str] = []
        self.changed: set[str] = set()
        with as_owner():
            with self._going_on():
                prepare_database(verbosity=max(0, options["verbosity"] - 1))
            schemas = all_schemas()
            self._in_the_others(schemas, self._join)
        self._in_the_others(schemas, self._complete)
        if self.failed:
            failed = ", ".join(self.failed)
            raise CommandFailed(
                f"Not up to date: {failed}; the log says why. All others are. Run prepare again.", code=3
            )
        self.stdout.write(f"The database is up to date: public and {len(schemas)} cities.")

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except CitiesFailed as failure:
            self.failed += failure.schemas

    def _in_the_others(self, schemas: list[str], act: Callable[[str], int]) -> None:
        """Continue with the cities in which nothing has failed yet."""
        with self._going_on():
            for_each([schema for schema in schemas if schema not in self.failed], act)

    def _join(self, schema: str) -> int:
        """Join people of the city who are one person. Return the number of pairs."""
        try:
            with in_city_as_owner(schema):
                done = join_people(by=SYSTEM, now=timezone.now())
        except RunIsOpen:
            self.stderr.write(f"{schema}: a run is open; people who are one are joined when prepare is run after it.")
            return 0
        for line in report(schema, done):
            self.stdout.write(line)
        if done.pairs:
            self.changed.add(schema)
        return len(done.pairs)

    def _complete(self, schema: str) -> int:
        """Add what a new release needs in the journal and the keys. Return whether that changed anything."""
        with in_city(schema):
            take_over_file()
            made = make_missing_keys(by=SYSTEM, now=timezone.now())
            changed = take_stock(by=SYSTEM, now=timezone.now()) or made or schema in self.changed
            if changed:
                sign_checkpoint(self.stderr, now=timezone.now())
        return int(bool(changed))


def report(schema: str, done: Joined) -> list[str]:
    """Return lines about the joined people, with references and no ID numbers."""
    lines = [f"{schema}: {gone} is {kept} by the number of their document: joined." for gone, kept in done.pairs]
    if done.rewritten:
        lines.append(f"{schema}: {done.rewritten} numbers were brought to their normal form.")
    return lines
