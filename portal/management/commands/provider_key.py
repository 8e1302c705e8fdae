"""``manage.py provider_key --city S --provider P --issue|--rotate|--revoke``: manage the keys with which providers call the API."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.intake.provider_keys import (
    LIFETIME,
    LONGEST,
    ONLY_ENTRIES,
    CannotIssue,
    NoSuchProvider,
    issue_key,
    revoke_keys,
    signing_secret,
)
from codes.models import Scope
from portal.commands import CityCommand, CommandFailed


class Command(CityCommand):
    help = "Issues, rotates or revokes a provider's key. A new key is printed once and can never be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--provider", required=True, metavar="CODE")
        act = parser.add_mutually_exclusive_group(required=True)
        act.add_argument(
            "--issue", action="store_true", help="a further key beside the one in force, to change over to"
        )
        act.add_argument("--rotate", action="store_true", help="a new key; all others stop at once")
        act.add_argument("--revoke", action="store_true", help="all keys stop at once, or the one of --last-four")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            metavar="SCOPE",
            help=f"what the new key opens, one or more of {', '.join(Scope.values)}; without: {', '.join(ONLY_ENTRIES)}",
        )
        parser.add_argument(
            "--days", type=int, default=LIFETIME.days, metavar="N", help="how long the new key is good for"
        )
        parser.add_argument("--last-four", metavar="XXXX", help="which key to revoke, by its end")

    def handle_city(
        self,
        *,
        provider: str,
        revoke: bool,
        rotate: bool,
        last_four: str | None,
        scope: list[str] | None,
        days: int,
        by: str,
        **_: Any,
    ) -> None:
        now = timezone.now()
        if not 1 <= days <= LONGEST.days:
            raise CommandFailed(f"--days must be from 1 to {LONGEST.days}.", code=2)
        try:
            if revoke:
                ended = revoke_keys(provider=provider, by=by, now=now, last_four=last_four)
                self._say_revoked(provider, ended)
                return
            key, secret = issue_key(
                provider=provider,
                by=by,
                now=now,
                alone=rotate,
                scopes=scope or ONLY_ENTRIES,
                lifetime=timedelta(days=days),
            )
        except (NoSuchProvider, CannotIssue) as error:
            raise CommandFailed(str(error), code=2) from error
        self.stderr.write(
            f"The key {key} of {provider}, shown this once; in {self.city} and nowhere else it opens {', '.join(key.scopes)}"
            f" until {key.expires_at:%Y-%m-%d}. To sign calls instead of showing it: app id {key.pk}, secret"
            f" {signing_secret(key)}. The key:"
        )
        self.stdout.write(secret)

    def _say_revoked(self, provider: str, ended: list[str]) -> None:
        if not ended:
            raise CommandFailed(f"{provider} has no such key in force.", code=2)
        self.stdout.write(f"Revoked: {', '.join(f'…{one}' for one in ended)}.")
