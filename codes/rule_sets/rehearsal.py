"""Rehearsing a draft version on the whole city: who would change colour on a day. Nothing is written.

The engine reads rules from tables, so the draft is inserted in a transaction that is always rolled back.
"""

from array import array
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from django.db import transaction

from codes.effective import effective_changes_if, lock_effective_codes
from codes.engine.preview import put_previewed_verdicts
from codes.engine.query import verdicts_of
from codes.engine.subjects import REHEARSAL
from codes.models import (
    HeldGroup,
    Provider,
    RehearsalFault,
    RuleSet,
    RuleSetVersion,
    Ruling,
    Run,
    VerdictChange,
)
from codes.reports.rows import stream
from codes.rule_sets.publish import check_publishable, replace_tables
from codes.rule_sets.version_file import VersionContent
from codes.runs.amend import mass_changes_if
from codes.vocabulary import Colour
from regions.refusals import Refused
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
CHANGES = compose(SQL, "changes")

Effect = Literal["appears", "vanishes", "stays", "none"]


class Change(NamedTuple):
    """A change of a citizen's colour with a provider.

    The rules are the codes of those that hold the citizen before and after.

    ``changed_by``: those of them that cause the change, which give the more severe of the two colours. ``is_held``:
    both are held colours, because the provider's source is silent.
    """

    citizen_id: int
    ref: str
    id_encrypted: bytes
    full_name: str
    provider: str
    before: str
    after: str
    rules_before: list[str]
    rules_after: list[str]
    changed_by: list[str]
    differed: bool
    differs: bool
    is_held: bool

    @property
    def disagreement(self) -> Effect:
        if self.differs:
            return "stays" if self.differed else "appears"
        return "vanishes" if self.differed else "none"

    @property
    def is_stricter(self) -> bool:
        return Colour(self.after).severity > Colour(self.before).severity


