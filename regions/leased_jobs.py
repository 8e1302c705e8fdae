"""Work that one worker at a time does in the background: claimed by lease and fence, tried three times, then given up.

The row is the truth and the broker only wakes workers: what nobody works on is found by a sweeper and enqueued again, and a
worker that wakes late finds its fence taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from regions.faults import Fault
from regions.transitions import TransitionTable

MAX_ATTEMPTS = 3


class JobFault(models.TextChoices):
    """Why a job was given up, whatever it does."""

    DIED = "died", _("its worker died {attempts} times without a message")
    ERROR = "error", _("{error}")


DIED = (JobFault.DIED, {"attempts": MAX_ATTEMPTS})
TELL_EVERY = timedelta(seconds=1)

Clock = Callable[[], datetime]
Row = TypeVar("Row", bound="Leased")
Job = TypeVar("Job", bound="LeasedJob")
Item = TypeVar("Item")


class Leased(models.Model):
    """A row that one worker at a time has: until ``lease_until``, and under a ``fence`` that grows with each claim."""

    TRANSITIONS: ClassVar[TransitionTable[Any, str]]

    state = models.TextField()
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)

    class Meta:
        abstract = True

    def leave(self, state: str, **changes: Any) -> bool:
        """Release the claimed row in its next state; false, and no change, when another worker has claimed it since."""
        self.TRANSITIONS.require(self.state, state)
        return self.mine().update(state=state, lease_until=None, **changes) == 1

    def mine(self) -> QuerySet[Any]:
        """The row, while this claim is the last one."""
        return type(self)._default_manager.filter(pk=self.pk, fence=self.fence, state=self.state)


class LeasedJob(Leased):
    """A job that waits, is worked on, and has then ended."""

    WAITING: ClassVar[str]
    AT_WORK: ClassVar[str]

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.state in (self.WAITING, self.AT_WORK)

    def give_back(self) -> bool:
        """Release it for the next attempt; false after the last one: the caller decides how it ends."""
        if self.attempts < MAX_ATTEMPTS:
            self.leave(self.WAITING)
        return self.attempts < MAX_ATTEMPTS


class Reported(models.Model):
    """A row that may fail: a code and parameters say why, and are worded where they are read."""

    FAULTS: ClassVar[tuple[type[TextChoices], ...]] = ()

    fault = models.TextField(blank=True, help_text="the code of why it failed")
    params = models.JSONField(default=dict, help_text="what the sentence of the code names")

    class Meta:
        abstract = True

    @property
    def fault_code(self) -> TextChoices:
        """The code of why it failed, with its label."""
        vocabularies: tuple[type[TextChoices], ...] = (JobFault, *self.FAULTS)
        return next(vocabulary(self.fault) for vocabulary in vocabularies if self.fault in vocabulary.values)

    @property
    def message(self) -> str:
        """Why it failed, as commands print it."""
        return self.message_in("en")

    @property
    def localized_message(self) -> str:
        """Why it failed, in the language of the page."""
        return self.message_in(get_language() or "en")

    def message_in(self, language: str) -> str:
        """Why it failed; empty when it did not."""
        return Fault("", self.fault_code, self.params).message_in(language) if self.fault else ""


class ReportedJob(Reported, LeasedJob):
    """A job that somebody asked for, and that says why it failed."""

    class Meta:
        abstract = True


def error_fault(error: Exception) -> tuple[JobFault, dict[str, str]]:
    """The fault of an error that nobody expected."""
    return JobFault.ERROR, {"error": f"{type(error).__name__}: {error}"[:2000]}


def claim(rows: QuerySet[Row], *, now: datetime, **changes: Any) -> Row | None:
    """Take the first row of the query for ``settings.LEASE``; none when there is none, such as when another worker was quicker."""
    with transaction.atomic():
        row = rows.select_for_update(of=("self",)).first()
        if row is None:
            return None
        values = {"fence": row.fence + 1, "lease_until": now + settings.LEASE, "attempts": row.attempts + 1, **changes}
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=values)
    return row


def claim_job(jobs: QuerySet[Job], *, now: datetime, **changes: Any) -> Job | None:
    """Take the first job of the query that no worker has."""
    return claim(free(jobs, now=now), now=now, state=jobs.model.AT_WORK, **changes)


def free(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    """Jobs to take: never claimed, given back, or of a worker whose lease has expired."""
    model = jobs.model
    return jobs.filter(Q(state=model.WAITING) | Q(state=model.AT_WORK, lease_until__lt=now), attempts__lt=MAX_ATTEMPTS)


def dead(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    """Jobs whose workers died as often as may be tried."""
    return jobs.filter(state=jobs.model.AT_WORK, lease_until__lt=now, attempts__gte=MAX_ATTEMPTS)


def sweep(jobs: QuerySet[Job], *, now: datetime, give_up: Callable[[Job], object]) -> list[int]:
    """Give up dead jobs; the ids of those to enqueue again, the oldest first."""
    for job in dead(jobs, now=now).order_by("pk"):
        give_up(job)
    return list(free(jobs, now=now).order_by("pk").values_list("pk", flat=True))


@dataclass
class Progress:
    """Counts a stream's items in the job's ``column``, through a connection beside the stream's transaction."""

    job: LeasedJob
    connection: Any
    clock: Clock
    told_at: datetime
    column: str
    items_between_looks: int

    def watch(self, items: Iterator[Item]) -> Iterator[Item]:
        """The same items, counted."""
        for count, item in enumerate(items, start=1):
            if count % self.items_between_looks == 0 and self.clock() - self.told_at >= TELL_EVERY:
                self._tell(count)
            yield item

    def _tell(self, count: int) -> None:
        self.told_at = self.clock()
        statement = (
            f"UPDATE {self.job._meta.db_table} SET {self.column} = %s"  # noqa: S608 - names of ours
            " WHERE id = %s AND fence = %s AND state = %s"
        )
        with self.connection.cursor() as cursor:
            cursor.execute(statement, [count, self.job.pk, self.job.fence, self.job.state])
