"""Tables in ``public``: cities, their host names, and operators' acts on cities. They contain counts and settings, no personal data."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django_tenants.models import DomainMixin, TenantMixin

from regions.accounted import Accounted
from regions.leased_jobs import ReportedJob
from regions.transitions import TransitionTable
from regions.vocabulary import Recognition, SuspensionReason, title_of


class City(Accounted, TenantMixin):
    """A tenant: one schema, one role, its own settings. ``regions.schemas`` creates the schema; ``save()`` does not."""

    auto_create_schema = False
    auto_drop_schema = False
    # Whether the owner entered the city and uses no role in it (``tenancy.in_city_as_owner``).
    by_owner = False
    # From the suspension in force, if the query that read the city includes it (``tenancy.suspension_columns``).
    suspended_since: datetime | None = None
    suspended_for = ""

    name_zh = models.TextField()
    name_en = models.TextField()
    division = models.CharField(max_length=6, help_text="GB/T 2260")
    timezone = models.TextField(default="Asia/Shanghai")
    interim_policy = models.TextField(default="strictest", help_text="strictest | prefer:<provider> | freshest")
    mass_change_share = models.FloatField(
        default=0.02, help_text="share of the registered above which changes of one cause are held"
    )
    mass_change_least = models.IntegerField(default=20, help_text="people above which changes of one cause are held")
    second_look_share = models.FloatField(
        default=0.05, db_default=0.05, help_text="share of what one official closes alone that a colleague looks at"
    )
    recognition = models.TextField(choices=Recognition.choices, default=Recognition.LOOK_UP)
    hotline = models.TextField(blank=True, help_text="a telephone number, shown wherever a page can go no further")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(division__regex=r"^[0-9]{6}$"), name="city_division_is_six_digits"),
            models.CheckConstraint(
                condition=Q(interim_policy__regex=r"^(strictest|freshest|prefer:.+)$"),
                name="city_interim_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(mass_change_share__gte=0, mass_change_share__lte=1, mass_change_least__gte=1),
                name="city_mass_change_is_a_share_and_a_number",
            ),
            models.CheckConstraint(
                condition=Q(second_look_share__gte=0, second_look_share__lte=1), name="city_second_look_is_a_share"
            ),
            models.CheckConstraint(condition=Q(recognition__in=Recognition.values), name="city_recognition_is_known"),
        ]

    def __str__(self) -> str:
        return self.name_zh or self.schema_name

    def name_in(self, language: str) -> str:
        return title_of(self, language, name="name") or self.name_zh

    @property
    def role_name(self) -> str | None:
        """The PostgreSQL role set with the search path, or ``None`` in ``public`` and for the owner, where the login's rights apply."""
        return None if self.schema_name == "public" or self.by_owner else f"city_{self.schema_name}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


class Domain(Accounted, DomainMixin):
    def __str__(self) -> str:
        return str(self.domain)


class CityStanding(models.Model):
    """Aggregate counts of a city. A worker computes them inside the city; the operator sees them with those of all cities.

    They contain no personal data. ``sources`` is ``[{"code", "title_zh", "title_en", "as_of", "max_age_hours"}]``, with ``as_of``
    null before a first delivery. ``progress`` is the progress of the city's work (``codes.city_counts``), for the metrics.
    """

    city = models.OneToOneField(City, on_delete=models.CASCADE, related_name="standing")
    read_at = models.DateTimeField()
    people = models.BigIntegerField(default=0)
    red = models.BigIntegerField(default=0)
    yellow = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)
    disagreements = models.BigIntegerField(default=0)
    open_cases = models.BigIntegerField(default=0)
    overdue_cases = models.BigIntegerField(default=0)
    held_groups = models.BigIntegerField(default=0, help_text="mass changes that wait for two people")
    late_corrections = models.BigIntegerField(default=0, help_text="other cities have not answered them in time")
    run_day = models.DateField(null=True)
    run_state = models.TextField(blank=True)
    run_ended_at = models.DateTimeField(null=True)
    sources = models.JSONField(default=list)
    progress = models.JSONField(default=dict, db_default={})

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(red__gte=0, yellow__gte=0, unknown__gte=0, disagreements__gte=0, open_cases__gte=0)
                & Q(overdue_cases__gte=0, overdue_cases__lte=models.F("open_cases")),
                name="city_standing_is_counts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.city_id} at {self.read_at}"

    @property
    def green(self) -> int:
        """Everybody who is neither red, yellow nor unknown."""
        return max(0, self.people - self.red - self.yellow - self.unknown)


