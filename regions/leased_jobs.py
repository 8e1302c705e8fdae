"""Background jobs: one worker at a time claims a job by lease and fence; it is tried three times and then fails.

The database row is authoritative and the broker only notifies workers. A sweeper finds jobs that nobody works on and enqueues them
again; a delayed worker finds that the fence has changed.
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
    """Why a job failed, for jobs of any kind."""

    DIED = "died", _("its worker died {attempts} times without a message")
    ERROR = "error", _("{error}")


DIED = (JobFault.DIED, {"attempts": MAX_ATTEMPTS})
TELL_EVERY = timedelta(seconds=1)

Clock = Callable[[], datetime]
Row = TypeVar("Row", bound="Leased")
Job = TypeVar("Job", bound="LeasedJob")
Item = TypeVar("Item")


class Leased(models.Model):
    """A row that one worker at a time holds, until ``lease_until`` and under a ``fence`` that is incremented with each claim."""

    TRANSITIONS: ClassVar[TransitionTable[Any, str]]

    state = models.TextField()
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)

    class Meta:
        abstract = True

    def leave(self, state: str, **changes: Any) -> bool:
        """Release the claimed row in its next state. Return false, and change nothing, if another worker has claimed it since."""
        self.TRANSITIONS.require(self.state, state)
        return self.mine().update(state=state, lease_until=None, **changes) == 1

    def mine(self) -> QuerySet[Any]:
        """Return a query for the row that matches only while this claim is the latest."""
        return type(self)._default_manager.filter(pk=self.pk, fence=self.fence, state=self.state)


class LeasedJob(Leased):
    """A job with the states waiting, at work, and its own final states."""

    WAITING: ClassVar[str]
    AT_WORK: ClassVar[str]

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.state in (self.WAITING, self.AT_WORK)

    def give_back(self) -> bool:
        """Release the job for the next attempt. Return false after the last attempt: the caller decides its final state."""
        if self.attempts < MAX_ATTEMPTS:
            self.leave(self.WAITING)
        return self.attempts < MAX_ATTEMPTS


class Reported(models.Model):
    """A row that may fail. ``fault`` is a code and ``params`` its parameters; the sentence is written where it is shown."""

    FAULTS: ClassVar[tuple[type[TextChoices], ...]] = ()

    fault = models.TextField(blank=True, help_text="the code of why it failed")
    params = models.JSONField(default=dict, help_text="what the sentence of the code names")

    class Meta:
        abstract = True

    @property
    def fault_code(self) -> TextChoices:
        """The code of the fault, with its label."""
        vocabularies: tuple[type[TextChoices], ...] = (JobFault, *self.FAULTS)
        return next(vocabulary(self.fault) for vocabulary in vocabularies if self.fault in vocabulary.values)

    @property
    def message(self) -> str:
        """The fault's sentence, as commands print it."""
        return self.message_in("en")

    @property
    def localized_message(self) -> str:
        """The fault's sentence, in the language of the page."""
        return self.message_in(get_language() or "en")

    def message_in(self, language: str) -> str:
        """Return the fault's sentence; empty if there is none."""
        return Fault("", self.fault_code, self.params).message_in(language) if self.fault else ""


class ReportedJob(Reported, LeasedJob):
    """A job requested by a person, which records why it failed."""

    class Meta:
        abstract = True


def error_fault(error: Exception) -> tuple[JobFault, dict[str, str]]:
    """Return the fault for an unexpected error."""
    return JobFault.ERROR, {"error": f"{type(error).__name__}: {error}"[:2000]}


def unclaimed(*, now: datetime) -> Q:
    """Return the condition that nobody holds the row, or that whoever did has not renewed the lease."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)


def claim(rows: QuerySet[Row], *, now: datetime, **changes: Any) -> Row | None:
    """Claim the first row of the query for ``settings.LEASE``. Return ``None`` if there is none, such as after another worker's claim."""
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
    """Claim the first job of the query that no worker holds."""
    return claim(free(jobs, now=now), now=now, state=jobs.model.AT_WORK, **changes)


def free(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    """Return jobs that can be claimed: never claimed, released, or with an expired lease."""
    model = jobs.model
    return jobs.filter(Q(state=model.WAITING) | Q(state=model.AT_WORK, lease_until__lt=now), attempts__lt=MAX_ATTEMPTS)


def dead(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    """Return jobs whose lease has expired after the last attempt."""
    return jobs.filter(state=jobs.model.AT_WORK, lease_until__lt=now, attempts__gte=MAX_ATTEMPTS)


def sweep(jobs: QuerySet[Job], *, now: datetime, give_up: Callable[[Job], object]) -> list[int]:
    """Fail dead jobs. Return the ids of the jobs to enqueue again, the oldest first."""
    for job in dead(jobs, now=now).order_by("pk"):
        give_up(job)
    return list(free(jobs, now=now).order_by("pk").values_list("pk", flat=True))


@dataclass
class Progress:
    """Counts a stream's items in the job's ``column``, through a second connection outside the stream's transaction."""

    job: LeasedJob
    connection: Any
    clock: Clock
    told_at: datetime
    column: str
    items_between_looks: int

    def watch(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the same items and count them."""
        for count, item in enumerate(items, start=1):
            if count % self.items_between_looks == 0 and self.clock() - self.told_at >= TELL_EVERY:
                self._store(count)
            yield item

    def _store(self, count: int) -> None:
        self.told_at = self.clock()
        statement = (
            f"UPDATE {self.job._meta.db_table} SET {self.column} = %s"  # noqa: S608 - names of ours
            " WHERE id = %s AND fence = %s AND state = %s"
        )
        with self.connection.cursor() as cursor:
            cursor.execute(statement, [count, self.job.pk, self.job.fence, self.job.state])
