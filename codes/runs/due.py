"""Select the people a run judges: those whose verdict may have changed since the previous settled run.

A verdict can change only because data arrived after that run, because a day was reached, or because a setting of the provider
changed. In doubt a person is judged: this costs little, and the result is the same if nothing changed
(``docs/adr/0059-the-work-follows-what-changed.md``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from codes.engine.query import ENGINE
from codes.models import Rule, RuleSetVersion, Run, RunProvider
from codes.runs.partitions import REMEMBER_ALL
from codes.statistics import refresh_statistics
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
MARK, QUEUE = compose(SQL, "mark"), compose(SQL, "queue", since=compose(SQL, "since"))
FORESEEN = compose(SQL, "foreseen")
PROVE, UNFORESEEN = compose(SQL, "prove", foreseen=FORESEEN), compose(SQL, "unforeseen", foreseen=FORESEEN)
# A decision of two people is committed within minutes of its instant. Those made in this time before the last run are
# considered again, because that run may not have seen them.
MARGIN = timedelta(days=1)
# Number of nights in which every citizen is judged in full once, as a check of narrowed runs.
PARTS = 30
# The fields of a rule on which verdicts depend; its names and texts have no effect.
JUDGED_BY = (
    "code", "kind", "area_levels", "colour", "anchor", "hold_days", "checkin_days", "tests", "test_gap_days", "cleared_by",
)  # fmt: skip


@dataclass
class Frames:
    """How the inputs of a run's providers differ from those of the previous run. Providers are given by id.

    ``kinds``: the kinds of records that the run's rules are about. ``in_full``: providers all of whose people are judged again.
    ``go_on``: the other providers; of these, ``other_lists`` have another risk list with the same rules, and ``later_versions``
    have a rule-set version that takes effect later.
    """

    kinds: set[str] = field(default_factory=set)
    go_on: list[int] = field(default_factory=list)
    in_full: list[int] = field(default_factory=list)
    other_lists: list[int] = field(default_factory=list)
    later_versions: list[int] = field(default_factory=list)


def choose_people(run: Run) -> None:
    """Queue the people the run judges, or record that it judges everybody. Call after its providers are frozen.

    First store the keys of the first fact and the first registration that the run does not see; the next run starts from them.
    """
    if run.history:
        run.everybody = True
        return
    last = Run.objects.last_settled()
    frames = _frames(run, last) if last else None
    goes_on = frames is not None and not frames.in_full
    facts_from = (last and last.facts_from if goes_on else None) or 0
    registrations_from = (last and last.registrations_from if goes_on else None) or 0
    marks = {"run": run.pk, "facts_from": facts_from, "registrations_from": registrations_from}
    with connection.cursor() as cursor:
        cursor.execute(MARK, marks)
        run.facts_from, run.registrations_from = cursor.fetchone()
    run.engine = engine()
    run.everybody = run.everybody or frames is None or last is None or not frames.go_on or not _follows(run, last)
    run.save(update_fields=["everybody", "facts_from", "registrations_from", "engine"])
    if frames is None or last is None or run.everybody:
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM codes_duecitizen")
        cursor.execute(QUEUE, _parameters(run, last, frames))
        written = cursor.rowcount
        if run.proves:
            cursor.execute(PROVE, {"run": run.pk, "parts": PARTS})
            written += cursor.rowcount
        refresh_statistics(["codes_duecitizen"], written=written)


def forget_gone() -> None:
    """Delete the next changes that the settled run marked as having no hit any more. Call in the settling transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM codes_nextchange WHERE gone")


@dataclass(frozen=True)
class Proof:
    """The number of people a run judged only as proof, and the number of them whose result differed from what was stored."""

    judged: int
    unforeseen: int


def proof_of(run: Run) -> Proof | None:
    """Return the result of the run's proof, or ``None`` if it has none.

    Call in the settling transaction, before the run's changes are applied.
    """
    if run.everybody or not run.proves:
        return None
    with connection.cursor() as cursor:
        cursor.execute(UNFORESEEN, {"run": run.pk})
        return Proof(*cursor.fetchone())


