"""``manage.py prepare``: bring the database up to date."""

from typing import Any

from django.core.management.base import BaseCommand

from regions.schemas import prepare_database
from regions.tenancy import as_owner


class Command(BaseCommand):
    help = (
        "Migrates public and every city, as the owner, and sets all rights. Safe to repeat; run it after every upgrade."
    )

    def handle(self, *_: Any, **options: Any) -> None:
        with as_owner():
            schemas = prepare_database(verbosity=max(0, options["verbosity"] - 1))
        self.stdout.write(f"The database is up to date: public and {len(schemas)} cities.")
