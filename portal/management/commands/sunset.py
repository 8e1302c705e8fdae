"""``manage.py sunset --city S --by operator:NAME [--confirm | --withdraw]``: end a city's service, by two operators."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from celery import Celery
from django.core.management.base import CommandParser
from django.utils import timezone

from codes import sunset
from portal.celery import app
from portal.commands import CommandFailed, PortalCommand
from regions.models import CitySunset
from regions.refusals import NotAllowed, NotFound, Refused
from regions.tenancy import NoSuchCity, NotPrepared


class Command(PortalCommand):
    help = (
        "Ends a city's service. One operator asks; another calls it with --confirm, which audits the city, destroys everything but "
        "its journal, and prints a signed certificate. Broken off, the same call goes on. Exit 0; 2: refused; 6: the audit failed, "
        "nothing was destroyed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--city", required=True, metavar="SCHEMA", help="schema name of the city")
        parser.add_argument(
            "--by", required=True, metavar="operator:NAME", help="which operator does this, for the journal"
        )
        answer = parser.add_mutually_exclusive_group()
        answer.add_argument("--confirm", action="store_true", help="as the second operator: destroy the city's data")
        answer.add_argument("--withdraw", action="store_true", help="as the first operator: take the request back")
        parser.add_argument("--output", type=Path, metavar="FILE", help="where the certificate goes as well")

    def handle(self, *, city: str, by: str, confirm: bool, withdraw: bool, output: Path | None, **_: Any) -> None:
        try:
            if withdraw:
                sunset.withdraw(city, by=by, now=timezone.now())
                self.stdout.write("The request is taken back.")
            elif confirm:
                self._end(city, by=by, output=output)
            else:
                sunset.ask(city, by=by, now=timezone.now())
                self.stdout.write(
                    f"Asked. Another operator confirms it: sunset --city {city} --by operator:NAME --confirm"
                )
        except sunset.AuditFailed as failure:
            raise CommandFailed(f"Nothing was destroyed: {failure}.", code=6) from failure
        except NotAllowed as refusal:
            raise CommandFailed(f"{by}: {refusal}; name two operators, as operator:NAME", code=2) from refusal
        except (Refused, NotFound, NoSuchCity, NotPrepared) as refusal:
            raise CommandFailed(str(refusal), code=2) from refusal

    def _end(self, city: str, *, by: str, output: Path | None) -> None:
        if not CitySunset.objects.filter(city__schema_name=city).exclude(state=CitySunset.State.ASKED).exists():
            sunset.confirm(city, by=by, now=timezone.now())
            self.stdout.write("The audit holds; the city is closed. Its data are being destroyed.")
        certificate = sunset.destroy(city, forget=forget_messages, now=timezone.now())
        text = json.dumps(certificate, ensure_ascii=False, indent=2, sort_keys=True)
        self.stdout.write(text)
        if output is not None:
            output.write_text(f"{text}\n", encoding="utf-8")


def forget_messages(schema: str, *, celery: Celery = app) -> int:
    """Remove the city's messages from the broker. Return their number. They name rows and no people.

    RabbitMQ cannot remove single messages: there they expire within minutes, or find the city closed.
    """
    if not celery.conf.broker_url.startswith("redis"):
        return 0
    queue = app.conf.task_default_queue
    with celery.connection_for_write() as connection:
        client: Any = connection.default_channel.client  # type: ignore[attr-defined]  # of the transport for Redis
        waiting = client.lrange(queue, 0, -1)
        return sum(client.lrem(queue, 1, raw) for raw in waiting if _arguments(raw)[:1] == [schema])


def _arguments(raw: bytes) -> list[Any]:
    """Return a message's positional arguments."""
    arguments: list[Any] = json.loads(b64decode(json.loads(raw)["body"]))[0]
    return arguments
