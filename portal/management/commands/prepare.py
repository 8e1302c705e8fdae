"""``manage.py prepare``: bring the database up to date."""

from typing import Any

from django.utils import timezone

from codes.citizens.joining import Joined, RunIsOpen, join_people
from codes.key_rotation import make_missing_keys
from portal.commands import PortalCommand, sign_checkpoint
from regions.journal.checkpoints import take_over_file
from regions.journal.playback import take_stock
from regions.proposals import SYSTEM
from regions.schemas import prepare_database
from regions.tenancy import as_owner, in_city, in_city_as_owner


class Command(PortalCommand):
    help = (
        "Migrates public and every city, as the owner, sets all rights, and joins people who prove to be one. "
        "Safe to repeat; run it after every upgrade."
    )

    def handle(self, *_: Any, **options: Any) -> None:
        with as_owner():
            schemas = prepare_database(verbosity=max(0, options["verbosity"] - 1))
            changed = [schema for schema in schemas if self._join(schema)]
        for schema in schemas:
            with in_city(schema):
                take_over_file()
                made = make_missing_keys(by=SYSTEM, now=timezone.now())
                if take_stock(by=SYSTEM, now=timezone.now()) or made or schema in changed:
                    sign_checkpoint(self.stderr, now=timezone.now())
        self.stdout.write(f"The database is up to date: public and {len(schemas)} cities.")

    def _join(self, schema: str) -> bool:
        """Whether anybody was joined or any number rewritten."""
        try:
            with in_city_as_owner(schema):
                done = join_people(by=SYSTEM, now=timezone.now())
        except RunIsOpen:
            self.stderr.write(f"{schema}: a run is open; people who are one are joined when prepare is run after it.")
            return False
        for line in report(schema, done):
            self.stdout.write(line)
        return bool(done.pairs)


def report(schema: str, done: Joined) -> list[str]:
    """By refs, never numbers."""
    lines = [f"{schema}: {gone} is {kept} by the number of their document: joined." for gone, kept in done.pairs]
    if done.rewritten:
        lines.append(f"{schema}: {done.rewritten} numbers were brought to their normal form.")
    return lines