@dataclass
class Tally:
    """The numbers of citizens and colours that change, by provider and colours, and by rule, and the changes of disagreements.

    ``people`` are the citizens with any change, including changes of held colours.
    """

    citizens: int = 0
    people: "array[int]" = field(default_factory=lambda: array("q"))
    colours: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stricter_by: Counter[str] = field(default_factory=Counter)
    milder_by: Counter[str] = field(default_factory=Counter)
    disagreements: Counter[Effect] = field(default_factory=Counter)
    held_colours: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def counting(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield the changes except those of held colours, and count each. Changes of one citizen must be adjacent."""
        last = None
        for change in changes:
            if not self.people or self.people[-1] != change.citizen_id:
                self.people.append(change.citizen_id)
            if change.is_held:
                self.held_colours[change.provider, change.before, change.after] += 1
                continue
            self.colours[change.provider, change.before, change.after] += 1
            (self.stricter_by if change.is_stricter else self.milder_by).update(change.changed_by)
            if change.citizen_id != last:
                self.citizens += 1
                self.disagreements[change.disagreement] += 1
                last = change.citizen_id
            yield change


class CannotRehearse(Refused):
    """There is nothing to rehearse the draft on."""


class Follows(NamedTuple):
    """The consequences of a draft.

    ``effective``: [from, to, citizens] of the effective codes that would change if nothing were held. ``mass_changes``:
    [rule, red, green, registered] of the groups that the day's run would hold for two people because of the draft.
    """

    effective: list[list[str | int]]
    mass_changes: list[list[str | int]]


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal.

    ``run`` determines horizons, registrations and known facts; ``changes`` can be read once, by citizen and provider.

    ``in_force`` and ``drafts`` are the versions by which each provider is judged before and after.
    """

    run: Run
    day: date
    providers: list[str]
    changes: Iterator[Change]
    in_force: dict[int, int]
    drafts: dict[int, int]

    def follows(self, people: Collection[int]) -> Follows:
        """Return the consequences for the people in ``changes``, and for people whose colour stays but who have a
        ruling, which another rule may suspend, or a change held in a group, which another rule may replace.

        Read the changes first. Until the block ends, nobody else can change an effective code.
        """
        lock_effective_codes()  # taken before the verdicts, as every run does
        ruled = Ruling.objects.filter(state=Ruling.State.APPROVED).values_list("citizen_id", flat=True)
        kept = VerdictChange.objects.filter(kept_back__group__in=HeldGroup.objects.waiting())
        asked = sorted({*people, *ruled, *kept.values_list("citizen_id", flat=True)})
        run = Run.objects.get(pk=self.run.pk)
        run.day = self.day  # not stored: it is settled in the way the run of that day would be

        def judge_by(versions: dict[int, int]) -> None:
            for provider, version in versions.items():
                run.providers.filter(provider=provider).update(version=version)
            put_previewed_verdicts(run, asked, known_at=run.as_of)

        judge_by(self.in_force)
        found = mass_changes_if(run, asked, day=self.day, known_at=run.as_of, versions=self.drafts)
        held = [one.as_json() for one in found if one.cause.version in self.drafts.values()]
        return Follows(effective_changes_if(run, lambda: judge_by(self.drafts)), held)


@contextmanager
def rehearsal(content: VersionContent, *, today: date, day: date | None = None) -> Iterator[Rehearsal]:
    """Rehearse the draft on ``day``: by default its first day, or today if that is later.

    Read the changes inside the block.

    Everything else is as known to the last settled run: no later check-ins and records are assumed, and a source is as
    fresh or as silent as it was then. Raises ``CannotRehearse``, and ``CannotPublish`` for a draft that could never be
    in force.
    """
    check_publishable(content, today=today)
    run = Run.objects.last_settled()
    if run is None:
        raise CannotRehearse(RehearsalFault.NO_RUN)
    day = day or max(content.effective_from, today)
    could = run.providers.filter(horizon__isnull=False, version__isnull=False)
    judged = list(Provider.objects.filter(pk__in=could.values("provider")).select_related("rule_set"))
    bound = [one for one in judged if one.rule_set.code == content.code]
    if not bound:
        raise CannotRehearse(RehearsalFault.NO_PROVIDER, rule_set=content.code)
    with transaction.atomic():
        in_force = {one.pk: _in_force(one, run, day, content) for one in judged}
        drafts = dict.fromkeys([one.pk for one in bound], _draft_rows(content, run).pk)
        try:
            with closing(_changes(_parameters(run, day, in_force, drafts))) as changes:
                yield Rehearsal(run, day, sorted(one.code for one in bound), changes, in_force, drafts)
        finally:
            transaction.set_rollback(True)


def _changes(parameters: dict[str, Any]) -> Generator[Change, None, None]:
    for row in stream(f"{verdicts_of(REHEARSAL)},\n{CHANGES}", parameters):
        yield Change(*row)


def _parameters(run: Run, day: date, in_force: dict[int, int], drafts: dict[int, int]) -> dict[str, Any]:
    return {
        "run": run.pk,
        "day": day,
        "zone": current_city().timezone,
        "bound": list(drafts),
        "providers": [*in_force, *drafts],
        "versions": [*in_force.values(), *drafts.values()],
        "drafts": [False] * len(in_force) + [True] * len(drafts),
    }


def _draft_rows(content: VersionContent, run: Run) -> RuleSetVersion:
    """Insert the draft under a rule set of its own, next to anything stored under its name."""
    rule_set = RuleSet.objects.create(code=f"rehearsal {uuid4()}")
    stored = RuleSetVersion.objects.create(
        rule_set=rule_set,
        version=content.version,
        effective_from=content.effective_from,
        digest="",
        created_by="rehearsal",
        created_at=run.as_of,
    )
    replace_tables(stored, content)
    return stored


def _in_force(provider: Provider, run: Run, day: date, content: VersionContent) -> int:
    """Return the version by which the provider would be judged on the day without the draft, even if an earlier draft
    of it is stored.
    """
    stored = RuleSetVersion.objects.filter(rule_set=provider.rule_set_id)
    if provider.rule_set.code == content.code:
        stored = stored.exclude(version=content.version, effective_from__gt=run.day)
    newest = stored.in_force(day).first()
    if newest is None:
        raise CannotRehearse(RehearsalFault.NO_VERSION, rule_set=provider.rule_set.code, day=str(day))
    return newest.pk
