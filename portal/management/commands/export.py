"""``manage.py export REPORT --city S … --format F --output FILE``: a report as a signed file.

With ``--identify`` it takes two people: the first call asks, the same call by somebody else confirms and writes the file.
"""

from datetime import date
from pathlib import Path
from shutil import copyfile
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.models import ExportFault, ExportJob
from codes.reports import identified
from codes.reports.export import FileFormat, drafts_beside, export_report, put_in_place
from codes.reports.jobs import fetch_export, write_export
from codes.reports.manifest import manifest_path
from codes.reports.request import CannotExport, MayNotIdentify, ReportName, ReportRequest, checked_purpose
from portal.commands import CityCommand, CommandFailed, day_argument


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
        parser.add_argument(
            "--identify", action="store_true", help="full names and numbers, when two people ask: --by, --purpose"
        )
        parser.add_argument("--purpose", default="", help="why identified data is taken out; goes into the journal")

    def handle_city(
        self, *, report: str, output: Path, file_format: str, by: str, purpose: str, **options: Any
    ) -> None:
        try:
            first, last = _days(options["day"], options["first"], options["last"])
            request = ReportRequest(ReportName(report), first, last, identified=options["identify"])
            if request.identified and by == "system":
                raise CannotExport(ExportFault.BY_NOBODY)
            manifest: dict[str, Any] | None
            if request.identified:
                manifest = self._identified(request, output, FileFormat(file_format), by=by, purpose=purpose)
            else:
                manifest = export_report(
                    request, file=output, file_format=FileFormat(file_format), by=by, now=timezone.now()
                )
        except CannotExport as refusal:
            raise CommandFailed(f"{refusal}. Nothing was written.", code=2) from refusal
        except MayNotIdentify as refusal:
            raise CommandFailed(f"{refusal}. Nothing was written.", code=5) from refusal
        if manifest is None:
            return
        self.stdout.write(f"{output}: {manifest['rows']} rows, SHA-256 {manifest['sha256']}")
        self.stdout.write(f"{manifest_path(output)}: signed with the city's key {manifest['public_key']}")

    def _identified(
        self, request: ReportRequest, output: Path, file_format: FileFormat, *, by: str, purpose: str
    ) -> dict[str, Any] | None:
        """Confirm what somebody else asked for in the same words and write it; else ask, which writes nothing."""
        purpose, now = checked_purpose(purpose), timezone.now()
        waiting = identified.waiting_like(request, file_format=file_format, purpose=purpose)
        others = [one for one in waiting if one.proposed_by != by and one.expires_at > now]
        with drafts_beside(output) as (draft, draft_manifest):
            if not others:
                asked = identified.propose(request, file_format=file_format, purpose=purpose, by=by, now=now)
                until = asked.expires_at.astimezone(self.city.zone)
                self.stdout.write(
                    f"Asked for, and nothing written: by {until:%Y-%m-%d %H:%M} somebody other than {by} who audits confirms it, "
                    "on the page of identified exports or by this command with their own --by."
                )
                return None
            job = identified.confirm(others[0].pk, by=by, now=now).job
            write_export(job.pk, clock=timezone.now)
            job.refresh_from_db()
            if job.state == ExportJob.State.FAILED:
                raise CannotExport(job.fault_code, **job.params)
            copyfile(fetch_export(job, by=by, now=timezone.now()), draft)
            copyfile(fetch_export(job, by=by, now=timezone.now(), manifest=True), draft_manifest)
            put_in_place({draft: output, draft_manifest: manifest_path(output)})
        return job.manifest


def _days(day: date | None, first: date | None, last: date | None) -> tuple[date | None, date | None]:
    if day is None:
        return first, last
    if first or last:
        raise CannotExport(ExportFault.DAY_OR_SPAN)
    return day, day
