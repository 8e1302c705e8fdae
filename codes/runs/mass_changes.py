"""Hold mass changes: those of one cause that would turn too many people red, or too many green before their announced day.

The people concerned keep the colour they showed, and everybody else settles. Two people release or refuse the group
(``docs/semantics.md`` §4, ``docs/adr/0015-held-groups.md``).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from codes.engine.query import until
from codes.models import GroupProposalState, HeldGroup, Registration, Run, VerdictChange
from regions.actors import SYSTEM
from regions.journal.record import record
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
# The run on which a person's shown colour is based: the last settled run, or possibly an earlier one if a group was ever held.
BASE_IS_LAST_SETTLED = compose(SQL, "base_is_last_settled")
BASE_OF_EACH = compose(SQL, "base_of_each")
COUNT, HOLD, BROUGHT = compose(SQL, "count"), compose(SQL, "hold"), compose(SQL, "brought")
WINDOW = timedelta(hours=24)
# Key in a run's counts of: cause -> [people turned red, people turned green early], without held changes.
BY_CAUSE = "changes_by_cause"


class Caused(NamedTuple):
    """One cause of changes in a run, and the numbers of people it would turn red and green."""

    key: str
    rule_set: int
    rule: str
    cause_kind: str
    batch: int | None
    provider: int | None
    received_on: date | None
    version: int | None
    red: int
    green: int


class MassChange(NamedTuple):
    """A cause of too many changes.

    ``red`` and ``green`` include the people it turned in the last 24 hours; ``registered`` is the number of all people registered.
    """

    cause: Caused
    red: int
    green: int
    registered: int

    def as_json(self) -> list[str | int]:
        """[rule, red, green, registered]"""
        return [self.cause.rule, self.red, self.green, self.registered]


class RecordVersion(NamedTuple):
    """One version of a record and the citizen it is about."""

    record_id: str
    source_id: int | None
    provider_id: int | None
    version: int
    citizen_id: int


def hold_mass_changes(run: Run, *, last: Run | None, now: datetime) -> dict[str, list[int]]:
    """Mark the run's changes that are held for two people. Return the counts of the other changes by cause.

    Call before the changes are applied. ``last`` is the run that this one follows or amends; it is ``None`` for a city's first
    run, which holds nothing.
    """
    if last is None:
        return {}
    causes = _count(run, last=last)
    held = {group.key: group for group in _held(causes, run=run, last=last, now=now)}
    if held:
        groups = [group.pk for group in held.values()]
        _run(HOLD, {**_parameters(run, last), "causes": list(held), "groups": groups})
        _note_growth([one for one in held.values() if one.first_run_id != run.pk], causes, run=run, last=last, now=now)
    return {one.key: [one.red, one.green] for one in causes if one.key not in held}


def new_mass_changes(run: Run, *, last: Run) -> list[MassChange]:
    """Return the groups that ``hold_mass_changes`` would open. Nothing is written."""
    return _to_open(_count(run, last=last), run=run, last=last)


def dissolve_groups(run: Run, *, now: datetime) -> None:
    """Close the groups that hold no change any more after a run of the whole city. Call after its changes are marked."""
    for group in HeldGroup.objects.waiting():
        if not group.changes_after(run).exists():
            close_group(group, "dissolve", by=SYSTEM, now=now, because="no_longer_due")


def close_group(group: HeldGroup, action: str, *, by: str, now: datetime, **counts: Any) -> None:
    """Close the group, withdraw its waiting proposals, and record it in the journal."""
    before = group.state
    HeldGroup.TRANSITIONS.move(HeldGroup.objects.filter(pk=group.pk), action, closed_at=now, counts=counts)
    group.refresh_from_db()
    group.proposals.waiting().update(state=GroupProposalState.WITHDRAWN)
    states = {"from": before, "to": group.state}
    record(
        f"group.{group.state}", by=by, now=now, subject=group.subject, data={**states, **group.described(), **counts}
    )


def versions_that_brought(group: HeldGroup, run: Run) -> Sequence[RecordVersion]:
    """Return the record versions that cause the group's changes, as they are after the settled ``run``."""
    found: dict[RecordVersion, None] = {}
    for pk in sorted(set(group.changes_after(run).values_list("run", flat=True))):
        rows = _run(
            BROUGHT,
            {
                "run": pk,
                "last": group.base_run_id,
                "zone": current_city().timezone,
                "cause": group.key,
                "batch": group.batch_id,
                "rule": group.rule,
                "rule_set": group.rule_set_id,
            },
            base=BASE_IS_LAST_SETTLED,
        )
        found |= dict.fromkeys(RecordVersion(*row) for row in rows)
    return list(found)