def settles_narrowed(run: Run, last: Run | None) -> bool:
    """Return whether codes and disagreements can have changed only for people whom the run judged or whose ruling matters.

    This requires that the same providers are known and have a version as in the previous run, and, under the policy
    ``freshest``, that their horizons are in the same order.
    """
    if last is None or run.everybody:
        return False
    both = list(RunProvider.objects.filter(run__in=[run, last], horizon__isnull=False))
    now, before = ([one for one in both if one.run_id == of.pk] for of in (run, last))
    return _judging(now) == _judging(before)


def _judging(judging: Sequence[RunProvider]) -> dict[int, tuple[bool, bool, int]]:
    newest_first = sorted({one.horizon for one in judging if one.horizon}, reverse=True)
    is_ranked = current_city().interim_policy == "freshest"
    return {
        one.provider_id: (one.known, one.version_id is not None, newest_first.index(one.horizon) if is_ranked else 0)
        for one in judging
        if one.horizon
    }


def _parameters(run: Run, last: Run, frames: Frames) -> dict[str, Any]:
    return {
        "run": run.pk,
        "last": last.pk,
        "margin": MARGIN,
        "zone": current_city().timezone,
        "kinds": sorted(frames.kinds),
        "in_full": frames.in_full,
        "other_lists": frames.other_lists,
        "later_versions": frames.later_versions,
    }


def engine() -> str:
    """Return the digest of all that judges besides the data: the statements, the time zone and the city's policy."""
    city = current_city()
    return hashlib.sha256(f"{ENGINE}{REMEMBER_ALL}{city.timezone}{city.interim_policy}".encode()).hexdigest()


def _follows(run: Run, last: Run) -> bool:
    """Return whether the run can continue from the last one: the engine is the same, and neither day nor instant is earlier."""
    marked = last.facts_from is not None and last.registrations_from is not None
    return marked and last.engine == run.engine and last.day <= run.day and last.as_of <= run.as_of


def _frames(run: Run, last: Run) -> Frames:
    frames = Frames()
    changing = _rule_sets_with_later_versions(last)
    before = {one.provider_id: one for one in last.providers.select_related("version")}
    rules: dict[int, Sequence[tuple[Any, ...]]] = {}
    for one in run.providers.select_related("version"):
        if one.horizon is None or one.version is None:
            continue
        frames.kinds |= {kind for _, kind, *_ in _rules(one.version, rules)}
        old = before.get(one.provider_id)
        if (
            old is None
            or not _goes_on(old, one)
            or old.version is None
            or _rules(old.version, rules) != _rules(one.version, rules)
        ):
            frames.in_full.append(one.provider_id)
            continue
        frames.go_on.append(one.provider_id)
        if old.version_id != one.version_id:
            frames.other_lists.append(one.provider_id)
        elif one.version.rule_set_id in changing:
            frames.later_versions.append(one.provider_id)
    return frames


def _goes_on(old: RunProvider, new: RunProvider) -> bool:
    """Return whether the source is the same and its horizon is not earlier."""
    if old.horizon is None or new.horizon is None:
        return False
    return old.source_id == new.source_id and old.horizon <= new.horizon


def _rules(version: RuleSetVersion, known: dict[int, Sequence[tuple[Any, ...]]]) -> Sequence[tuple[Any, ...]]:
    if version.pk not in known:
        known[version.pk] = sorted(Rule.objects.filter(version=version).values_list(*JUDGED_BY), key=repr)
    return known[version.pk]


def _rule_sets_with_later_versions(last: Run) -> set[int]:
    """Return the rule sets with a version that takes effect after the last run's day: the forecast of either run considers it."""
    later = RuleSetVersion.objects.filter(effective_from__gt=last.day).exclude(withdrawn_at__lte=last.as_of)
    return set(later.values_list("rule_set", flat=True))