class CityOpening(ReportedJob):
    """An operator's request to open a city or to update it from a city file.

    Once another operator has confirmed it, a worker with the owner's login carries it out. ``content`` is the city file and its
    rule sets, encrypted; as it may contain credentials, it is deleted when the opening has ended.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        WAITING = "waiting"
        OPENING = "opening"
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    WAITING, AT_WORK = State.WAITING, State.OPENING
    TRANSITIONS = TransitionTable.of(
        (State.ASKED, "confirm", WAITING),
        (State.ASKED, "decline", State.DECLINED),
        (State.ASKED, "withdraw", State.WITHDRAWN),
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "finish", State.DONE),
        (AT_WORK, "refuse", State.REFUSED),
        (AT_WORK, "fail", State.FAILED),
    )

    name = models.TextField(unique=True, help_text="random: the address of its page")
    schema = models.TextField()
    content = models.BinaryField(null=True)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    decided_by = models.TextField(blank=True, db_default="", default="", help_text="the second operator")
    decided_at = models.DateTimeField(null=True)
    state = models.TextField(choices=State.choices, default=State.ASKED)
    created = models.BooleanField(default=False, help_text="the city was made, not changed")
    changed = models.JSONField(default=list, help_text="keys of the file that differed")
    faults = models.JSONField(default=list, help_text="key, code and parameters of each")
    ended_at = models.DateTimeField(null=True)
    first_run = models.BigIntegerField(null=True, help_text="a run of the city that the operator started")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "waiting", "opening"], ended_at__isnull=True, content__isnull=False)
                | Q(
                    state__in=["done", "refused", "failed", "declined", "withdrawn"],
                    ended_at__isnull=False,
                    content__isnull=True,
                ),
                name="opening_keeps_its_file_until_it_ends",
            ),
            models.CheckConstraint(condition=~Q(asked_by=""), name="opening_has_an_asker"),
            # Openings that ended before a second operator was required have none.
            models.CheckConstraint(
                condition=Q(state="asked", decided_by="", decided_at__isnull=True)
                | Q(state="withdrawn", decided_by=models.F("asked_by"), decided_at__isnull=False)
                | ~Q(state__in=["asked", "withdrawn"])
                & ~Q(decided_by=models.F("asked_by"))
                & (~Q(decided_by="") & Q(decided_at__isnull=False) | Q(state__in=["done", "refused", "failed"])),
                name="opening_takes_two_operators",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(fault=""), name="failed_opening_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.schema} for {self.asked_by}"


class CitySunset(models.Model):
    """The end of a city's service. One operator requests it, another confirms; the audited content is then permanently destroyed.

    ``counts`` maps tables to the number of rows to destroy. ``certificate`` is the signed record of what was destroyed.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        CONFIRMED = "confirmed"
        DONE = "done"

    city = models.OneToOneField(City, on_delete=models.PROTECT, related_name="sunset")
    state = models.TextField(choices=State.choices, default=State.ASKED)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    confirmed_by = models.TextField(blank=True, default="", db_default="")
    confirmed_at = models.DateTimeField(null=True)
    counts = models.JSONField(null=True)
    done_at = models.DateTimeField(null=True)
    certificate = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(asked_by="")
                & (
                    Q(state="asked", confirmed_by="", confirmed_at__isnull=True)
                    | Q(state__in=["confirmed", "done"], confirmed_at__isnull=False)
                    & ~Q(confirmed_by="")
                    & ~Q(confirmed_by=models.F("asked_by"))
                ),
                name="sunset_takes_two_operators",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "confirmed"], certificate__isnull=True, done_at__isnull=True)
                | Q(state="done", certificate__isnull=False, done_at__isnull=False, counts__isnull=False),
                name="sunset_ends_with_a_certificate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.city_id} {self.state}"


