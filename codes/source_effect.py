"""What a change of a source's settings would do, as far as it can be computed before: found out, shown, and rolled back."""

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
from codes.models import Fact, Provider, Run, RunProvider, Verdict
from codes.runs.amend import mass_changes_if
from regions.sources.models import Batch, Source
from regions.sql import compose
from regions.vocabulary import FACT_KINDS

# More would keep a person waiting. The number of all is shown beside it.
MOST_JUDGED = 5000

SQL = Path(__file__).with_suffix(".sql")
REKIND = compose(SQL, "rekind")


def effect_of(
    source: Source, candidate: Source, *, retired: Collection[str] | None = None, now: datetime
) -> dict[str, Any]:
    """As JSON: ``unknown`` and ``known`` – registered citizens by provider whose colour would become unknown, or known again –
    and, where the mapping of kinds differs, what ``mapping_effect`` says; where other providers would be retired, what
    ``retirement_effect`` says. ``candidate`` is the source as it would be, ``retired`` its retired providers.
    """
    effect = freshness_effect(source, candidate, now=now)
    if retired is not None:
        effect |= retirement_effect(source, retired)
    if source.kinds != candidate.kinds:
        effect |= mapping_effect(source, candidate, now=now)
    return effect


def freshness_effect(source: Source, candidate: Source, *, now: datetime) -> dict[str, Any]:
    """Whose codes turn UNKNOWN, or known again, because of another ``max_age_hours``, at the present horizon.

    ``held``: [provider, red, yellow], the colours by which its people would go on to be held, or are held until then;
    ``effective``: [from, to, citizens] of the codes that change all the same.
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
    """By the code of each current or retired provider."""
    providers = Provider.objects.filter(source=source.pk).order_by("code")
    return dict(providers.values_list("code").annotate(Count("registrations")))


def retirement_effect(source: Source, retired: Collection[str]) -> dict[str, Any]:
    """``leaving`` and ``returning``: [provider, registered, red, yellow], as they stand; ``effective``: [from, to, citizens] of the
    codes that would change with the next run because providers leave it.

    Who would change by a provider that returns is known only when a run has judged by it.
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
    """How many are red and yellow, by verdicts or by what is held."""
    colours = Verdict.objects.filter(provider=provider).order_by().values_list("colour")
    standing = dict(colours.annotate(number=Count("pk")))
    return standing.get("red", 0), standing.get("yellow", 0)


def _effective_without(run: Run, leaving: Sequence[Provider]) -> list[list[str | int]]:
    return effective_changes_if(run, lambda: RunProvider.objects.filter(run=run, provider__in=leaving).delete())


def _effective_by_age(run: Run, providers: Sequence[Provider], *, is_known: bool) -> list[list[str | int]]:
    """As if the last settled run had found them known, or too old to judge by; what they held then stays as it was."""
    why = {"known": is_known, "why_unknown": "" if is_known else "stale"}
    could = RunProvider.objects.filter(run=run, provider__in=providers, horizon__isnull=False, version__isnull=False)
    return effective_changes_if(run, lambda: could.update(**why))


def mapping_effect(source: Source, candidate: Source, *, now: datetime) -> dict[str, Any]:
    """``from_quarantine``: records that would leave it; ``moved``: records that would come again as another kind;
    ``lost``: words that would be quarantined from now on; ``colours``: [provider, from, to, citizens] of those judged;
    ``effective_by_words``: [from, to, citizens] of their effective codes; ``mass_changes``: [rule, red, green, registered] of the
    groups that a run would hold for two people.

    A stored record keeps its kind until the source sends it again; the colours are computed as if it had sent all of them, the
    quarantined ones among them. Which of the source's words a record came with is not kept, so all of the kind are meant.
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
    """Kind → kind, of words that mean something else than before; a word that is not mapped may be one of ours."""
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
    """How many records of the quarantine would become facts; they have, until the caller rolls back."""
    is_possible = Batch.objects.accepted().filter(source=candidate.pk).exists()
    if not is_possible or Batch.objects.filter(source=candidate.pk, state=Batch.State.HELD).exists():
        return 0
    rows = waiting(candidate).filter(reason="bad_kind").order_by("-id")[:MOST_AT_ONCE]
    return take_what_passes(candidate, rows, by="rehearsal", now=now).taken


def _counted(changes: list[ColourChange]) -> list[list[str | int]]:
    counted = Counter((one.provider, one.before, one.after) for one in changes)
    return [[*colours, number] for colours, number in sorted(counted.items())]
