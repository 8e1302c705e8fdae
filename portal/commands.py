"""Common parts of commands: the city they enter, the user who runs them, and the exit codes of ``docs/contracts.md`` §4."""

from argparse import ArgumentTypeError
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.utils import timezone

from regions.actors import SYSTEM
from regions.instants import instant_of
from regions.journal.checkpoints import write_checkpoint
from regions.models import City
from regions.refusals import NotAllowed
from regions.tenancy import NoSuchCity, NotPrepared, has_ended, in_city, is_suspended

NOBODY = "Note: nobody administers the city. Name two [[security_administrators]] in the file, or use add_staff."


class CommandFailed(CommandError):
    """Raised for a failure with an exit code of the contract; the message says what to do next."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message, returncode=code)


class PortalCommand(BaseCommand):
    """A command that prints a failure as a sentence, without a class name."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Callers from Python get the error itself."""
        try:
            return super().execute(*args, **options)
        except CommandFailed as error:
            if not getattr(self, "_called_from_command_line", False):
                raise
            self.stderr.write(str(error))
            raise SystemExit(error.returncode) from None


class CityCommand(PortalCommand):
    """A command about one city: it takes ``--city`` and ``--by``, and runs inside that city."""

    city: City
    signs_checkpoint = True
    # Whether it does the city's regular work, which stops while the city is suspended.
    is_work = False
    # Whether it also works on a city whose service has ended, of which only the journal is left.
    reads_ended = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--city", required=True, metavar="SCHEMA", help="schema name of the city")
        parser.add_argument("--by", default=SYSTEM, metavar="USER", help="who does this, for the journal")

    def handle(self, *args: Any, city: str, **options: Any) -> None:
        try:
            if not self.reads_ended and has_ended(city):
                raise CommandFailed(f"the service of {city} has ended; verify_journal reads what is left", code=2)
            if self.is_work and is_suspended(city):
                raise CommandFailed(f"{city} is suspended; two operators have it go on from its page", code=2)
            self.look_up(city)
            with in_city(city) as self.city:
                try:
                    self.handle_city(*args, **options)
                finally:
                    if self.signs_checkpoint:
                        sign_checkpoint(self.stderr, now=timezone.now())
        except (NoSuchCity, NotPrepared) as error:
            raise CommandFailed(str(error), code=2) from error
        except NotAllowed as refusal:
            raise CommandFailed(f"{options['by']}: {refusal}", code=5) from refusal

    def look_up(self, schema: str) -> None:
        """Read what the command needs from ``public``, which a city's role cannot read."""

    def handle_city(self, *args: Any, **options: Any) -> None:
        raise NotImplementedError


def sign_checkpoint(stderr: OutputWrapper, *, now: datetime) -> None:
    """Sign the present end of the journal: entries cut off before the next minute's checkpoint would not be noticed."""
    try:
        write_checkpoint(now=now)
    except OSError as error:
        stderr.write(f"The journal's checkpoint could not be kept outside the database: {error}")


def day_argument(text: str) -> date:
    """Parse a day written as ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a day; write it as 2026-11-23") from error


def instant_argument(text: str) -> datetime:
    """Parse an instant in ISO 8601 with an offset."""
    instant = instant_of(text)
    if instant is None:
        raise ArgumentTypeError(f"{text!r} is not an instant with an offset; write it as 2026-11-23T08:00+08:00")
    return instant
