"""``manage.py export REPORT --city S … --format F --output FILE``: write a report as a signed file.

With ``--identify`` the named account requests the export and the operator whose shell it is confirms; on pages another account
does.
"""

import os
import pwd
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.models import ExportFault
from codes.reports.export import FileFormat, export_report
from codes.reports.identified import agree_at_the_machine
from codes.reports.manifest import manifest_path
from codes.reports.request import CannotExport, MayNotIdentify, ReportName, ReportRequest
from portal.commands import CityCommand, CommandFailed, day_argument
from regions.actors import OPERATOR_PREFIX, SYSTEM


class Command(CityCommand):
    help = "Writes a report and, beside it, its signed manifest. Names and ID numbers are masked without --identify."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("report", choices=[name.value for name in ReportName])
        parser.add_argument("--day", type=day_argument, help="one day; codes and disagreements: else the newest")
        parser.add_argument("--from", type=day_argument, dest="first", help="first day of several")
        parser.add_argument("--to", type=day_argument, dest="last", help="last day of several")
        parser.add_argument("--format", choices=[kind.value for kind in FileFormat], required=True, dest="file_format")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="written whole or not at all")
        parser.add_argument("--identify", action="store_true", help="full names and numbers; needs --by and --purpose")
        parser.add_argument("--purpose", default="", help="why identified data is taken out; goes into the journal")

    def handle_city(
        self, *, report: str, output: Path, file_format: str, by: str, purpose: str, **options: Any
    ) -> None:
        asked: dict[str, Any] = {"file_format": FileFormat(file_format), "by": by, "now": timezone.now()}
        try:
            first, last = _days(options["day"], options["first"], options["last"])
            request = ReportRequest(ReportName(report), first, last, identified=options["identify"])
            confirmation = None
            if purpose and not request.identified:
                raise CannotExport(ExportFault.NOT_IDENTIFIED)
            if request.identified:
                if by == SYSTEM:
                    raise CannotExport(ExportFault.BY_NOBODY)
                confirmation = agree_at_the_machine(request, purpose=purpose, operator=_operator(), **asked)
            manifest = export_report(request, file=output, confirmation=confirmation, **asked)
        except CannotExport as refusal:
            raise CommandFailed(f"{refusal}. Nothing was written.", code=2) from refusal
        except MayNotIdentify as refusal:
            raise CommandFailed(f"{refusal}. Nothing was written.", code=5) from refusal
        self.stdout.write(f"{output}: {manifest['rows']} rows, SHA-256 {manifest['sha256']}")
        self.stdout.write(f"{manifest_path(output)}: signed with the city's key {manifest['public_key']}")


def _operator() -> str:
    """Return the journal's name of the user who runs the command, not from the environment, which anybody can set."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"{OPERATOR_PREFIX}{name}"


def _days(day: date | None, first: date | None, last: date | None) -> tuple[date | None, date | None]:
    if day is None:
        return first, last
    if first or last:
        raise CannotExport(ExportFault.DAY_OR_SPAN)
    return day, day
