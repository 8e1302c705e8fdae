"""``manage.py rehearse``: show who would change colour under a draft rule set, without writing anything."""

from argparse import ArgumentTypeError
from collections import deque
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.reports.manifest import manifest_path
from codes.reports.request import CannotExport
from codes.rule_sets.publish import CannotPublish
from codes.rule_sets.rehearsal import CannotRehearse, Follows, Rehearsal, Tally, rehearsal
from codes.rule_sets.rehearsal_jobs import FileFormat, signed_list
from codes.rule_sets.version_file import VersionFaults, read_version, version_warnings
from portal.commands import CityCommand, CommandFailed, day_argument


class Command(CityCommand):
    is_work = True
    help = (
        "Tries a draft rule set on the whole city: who changes colour, by which rule. Nothing is written to the city."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--rule-set", type=Path, required=True, metavar="FILE", help="the draft, as open_city reads it"
        )
        parser.add_argument(
            "--day", type=day_argument, help="default: the draft's first day, or today if that is later"
        )
        formats = [kind.value for kind in FileFormat]
        parser.add_argument("--format", choices=formats, dest="file_format", help="default: by the name of the file")
        parser.add_argument("--output", type=Path, metavar="FILE", help="write the list of changes, persons masked")

    def handle_city(
        self, *, rule_set: Path, day: date | None, file_format: str | None, output: Path | None, by: str, **_: Any
    ) -> None:
        now = timezone.now()
        today, tally = self.city.day_of(now), Tally()
        manifest: dict[str, Any] = {}
        try:
            version = read_version(rule_set)
            if output is None:
                with rehearsal(version, today=today, day=day) as tried:
                    deque(tally.counting(tried.changes), maxlen=0)
                    follows = tried.follows(tally.people)
            else:
                list_of = signed_list(output, _format(output, file_format), by=by, now=now)
                with list_of as written, rehearsal(version, today=today, day=day) as tried:
                    written.write(tally.counting(tried.changes), tried, version)
                    follows = tried.follows(tally.people)
                manifest = written.manifest
        except (VersionFaults, CannotPublish, CannotRehearse, CannotExport, ArgumentTypeError) as refusal:
            raise CommandFailed(f"{refusal}. Nothing was tried.", code=2) from refusal
        for warning in version_warnings(version):
            self.stdout.write(f"Warning: {warning}.")
        self._report(tried, tally, follows)
        if output:
            self.stdout.write(f"{output}: {manifest['rows']} rows, SHA-256 {manifest['sha256']}")
            self.stdout.write(f"{manifest_path(output)}: signed with the city's key {manifest['public_key']}")

    def _report(self, tried: Rehearsal, tally: Tally, follows: Follows) -> None:
        run = f"run {tried.run} as of {tried.run.as_of.astimezone(self.city.zone):%Y-%m-%d %H:%M}"
        self.stdout.write(f"On {tried.day}, by what {run} knew, for {', '.join(tried.providers)}:")
        self.stdout.write(f"{tally.citizens} citizens change colour")
        for (provider, before, after), number in sorted(tally.colours.items()):
            self.stdout.write(f"  {provider}: {number} from {before} to {after}")
        for (provider, before, after), number in sorted(tally.held_colours.items()):
            self.stdout.write(f"  {provider}, whose source is silent: {number} held from {before} to {after}")
        self.stdout.write(f"{sum(int(one[2]) for one in follows.effective)} effective codes change")
        for known, coming, people in follows.effective:
            self.stdout.write(f"  {people} from {known} to {coming}")
        self.stdout.write(f"{len(follows.mass_changes)} mass changes are held for two people")
        for rule, red, green, registered in follows.mass_changes:
            self.stdout.write(f"  {rule}: of {registered} registered {red} turn red and {green} green before their day")
        for change, rules in (("stricter by", tally.stricter_by), ("milder, no longer held by", tally.milder_by)):
            for rule, number in sorted(rules.items()):
                self.stdout.write(f"  {change} {rule}: {number}")
        effects = tally.disagreements
        self.stdout.write(f"{effects['appears']} disagreements appear, {effects['vanishes']} vanish")


def _format(output: Path, named: str | None) -> FileFormat:
    ending = named or output.suffix.lstrip(".")
    try:
        return FileFormat(ending)
    except ValueError:
        raise ArgumentTypeError(f"{output}: name it .csv, .jsonl or .xlsx, or say --format") from None
