"""``manage.py decide_group``: release or refuse a held group; the first call proposes, the second, by another person, decides."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from codes.models import HeldGroup
from codes.review.proposals import held_groups
from codes.review.proposals.held_groups import Act
from codes.runs.ledger import start_run
from codes.tasks import enqueue_run
from portal.commands import CityCommand, CommandFailed
from regions.refusals import Refused


class Command(CityCommand):
    is_work = True
    help = (
        "Decides about a mass change held for two people: call it once as a reviewer or approver, who proposes, and once as an "
        "approver, who decides. Without --release or --refuse it lists what is held."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("group", type=int, nargs="?", help="the group's number")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--release", dest="act", action="store_const", const=Act.RELEASE, help="the changes count")
        what.add_argument(
            "--refuse", dest="act", action="store_const", const=Act.REFUSE, help="what brought them is out of force"
        )
        parser.add_argument("--reason", default="", help="why, for the second person and the journal")

    def handle_city(self, *, group: int | None, act: Act | None, reason: str, by: str, **_: Any) -> None:
        if group is None or act is None:
            self._list()
            return
        try:
            self._decide(group, act, reason, by)
        except Refused as refused:
            raise CommandFailed(str(refused), code=2) from refused

    def _list(self) -> None:
        held = list(HeldGroup.objects.waiting().described())
        if not held:
            self.stdout.write("No mass change is held.")
        for one in held:
            proposed = one.proposals.waiting().first()
            waits = f"; {proposed.proposed_by} proposes to {proposed.act_proposed} it" if proposed else ""
            self.stdout.write(
                f"{one.pk}: {one.message_in('en')}: {one.red} would turn red, {one.green} green early, of {one.registered}; "
                f"to be answered by {one.answer_by.astimezone(self.city.zone):%Y-%m-%d %H:%M}{waits}"
            )

    def _decide(self, group_id: int, act: Act, reason: str, by: str) -> None:
        now = timezone.now()
        found = HeldGroup.objects.filter(pk=group_id).first()
        waiting = found.proposals.waiting().first() if found else None
        if waiting is None:
            held_groups.propose(group_id, act=act, reason=reason, by=by, now=now)
            self.stdout.write(f"Group {group_id}: {act} is proposed; an approver who is not {by} decides.")
            return
        if waiting.act_proposed != act:
            raise CommandFailed(
                f"Group {group_id}: {waiting.proposed_by} proposes to {waiting.act_proposed} it, not to {act} it.",
                code=2,
            )
        done = held_groups.approve(waiting.pk, by=by, now=now, reason=reason)
        self.stdout.write(f"Group {group_id} is {done.state}; {done.counts['people']} people were judged again.")
        if done.state == HeldGroup.State.REFUSED and done.version is not None:
            run, _opened = start_run(by=by, now=now)
            enqueue_run(self.city.schema_name, run.pk)
            self.stdout.write("A run has begun that judges everybody by the rules without the version.")
