"""``manage.py open_city FILE``: create a city, or update one from its file."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.opening import Opened, open_city, read_city
from codes.rule_sets.version_file import version_warnings
from portal.commands import NOBODY, CommandFailed, PortalCommand, sign_checkpoint
from regions.actors import SYSTEM
from regions.city_file import missing_environment
from regions.faults import FileFaults
from regions.schemas import ensure_prepared
from regions.staff.first_administrators import administrators_at_work
from regions.tenancy import as_owner, in_city


class Command(PortalCommand):
    # For callers in Python: the instant of the act, if not now.
    stealth_options = ("now",)
    help = "Creates the city that FILE describes, or brings it to what FILE says. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a city file (docs/operations.md)")
        parser.add_argument("--by", default=SYSTEM, metavar="USER", help="who is named in the journal")

    def handle(self, *, file: Path, by: str, now: datetime | None = None, **_: Any) -> None:
        now = now or timezone.now()
        try:
            wanted, versions = read_city(file, os.environ)
            with as_owner():
                ensure_prepared()
                opened = open_city(wanted, versions, by=by, now=now)
        except FileFaults as faults:
            self.stderr.write("\n".join(map(str, faults.faults)))
            raise CommandFailed("Nothing was written.", code=2) from None
        if opened.created or opened.changed:
            with in_city(opened.city.schema_name):
                sign_checkpoint(self.stderr, now=now)
        for missing in missing_environment(wanted, os.environ):
            self.stdout.write(f"Note: {missing}. It is needed when the source is collected.")
        for version in versions:
            for warning in version_warnings(version):
                self.stdout.write(f"Warning: {version.code}-{version.version}: {warning}.")
        with in_city(opened.city.schema_name):
            if not administrators_at_work().exists():
                self.stdout.write(NOBODY)
        self.stdout.write(_sentence(opened))


def _sentence(opened: Opened) -> str:
    name = f"{opened.city.name_zh} ({opened.city.schema_name})"
    if opened.created:
        return f"{name} is open."
    if opened.changed:
        return "\n".join([f"{name} was changed:", *(f"  {key}" for key in opened.changed)])
    return f"{name} is as the file says: nothing changed."