class CitySuspension(models.Model):
    """A suspension of a city: one operator requests it, another confirms, and two end it (``docs/adr/0058-the-province.md``).

    Ended suspensions are kept as a record.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        IN_FORCE = "in_force"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        ENDED = "ended"

    TRANSITIONS = TransitionTable.of(
        (State.ASKED, "confirm", State.IN_FORCE),
        (State.ASKED, "decline", State.DECLINED),
        (State.ASKED, "withdraw", State.WITHDRAWN),
        (State.IN_FORCE, "confirm_end", State.ENDED),
    )

    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="suspensions")
    state = models.TextField(choices=State.choices, default=State.ASKED)
    reason = models.TextField(choices=SuspensionReason.choices)
    note = models.TextField(help_text="for operators and the city's staff; citizens are told the reason only")
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    decided_by = models.TextField(blank=True, db_default="", default="", help_text="the second operator")
    decided_at = models.DateTimeField(null=True)
    end_asked_by = models.TextField(blank=True, db_default="", default="")
    end_asked_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True, db_default="", default="", help_text="the second operator of the end")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city"], condition=Q(state__in=["asked", "in_force"]), name="one_open_suspension_of_a_city"
            ),
            models.CheckConstraint(
                condition=~Q(asked_by="")
                & Q(reason__in=SuspensionReason.values)
                & (
                    Q(state="asked", decided_by="", decided_at__isnull=True)
                    | Q(state="withdrawn", decided_by=models.F("asked_by"), decided_at__isnull=False)
                    | Q(state__in=["in_force", "declined", "ended"], decided_at__isnull=False)
                    & ~Q(decided_by="")
                    & ~Q(decided_by=models.F("asked_by"))
                ),
                name="suspension_takes_two_operators",
            ),
            models.CheckConstraint(
                condition=Q(end_asked_by="", end_asked_at__isnull=True, ended_by="", ended_at__isnull=True)
                & ~Q(state="ended")
                | Q(state="in_force", end_asked_at__isnull=False, ended_by="", ended_at__isnull=True)
                & ~Q(end_asked_by="")
                | Q(state="ended", end_asked_at__isnull=False, ended_at__isnull=False)
                & ~Q(end_asked_by="")
                & ~Q(ended_by="")
                & ~Q(ended_by=models.F("end_asked_by")),
                name="end_of_suspension_takes_two_operators",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.city_id} {self.state}"


class RiskList(models.Model):
    """Risk areas that the province sends to all cities; two people of each city decide about them.

    ``entries`` is ``[{"area", "level", "from", "to"}]`` as in a rule-set file; an entry without ``from`` ends a listed one.
    """

    name = models.TextField(unique=True, help_text="random: the address of its page")
    entries = models.JSONField()
    note = models.TextField(help_text="why; the cities' people read it")
    sent_by = models.TextField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(sent_by="") & ~Q(note=""), name="risk_list_has_sender_and_note")
        ]

    def __str__(self) -> str:
        return self.name


class RiskListDelivery(ReportedJob):
    """The delivery of a risk list to one city: a worker creates drafts there and records their states.

    ``drafts`` is ``[{"rule_set", "draft", "state"}]``, as a worker last saw them.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DRAFTING = "drafting"
        DRAFTED = "drafted"
        UNCHANGED = "unchanged"
        FAILED = "failed"

    WAITING, AT_WORK = State.WAITING, State.DRAFTING
    TRANSITIONS = TransitionTable.of(
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "draft", State.DRAFTED),
        (AT_WORK, "change_nothing", State.UNCHANGED),
        (AT_WORK, "fail", State.FAILED),
    )

    risk_list = models.ForeignKey(RiskList, on_delete=models.PROTECT, related_name="deliveries")
    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="+")
    state = models.TextField(choices=State.choices, default=State.WAITING)
    drafts = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["risk_list", "city"], name="risk_list_goes_to_a_city_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "drafting"], ended_at__isnull=True)
                | Q(state__in=["drafted", "unchanged", "failed"], ended_at__isnull=False),
                name="risk_list_delivery_has_ended_when_its_state_says_so",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk_list_id} to {self.city_id}"