def _held(causes: Sequence[Caused], *, run: Run, last: Run, now: datetime) -> list[HeldGroup]:
    """Return the groups that hold changes of the run: those already waiting, and those opened now."""
    keys = {one.key for one in causes}
    return [
        *(group for group in HeldGroup.objects.waiting() if group.key in keys),
        *(_open(one, run=run, last=last, now=now) for one in _to_open(causes, run=run, last=last)),
    ]


def _note_growth(groups: Sequence[HeldGroup], causes: Sequence[Caused], *, run: Run, last: Run, now: datetime) -> None:
    """Count the groups that waited before the run anew, and withdraw what is proposed about one that has got more people.

    Two people decide about the same people: whoever proposed has not seen those who were added.
    """
    before, found = _settled_in_window(run) if groups else Counter(), {one.key: one for one in causes}
    for group in groups:
        if run.amends_id is None:  # an amending run counts only the people it names
            one = found[group.key]
            group.red, group.green = one.red + before[one.key, 0], one.green + before[one.key, 1]
            group.save(update_fields=["red", "green"])
        of_group = VerdictChange.objects.filter(kept_back__group=group)
        known = of_group.filter(Q(run=last) | Q(run__amends=last)).exclude(run=run)
        added = (
            of_group.filter(run=run).exclude(citizen__in=known.values("citizen")).values("citizen").distinct().count()
        )
        for proposal in group.proposals.waiting() if added else ():
            state = proposal.state
            proposal.move(GroupProposalState.WITHDRAWN)
            proposal.journal("group.outgrown", by=SYSTEM, now=now, before=state, added=added, run=run.pk)


def _to_open(causes: Sequence[Caused], *, run: Run, last: Run) -> list[MassChange]:
    """Return the causes that turn more people than the city's share and least number, except those held already."""
    held = set(HeldGroup.objects.waiting().values_list("key", flat=True))
    city, before = current_city(), _settled_in_window(run)
    added = [
        (one, one.red + before[one.key, 0], one.green + before[one.key, 1]) for one in causes if one.key not in held
    ]
    many = [(one, red, green) for one, red, green in added if max(red, green) >= city.mass_change_least]
    if not many:
        return []
    # A lower bound of the people registered, which take long to count.
    registered = last.most_registered()
    if any(max(red, green) > city.mass_change_share * registered for _, red, green in many):
        registered = _registered(run)
    return [
        MassChange(one, red, green, registered)
        for one, red, green in many
        if max(red, green) > city.mass_change_share * registered
    ]


def _registered(run: Run) -> int:
    """Return the number of people registered with any provider."""
    registered = Registration.objects.filter(registered_at__lte=run.as_of)
    return registered.values("citizen").distinct().count()


def _settled_in_window(run: Run) -> Counter[tuple[str, int]]:
    """Return how many people each cause turned red (0) and green (1) in the 24 hours before the run."""
    found: Counter[tuple[str, int]] = Counter()
    recent = Run.objects.filter(state__in=Run.COUNTED, pk__lt=run.pk, as_of__gt=run.as_of - WINDOW)
    for by_cause in recent.values_list(f"counts__{BY_CAUSE}", flat=True):
        for key, people in (by_cause or {}).items():
            found.update({(key, direction): number for direction, number in enumerate(people)})
    return found


def _open(found: MassChange, *, run: Run, last: Run, now: datetime) -> HeldGroup:
    one = found.cause
    group = HeldGroup.objects.create(
        key=one.key,
        rule_set_id=one.rule_set,
        rule=one.rule,
        cause_kind=one.cause_kind,
        batch_id=one.batch,
        provider_id=one.provider,
        received_on=one.received_on,
        version_id=one.version,
        first_run=run,
        base_run=last,
        held_at=now,
        red=found.red,
        green=found.green,
        registered=found.registered,
    )
    record("group.held", by=SYSTEM, now=now, subject=group.subject, data={"run": run.pk, **group.described()})
    return group


def _count(run: Run, *, last: Run) -> list[Caused]:
    return [Caused(*row) for row in _run(COUNT, _parameters(run, last))]


def _parameters(run: Run, last: Run) -> dict[str, Any]:
    return {"run": run.pk, "last": last.pk, "counted": list(Run.COUNTED), "zone": current_city().timezone}


def _run(statement: str, parameters: dict[str, Any], *, base: str = "") -> list[tuple[Any, ...]]:
    """Execute a statement that reads the causes of the run's changes. Return its rows, if it has any."""
    rests = base or (BASE_OF_EACH if HeldGroup.objects.exists() else BASE_IS_LAST_SETTLED)
    caused = compose(SQL, "caused", base=rests, until=until("hit", day="c.base_day"))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {caused}\n{statement}", parameters)
        return list(cursor.fetchall()) if cursor.description else []
