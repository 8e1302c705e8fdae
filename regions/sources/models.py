"""A city's data sources and what they delivered: settings and their changes, batches, staged records, quarantine."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.utils.translation import gettext_lazy as _

from regions.accounted import Accounted
from regions.keys.encryption import ID_NUMBER, QUARANTINED_RECORD, SOURCE_CREDENTIAL
from regions.keys.models import Encrypted
from regions.proposals import Proposal, two_people
from regions.rights import AppendOnly
from regions.sources.reasons import sentence
from regions.staff.roles import Role
from regions.transitions import TransitionTable


class SourceKind(models.TextChoices):
    POLICE_DATABASE = "police_database", "police database (SQL)"
    BIG_DATA_CENTRE = "big_data_centre", "big-data centre (HTTP)"


class SourceQuerySet(models.QuerySet["Source"]):
    def current(self) -> models.QuerySet["Source"]:
        """Return the sources that are collected: those not retired."""
        return self.filter(retired=False)

    def silent(self, *, at: datetime) -> models.QuerySet["Source"]:
        """Return those of them by whose data nobody can be judged: it is too old, or nothing has been delivered."""
        max_age = ExpressionWrapper(F("max_age_hours") * timedelta(hours=1), output_field=models.DurationField())
        oldest = ExpressionWrapper(Value(at) - max_age, output_field=models.DateTimeField())
        found = self.current().alias(horizon=Batch.objects.horizon_of(OuterRef("pk")))
        return found.filter(Q(horizon__isnull=True) | Q(horizon__lt=oldest))


class Source(Accounted, Encrypted):
    """A source of evidence. The credential (a database URL, or a shared secret) is encrypted and never shown."""

    told_by_digest: ClassVar[tuple[str, ...]] = ("credential",)
    encrypted: ClassVar[Mapping[str, str]] = {"credential": SOURCE_CREDENTIAL}

    code = models.TextField(unique=True)
    kind = models.TextField(choices=SourceKind.choices)
    title_zh = models.TextField()
    title_en = models.TextField()
    credential = models.BinaryField(null=True, help_text="encrypted; none = read from credential_env")
    credential_env = models.TextField(blank=True)
    records_view = models.TextField(blank=True)
    clock_view = models.TextField(blank=True)
    base_url = models.TextField(blank=True)
    app_id = models.TextField(blank=True)
    page_size = models.IntegerField(default=1000)
    max_age_hours = models.FloatField(default=26)
    max_bad_share = models.FloatField(default=0.05)
    kinds = models.JSONField(default=dict, help_text="their word -> our kind")
    overlap_hours = models.FloatField(default=24, help_text="how far behind the horizon a collection looks again")
    full_every_days = models.IntegerField(default=7, help_text="a full comparison at least this often")
    still = models.DateField(null=True, help_text="the day this source writes for no end")
    retired = models.BooleanField(default=False, help_text="no longer collected or shown; its history stays")

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="source_kind_is_known"),
            models.CheckConstraint(condition=Q(max_age_hours__gt=0), name="source_max_age_is_positive"),
            models.CheckConstraint(
                condition=Q(max_bad_share__gte=0, max_bad_share__lte=1), name="source_bad_share_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(overlap_hours__gte=0, full_every_days__gte=1), name="source_looks_back_and_compares"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def horizon_at(self, known_at: datetime) -> datetime | None:
        """Return the horizon by what was received by ``known_at``, or ``None`` without an accepted batch."""
        return self.batches.accepted().received_by(known_at).values_list("as_of", flat=True).first()

    def is_too_old(self, horizon: datetime, *, at: datetime) -> bool:
        """Return whether data complete up to the horizon is too old to judge by."""
        return at - horizon > timedelta(hours=self.max_age_hours)


class BatchQuerySet(models.QuerySet["Batch"]):
    def accepted(self) -> Self:
        """Return accepted batches, the newest first. Its ``as_of`` is the horizon, since no batch with an earlier one is accepted."""
        return self.filter(state=Batch.State.ACCEPTED).order_by("-received_at", "-id")

    def full(self) -> Self:
        """Return accepted full comparisons, the newest first."""
        return self.accepted().filter(full=True)

    def received_by(self, known_at: datetime) -> Self:
        """Return batches received by that instant."""
        return self.filter(received_at__lte=known_at)

    def horizon_of(self, source: OuterRef, *, known_at: datetime | None = None) -> Subquery:
        """Return the horizon, at an instant or now, as a column of a query of sources."""
        accepted = self.accepted() if known_at is None else self.accepted().received_by(known_at)
        return Subquery(accepted.filter(source=source).values("as_of")[:1])


class Batch(models.Model):
    """One delivery, accepted or refused whole; ``as_of`` is the moment up to which the source says it is complete."""

    class State(models.TextChoices):
        STAGING = "staging"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        HELD = "held"

    TRANSITIONS = TransitionTable.of(
        (State.STAGING, "hold", State.HELD),
        ((State.STAGING, State.HELD), "accept", State.ACCEPTED),
        ((State.STAGING, State.HELD), "refuse", State.REFUSED),
    )

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="batches")
    state = models.TextField(choices=State.choices, default=State.STAGING)
    since = models.DateTimeField(null=True, help_text="none = everything")
    as_of = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, help_text="when the city accepted it")
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, help_text="reason code of a refusal or hold")
    parts = models.JSONField(default=dict, help_text="fills the places in the reason's sentence")
    delivered = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)
    full = models.BooleanField(db_default=False, default=False, help_text="all records of the source were compared")
    compared = models.IntegerField(null=True, help_text="of a full comparison: how many records the source has")
    late = models.IntegerField(default=0, db_default=0, help_text="new, though recorded before the horizon")
    changed = models.IntegerField(default=0, db_default=0, help_text="other content, recorded at the same moment")
    missing = models.IntegerField(default=0, db_default=0, help_text="the city holds them, the source has them no more")
    address = models.BinaryField(null=True, help_text="keyed hash of where the source was")
    is_retry = models.BooleanField(
        db_default=False, default=False, help_text="records of earlier ones, out of quarantine"
    )
    held_at = models.DateTimeField(null=True, help_text="when it was kept for two people; stays, whatever they decided")
    release_asked_by = models.TextField(blank=True, db_default="", help_text="the first of the two")
    release_asked_at = models.DateTimeField(null=True)
    released_by = models.TextField(blank=True, db_default="")
    released_at = models.DateTimeField(null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["source", "-received_at"], condition=Q(state="accepted"), name="batch_horizon")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["staging", "accepted", "refused", "held"]), name="batch_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(as_of__isnull=False, received_at__isnull=False, closed_at__isnull=False),
                name="accepted_batch_has_its_instants",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refused_batch_has_a_reason"),
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(received_at__gte=F("started_at")),
                name="batch_received_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(held_at__isnull=False), name="held_batch_says_since_when"
            ),
            models.CheckConstraint(
                condition=Q(release_asked_at__isnull=True, release_asked_by="")
                | Q(release_asked_at__isnull=False, held_at__isnull=False) & ~Q(release_asked_by=""),
                name="release_of_a_held_batch_is_asked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by="")
                | Q(released_at__isnull=False, release_asked_at__isnull=False)
                & ~Q(released_by="")
                & ~Q(released_by=F("release_asked_by")),
                name="held_batch_is_released_by_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(held_at__isnull=True) | Q(released_at__isnull=False),
                name="held_batch_is_accepted_by_release_only",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.source_id}"

    def message_in(self, language: str) -> str:
        """Return why the batch was refused or is held, and what to do, by language tag; empty if it was neither."""
        return sentence(self.reason, self.parts, language) if self.reason else ""

    @property
    def message(self) -> str:
        return self.message_in("en")

    @property
    def extent(self) -> int:
        """The number of records its shares refer to: a full comparison need not fetch what is unchanged."""
        return max(self.delivered, self.compared or 0)


class BatchFinding(models.Model):
    """A record about which a delivery said something unexpected. It is deleted with its batch if that is refused."""

    class Kind(models.TextChoices):
        LATE = "late", _("Recorded before the horizon, and new to the city")
        CHANGED = "changed", _("Changed without being recorded anew")
        MISSING = "missing", _("Gone from the source")

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="findings", db_index=False)
    kind = models.TextField(choices=Kind.choices)
    record_id = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "kind", "record_id"], name="record_is_found_once_in_a_batch"),
            models.CheckConstraint(condition=Q(kind__in=["late", "changed", "missing"]), name="finding_is_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.kind} {self.record_id}"


class RangeHashes(models.Model):
    """The hashes of a full comparison, so that the next one need not fetch what is unchanged.

    Records fall into 2^``bits`` ranges by the hash of their id; ``digests`` has eight bytes for each range, over all of its records
    recorded by the batch's horizon. ``reading`` is a hash of the settings by which they were read.
    """

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, related_name="range_hashes")
    bits = models.IntegerField()
    digests = models.BinaryField()
    reading = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(bits__gte=1, bits__lte=16), name="ranges_are_of_16_bits")]

    def __str__(self) -> str:
        return f"ranges of batch {self.batch_id}"


class StagedRecord(Encrypted):
    """A checked record waiting for its batch. ID numbers are encrypted before they are stored."""

    encrypted: ClassVar[Mapping[str, str]] = {"id_encrypted": ID_NUMBER}

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="staged")
    line = models.IntegerField()
    record_id = models.TextField()
    id_type = models.TextField()
    id_hash = models.BinaryField()
    id_encrypted = models.BinaryField()
    full_name = models.TextField(blank=True)
    kind = models.TextField()
    area = models.TextField(null=True)  # noqa: DJ001 - none is not the empty text
    started_on = models.DateField()
    ended_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    revoked = models.BooleanField()
    detail = models.JSONField(default=dict)
    digest = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["batch", "record_id"])]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"


class Quarantined(AppendOnly, Encrypted):
    """A bad record: its raw content (encrypted), its line and why it is bad. ``taken_in`` is the later batch in which it passed."""

    encrypted: ClassVar[Mapping[str, str]] = {"raw": QUARANTINED_RECORD}

    updatable_columns: ClassVar[tuple[str, ...]] = ("taken_in_id",)

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="quarantine")
    line = models.IntegerField()
    record_id = models.TextField(blank=True, db_default="", help_text="empty if it cannot be read")
    reason = models.TextField()
    field = models.TextField(blank=True)
    message = models.TextField(blank=True)
    raw = models.BinaryField()
    taken_in = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="retried")

    class Meta:
        indexes = [models.Index(fields=["batch", "-id"], condition=Q(taken_in__isnull=True), name="quarantine_waiting")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="quarantined_record_has_a_reason"),
            models.CheckConstraint(
                condition=Q(taken_in__isnull=True) | ~Q(taken_in=F("batch")), name="quarantined_record_is_taken_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line} {self.reason}"


class ChangeState(models.TextChoices):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class SourceChange(Encrypted, Proposal):
    """New settings of a source. ``values`` and ``before`` hold the columns that differ; a new credential is stored encrypted."""

    encrypted: ClassVar[Mapping[str, str]] = {"credential": SOURCE_CREDENTIAL}

    State = ChangeState
    APPROVED: ClassVar[str] = State.IN_FORCE
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.SOURCE_MANAGER,)
    ACTS: ClassVar[str] = "source.change_"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="changes")
    state = models.TextField(choices=State.choices, default=State.PROPOSED)
    values = models.JSONField(default=dict, help_text="column -> new value")
    before = models.JSONField(default=dict, help_text="column -> value when it was proposed")
    credential = models.BinaryField(null=True, help_text="encrypted; none = the credential stays")
    effect = models.JSONField(default=dict, help_text="what it would do, as it was shown")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(state="proposed"), name="one_open_change_per_source"
            ),
            *two_people("source_change", ChangeState, decided=["in_force", "refused", "withdrawn"]),
            models.CheckConstraint(
                condition=~Q(values={}) | Q(credential__isnull=False), name="source_change_changes_something"
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason=""), name="source_change_has_proposer_and_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"change {self.pk} of {self.source_id}"

    @property
    def subject(self) -> str:
        return f"source:{self.source.code}"

    def described(self) -> dict[str, Any]:
        """Return what differs as [old, new]: of a database's URL the parts that are not secret, and of a mapping its entries."""
        columns = sorted([*self.values, *(["credential"] if self.credential else [])])
        settings = {name: [self.before[name], new] for name, new in self.values.items() if name != "kinds"}
        kinds = differing_parts(self.before.get("kinds"), self.values.get("kinds"))
        address = self.differing_address
        return {
            "change": self.pk,
            "columns": columns,
            "proposed_by": self.proposed_by,
            **({"settings": settings} if settings else {}),
            **({"kinds": kinds} if kinds else {}),
            **({} if address is None else {"address": address}),
        }

    @property
    def differing_address(self) -> dict[str, list[Any]] | None:
        """Return what differs in a new database address. If empty, only the password may be new; ``None`` if it is not known."""
        after = self.effect.get("new_address")
        return None if after is None else differing_parts(self.effect.get("address"), after)


def differing_parts(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, list[Any]]:
    """Map names to [old, new] where they differ; ``None`` counts as an empty dictionary."""
    old, new = before or {}, after or {}
    return {name: [old.get(name), new.get(name)] for name in sorted({*old, *new}) if old.get(name) != new.get(name)}
