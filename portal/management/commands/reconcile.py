"""``manage.py reconcile --city S``: replay the journal and compare it with the database."""

from typing import Any

from django.utils import timezone

from codes.reconcile import reconcile, settings_of
from codes.witnessing import heads_elsewhere
from portal.commands import CityCommand, CommandFailed
from regions.journal.verify import verify_journal
from regions.tenancy import city_named

MOST_TOLD = 100


class Command(CityCommand):
    help = (
        "Plays the city's journal again and compares roles, rulings, suppressions, settings, rule sets and the digests of changed "
        "verdicts with what stands. Exit 6 if anything differs, or if the journal itself is broken."
    )

    signs_checkpoint = False

    def look_up(self, schema: str) -> None:
        self.settings = settings_of(city_named(schema))
        self.heads = heads_elsewhere(schema)

    def handle_city(self, **_: Any) -> None:
        checked = verify_journal(now=timezone.now(), heads=self.heads)
        if checked.broken_at is not None:
            raise CommandFailed(f"The journal is broken at entry {checked.broken_at}: {checked.reason}.", code=6)
        differing = reconcile(self.settings)
        total = 0
        for total, one in enumerate(differing, start=1):
            if total <= MOST_TOLD:
                self.stdout.write(f"{one}.")
        if total:
            raise CommandFailed(f"{total} differences between the journal and what stands.", code=6)
        self.stdout.write(f"What stands is what the journal says: {checked.entries} entries played again.")
