"""Compute the effects of a change of a source's settings, as far as possible, in a transaction that is rolled back."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from codes.effective import effective_changes_if
from codes.engine.preview import ColourChange, preview_changes, put_previewed_verdicts
from codes.intake.retrying import MOST_AT_ONCE, take_what_passes, waiting
from codes.models import Fact, Provider, Run, RunProvider, Verdict, WhyUnknown
from codes.runs.amend import mass_changes_if
from regions.sources.models import Batch, Source
from regions.sql import compose
from regions.vocabulary import FACT_KINDS

# The most citizens that are judged, so that nobody waits too long. The total number is shown too.
MOST_JUDGED = 5000

SQL = Path(__file__).with_suffix(".sql")
REKIND = compose(SQL, "rekind")


def effect_of(
    source: Source, candidate: Source, *, retired: Collection[str] | None = None, now: datetime
) -> dict[str, Any]:
    """Return the effects as JSON. ``candidate`` is the source as it would be, ``retired`` the codes of its retired providers.

    The keys are those of ``freshness_effect``; of ``mapping_effect`` if the mapping of kinds differs; and of
    ``retirement_effect`` if ``retired`` is given.
    """
    effect = freshness_effect(source, candidate, now=now)
    if retired is not None:
        effect |= retirement_effect(source, retired)
    if source.kinds != candidate.kinds:
        effect |= mapping_effect(source, candidate, now=now)
    return effect


def freshness_effect(source: Source, candidate: Source, *, now: datetime) -> dict[str, Any]:
    """Return the effects of another ``max_age_hours`` at the present horizon; empty if there are none.

    ``unknown`` or ``known``: provider → number of registered citizens whose colour would become unknown, or known again.
    ``held``: [provider, red, yellow] of the colours that would be held, or are held now. ``effective``: [from, to, citizens] of
    the effective codes that would change nevertheless.
    """
    horizon = source.horizon_at(now)
    if horizon is None:
        return {}
    before, after = (one.is_too_old(horizon, at=now) for one in (source, candidate))
    if before == after:
        return {}
    effect: dict[str, Any] = {"unknown" if after else "known": _registered(source)}
    run = Run.objects.last_settled()
    if run is not None:
        providers = list(source.providers.filter(retired=False).order_by("code"))
        effect["held"] = [[one.code, *_colours(one)] for one in providers]
        effect["effective"] = _effective_by_age(run, providers, is_known=not after)
    return effect


def _registered(source: Source) -> dict[str, int]:
    """Return code → number of registrations, for all current and retired providers of the source."""
    providers = Provider.objects.filter(source=source.pk).order_by("code")
    return dict(providers.values_list("code").annotate(Count("registrations")))


def retirement_effect(source: Source, retired: Collection[str]) -> dict[str, Any]:
    """Return the effects of retiring exactly the providers ``retired``.

    ``leaving`` and ``returning``: [provider, registered, red, yellow] as they are now. ``effective``: [from, to, citizens] of the
    effective codes that would change with the next run because of leaving providers. The effect of a returning provider is known
    only after a run has judged with it.
    """
    providers, registered = list(source.providers.order_by("code")), _registered(source)
    leaving = [one for one in providers if one.code in retired and not one.retired]
    returning = [one for one in providers if one.retired and one.code not in retired]
    effect: dict[str, Any] = {
        "leaving": [_standing(one, registered[one.code]) for one in leaving],
        "returning": [_standing(one, registered[one.code]) for one in returning],
    }
    run = Run.objects.last_settled()
    if leaving and run is not None:
        effect["effective"] = _effective_without(run, leaving)
    return effect


def _standing(provider: Provider, registered: int) -> list[str | int]:
    return [provider.code, registered, *_colours(provider)]


def _colours(provider: Provider) -> tuple[int, int]:
    """Return how many people are red and yellow with the provider, by verdicts or held colours."""
    colours = Verdict.objects.filter(provider=provider).order_by().values_list("colour")
    standing = dict(colours.annotate(number=Count("pk")))
    return standing.get("red", 0), standing.get("yellow", 0)


def _effective_without(run: Run, leaving: Sequence[Provider]) -> list[list[str | int]]:
    return effective_changes_if(run, lambda: RunProvider.objects.filter(run=run, provider__in=leaving).delete())


def _effective_by_age(run: Run, providers: Sequence[Provider], *, is_known: bool) -> list[list[str | int]]:
    """Return the effective codes that would change if these providers had been known, or too old, in the last settled run.

    The stored verdicts are left unchanged.
    """
    why = {"known": is_known, "why_unknown": "" if is_known else WhyUnknown.STALE}
    could = RunProvider.objects.filter(run=run, provider__in=providers, horizon__isnull=False, version__isnull=False)
    return effective_changes_if(run, lambda: could.update(**why))


def mapping_effect(source: Source, candidate: Source, *, now: datetime) -> dict[str, Any]:
    """Return the effects of another mapping of the source's words to kinds.

    ``from_quarantine``: number of records that would leave quarantine. ``moved``: number of records that would be sent again as
    another kind. ``lost``: words that would be quarantined from now on. ``colours``: [provider, from, to, citizens] of the
    citizens judged. ``effective_by_words``: [from, to, citizens] of their effective codes. ``mass_changes``:
    [rule, red, green, registered] of the groups that a run would hold for two people.

    A stored record keeps its kind until the source sends it again. The colours are computed as if the source had sent all records
    again, including the quarantined ones. The word with which a record was sent is not stored, so all records of the kind count.
    """
    effect: dict[str, Any] = {"lost": sorted(set(source.kinds) - set(candidate.kinds) - FACT_KINDS)}
    with transaction.atomic():
        before = Fact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        delivered = Batch.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        effect["moved"] = _come_again(source, _moved_kinds(source.kinds, candidate.kinds), now=now)
        effect["from_quarantine"] = _leave_quarantine(candidate, now=now)
        new = Fact.objects.filter(pk__gt=before).values_list("citizen_id", flat=True)
        citizens = sorted(set(new))
        effect |= {"citizens": len(citizens), "judged": min(len(citizens), MOST_JUDGED)}
        run = Run.objects.last_settled()
        if run is not None:
            changes = preview_changes(run, citizens[:MOST_JUDGED], known_at=now)
            effect["colours"] = _counted([one for one in changes if not one.is_held])
            effect["held_colours"] = _counted([one for one in changes if one.is_held])
            judged = partial(put_previewed_verdicts, run, citizens[:MOST_JUDGED], known_at=now)
            effect["effective_by_words"] = effective_changes_if(run, judged)
            found = mass_changes_if(run, citizens[:MOST_JUDGED], day=run.day, known_at=now, versions={})
            effect["mass_changes"] = [one.as_json() for one in found if (one.cause.batch or 0) > delivered]
        transaction.set_rollback(True)
    return effect


def _moved_kinds(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return old kind → new kind for the words whose mapping changes. A word without a mapping may itself be the name of a kind."""
    then = {word: before.get(word, word) for word in after}
    return {then[word]: kind for word, kind in after.items() if then[word] in FACT_KINDS and then[word] != kind}


def _come_again(source: Source, kinds: Mapping[str, str], *, now: datetime) -> int:
    moved, batch = 0, Batch.objects.create(source=source, started_at=now)
    with connection.cursor() as cursor:
        for old, new in kinds.items():
            asked: dict[str, Any] = {"source": source.pk, "batch": batch.pk, "old": old, "new": new, "now": now}
            cursor.execute(REKIND, asked)
            moved += cursor.rowcount
    return moved


def _leave_quarantine(candidate: Source, *, now: datetime) -> int:
    """Take records out of quarantine as facts, until the caller rolls back. Return their number."""
    is_possible = Batch.objects.accepted().filter(source=candidate.pk).exists()
    if not is_possible or Batch.objects.filter(source=candidate.pk, state=Batch.State.HELD).exists():
        return 0
    rows = waiting(candidate).filter(reason="bad_kind").order_by("-id")[:MOST_AT_ONCE]
    return take_what_passes(candidate, rows, by="rehearsal", now=now).taken


def _counted(changes: list[ColourChange]) -> list[list[str | int]]:
    counted = Counter((one.provider, one.before, one.after) for one in changes)
    return [[*colours, number] for colours, number in sorted(counted.items())]
