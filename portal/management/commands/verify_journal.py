"""``manage.py verify_journal --city S``: check the audit chain."""

from typing import Any

from portal.commands import CityCommand, CommandFailed
from regions.journal.verify import verify_journal


class Command(CityCommand):
    help = "Walks the city's journal and its signed checkpoints, and says where the chain is broken if it is."

    signs_checkpoint = False

    def handle_city(self, **_: Any) -> None:
        found = verify_journal()
        if found.broken_at is not None:
            raise CommandFailed(f"The journal is broken at entry {found.broken_at}: {found.reason}.", code=6)
        self.stdout.write(f"The journal holds: {found.entries} entries, {found.checkpoints} signed checkpoints.")
