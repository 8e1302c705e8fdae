"""A draft version tried on the whole city: who would change colour on a day, and nothing is written.

The engine reads rules from tables, so the draft becomes rows of a transaction that is always rolled back.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from django.db import transaction

from codes.engine.query import REHEARSAL, verdicts_of
from codes.models import Provider, RehearsalFault, RuleSet, RuleSetVersion, Run
from codes.reports.rows import stream
from codes.rule_sets.publish import check_publishable, replace_tables
from codes.rule_sets.version_file import VersionContent
from codes.vocabulary import Colour
from regions.refusals import Refused
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
CHANGES = compose(SQL, "changes")

Effect = Literal["appears", "vanishes", "stays", "none"]


class Change(NamedTuple):
    """A citizen's colour with a provider. The rules are those that hold them before and after, by code.

    ``changed_by``: of these the ones the change comes from, which give the more severe of the two colours.
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
    """How many citizens and colours change, by provider and colours, and by rule; and what becomes of disagreements."""

    citizens: int = 0
    colours: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stricter_by: Counter[str] = field(default_factory=Counter)
    milder_by: Counter[str] = field(default_factory=Counter)
    disagreements: Counter[Effect] = field(default_factory=Counter)

    def counting(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes, each counted as it passes; those of one citizen stand together."""
        last = None
        for change in changes:
            self.colours[change.provider, change.before, change.after] += 1
            (self.stricter_by if change.is_stricter else self.milder_by).update(change.changed_by)
            if change.citizen_id != last:
                self.citizens += 1
                self.disagreements[change.disagreement] += 1
                last = change.citizen_id
            yield change


class CannotRehearse(Refused):
    """There is nothing to try the draft on."""


@dataclass(frozen=True)
class Rehearsal:
    """``run`` gives horizons, registrations and knowledge; ``changes`` can be read once, by citizen and provider."""

    run: Run
    day: date
    providers: list[str]
    changes: Iterator[Change]


@contextmanager
def rehearsal(content: VersionContent, *, today: date, day: date | None = None) -> Iterator[Rehearsal]:
    """Try the draft on ``day``: by default its first, or today if that is later. Read the changes inside the block.

    Everything else is as the last settled run knew it; no check-in and no record is assumed after it, and a source counts
    as fresh as it was then. Raises ``CannotRehearse``, and ``CannotPublish`` for a draft that could never come into force.
    """
    check_publishable(content, today=today)
    run = Run.objects.last_settled()
    if run is None:
        raise CannotRehearse(RehearsalFault.NO_RUN)
    day = day or max(content.effective_from, today)
    known = list(
        Provider.objects.filter(pk__in=run.providers.filter(known=True).values("provider")).select_related("rule_set")
    )
    bound = [one for one in known if one.rule_set.code == content.code]
    if not bound:
        raise CannotRehearse(RehearsalFault.NO_PROVIDER, rule_set=content.code)
    with transaction.atomic():
        parameters = _parameters(run, day, known, bound, content)
        try:
            with closing(_changes(parameters)) as changes:
                yield Rehearsal(run, day, sorted(one.code for one in bound), changes)
        finally:
            transaction.set_rollback(True)


def _changes(parameters: dict[str, Any]) -> Generator[Change, None, None]:
    for row in stream(f"{verdicts_of(REHEARSAL)},\n{CHANGES}", parameters):
        yield Change(*row)


def _parameters(
    run: Run, day: date, known: list[Provider], bound: list[Provider], content: VersionContent
) -> dict[str, Any]:
    draft = _draft_rows(content, run).pk
    judged = [(one.pk, _in_force(one, run, day, content), False) for one in known]
    judged += [(one.pk, draft, True) for one in bound]
    providers, versions, drafts = (list(column) for column in zip(*judged, strict=True))
    return {
        "run": run.pk,
        "day": day,
        "zone": current_city().timezone,
        "bound": [one.pk for one in bound],
        "providers": providers,
        "versions": versions,
        "drafts": drafts,
    }


def _draft_rows(content: VersionContent, run: Run) -> RuleSetVersion:
    """The draft under a rule set of its own, beside whatever is stored under its name."""
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
    """What the provider would be judged by on the day without the draft, also where an earlier draft of it is stored."""
    stored = RuleSetVersion.objects.filter(rule_set=provider.rule_set_id)
    if provider.rule_set.code == content.code:
        stored = stored.exclude(version=content.version, effective_from__gt=run.day)
    newest = stored.in_force(day).first()
    if newest is None:
        raise CannotRehearse(RehearsalFault.NO_VERSION, rule_set=provider.rule_set.code, day=str(day))
    return newest.pk
