"""What the page of a group shows: its size and reach, its cause, the remedy, and the effect of the remedy."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from django.db.models import Func, IntegerField, Q, QuerySet, Subquery
from django.http import Http404, QueryDict
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from codes.diagnosis.render import RenderedDiagnosis, render_diagnosis
from codes.diagnosis.root_cause import RootCause
from codes.diagnosis.sentences.renderer import context_from, greens_of, read_greens
from codes.effective import effective_codes
from codes.engine.preview import ColourChange
from codes.models import BulkSuppression, Case, Citizen, Fact, PairDiagnosis, Provider, Run, RunProvider
from codes.review.proposals.bulk_suppressions import effect_of_bulk_suppression
from codes.review.proposals.groups import BATCH, GroupRecord, reached, source_of, suppressible
from portal.templatetags.page import label_of, titled
from portal.web.keyset import keyset_page
from regions.divisions import division_title
from regions.sources.models import Source

EARLIER_SHOWN = 5
PEOPLE_SHOWN = 50
GREENS = greens_of("disagreement__citizen")


def read_group(key: str, proposals: Sequence[BulkSuppression], *, now: datetime) -> dict[str, Any]:
    """Return the group with this key.

    ``proposals`` are all bulk suppressions ever proposed for it; ``waiting`` is the open one.

    Raises ``Http404`` if no open case has the key and nothing was proposed for it.
    """
    open_cases = Case.objects.open().filter(group_key=key)
    pair = _first_pair(key, open_cases)
    if not key or not (pair or proposals):
        raise Http404
    counted = vars(pair) if pair else {"cases": 0, "red": 0, "people": reached(key).count(), "due_at": None}
    frozen = _frozen(pair)
    run = max((one.run for one in frozen if one.run.state in Run.SETTLED), key=attrgetter("pk"), default=None)
    titles = {one.provider.code: titled(one.provider) for one in frozen}
    source = source_of(pair) if pair else proposals[0].source if proposals else None
    waiting = next((one for one in proposals if one.state == BulkSuppression.State.PROPOSED), None)
    covered = effect_of_bulk_suppression(waiting, run=run, now=now) if waiting else None
    piece = suppressible(key, run=run, now=now) if pair and not covered and key.startswith(BATCH) else None
    effect = covered.effect if covered else piece.effect if piece else None
    return {
        "key": key,
        "cause": key.partition("|")[0],
        "cases": counted["cases"],
        "red": counted["red"],
        "earliest_due": counted["due_at"],
        "people": counted["people"],
        "sentence": group_sentence(pair, {source.code: source} if source else {}) if pair else "",
        "explanation": _explain(pair, frozen) if pair else None,
        "source": source,
        "waiting": waiting,
        "covered": covered.records if covered else [],
        "piece": piece,
        "effect": effect,
        # The page names providers by title.
        "moves": [(titles[code], *moved) for code, *moved in effect.counted] if effect else [],
        "titles": titles,
        "earlier": [one for one in proposals if one is not waiting][:EARLIER_SHOWN],
    }


def people_shown(detail: Mapping[str, Any], query: QueryDict, *, now: datetime) -> dict[str, Any]:
    """Return one page of the people whose records the open proposal covers.

    ``people``: each with their effective code and what would change with which provider. ``taken_out``: the number of
    records that are no longer covered.
    """
    covered: Sequence[GroupRecord] = detail["covered"]
    theirs = Citizen.objects.filter(pk__in={one.citizen_id for one in covered})
    page = keyset_page(theirs, query, by=["id"], size=PEOPLE_SHOWN)
    codes = effective_codes([one.pk for one in page.rows], now=now)
    changes: dict[int, list[tuple[str, ColourChange]]] = {one.pk: [] for one in page.rows}
    for change in detail["effect"].changes:
        if change.citizen_id in changes:
            changes[change.citizen_id].append((detail["titles"][change.provider], change))
    return {
        "page": page,
        "taken_out": detail["waiting"].records - len({one.record_id for one in covered}),
        "people": [(one, codes[one.pk].colour, changes[one.pk]) for one in page.rows],
    }


def _first_pair(key: str, open_cases: QuerySet[Case]) -> PairDiagnosis | None:
    """Return the diagnosis of the group's case that is due first, which explains the group's cause for one of its people.

    It is annotated with ``due_at``, the number of open ``cases``, of ``red`` ones, and of the ``people`` whom the cause
    is about.
    """
    first = open_cases.order_by("due_at", "pk")[:1]
    pairs = PairDiagnosis.objects.filter(group_key=key, disagreement__in=first.values("disagreement"))
    pairs = pairs.annotate(
        due_at=Subquery(first.values("due_at")),
        cases=_number_of(open_cases),
        red=_number_of(open_cases.filter(severity="red")),
        people=_number_of(reached(key)),
        greens=GREENS,
    )
    return pairs.select_related("a__source", "b__source", "disagreement", "run").order_by("pk").first()


def _number_of(rows: QuerySet[Any]) -> Subquery:
    counted = rows.order_by().annotate(how_many=Func("pk", function="count", output_field=IntegerField()))
    return Subquery(counted.values("how_many"))


def _frozen(pair: PairDiagnosis | None) -> list[RunProvider]:
    """Return the providers of the last settled run, on which the colours rest, and of the pair's run, on which its explanation rests."""
    runs = Q(run__in=Run.objects.settled().values("pk")[:1])
    if pair:
        runs |= Q(run=pair.run)
    return list(RunProvider.objects.filter(runs).select_related("run", "provider", "source", "version__rule_set"))


def _explain(
    pair: PairDiagnosis, frozen: Iterable[RunProvider], *, due_at: datetime | None = None
) -> RenderedDiagnosis:
    """Return the pair's diagnosis in words. ``frozen`` must include the providers of the pair's run."""
    theirs = [one for one in frozen if one.run_id == pair.run_id]
    greens = read_greens(vars(pair)["greens"])
    context = replace(context_from(pair.run.day, theirs), turns_green_on=greens, due_at=due_at)
    return render_diagnosis(pair, audience="official", language=translation.get_language(), context=context)


def explain_groups(keys: list[str]) -> dict[str, tuple[str, RenderedDiagnosis]]:
    """Return for each group what its people have in common, and the cause explained for its case that is due first.

    The number of queries does not depend on the number of groups.
    """
    due = Case.objects.open().filter(group_key__in=keys).order_by("group_key", "due_at", "id")
    first = {case.disagreement_id: case for case in due.distinct("group_key")}
    kin = ["a__source", "b__source", "disagreement", "run"]
    pairs = PairDiagnosis.objects.filter(disagreement__in=first.keys()).select_related(*kin)
    own = pairs.annotate(greens=GREENS).order_by("disagreement", "id").distinct("disagreement")
    frozen = defaultdict(list)
    runs = RunProvider.objects.filter(run__in={pair.run_id for pair in own})
    for one in runs.select_related("provider", "source", "version__rule_set"):
        frozen[one.run_id].append(one)
    sources = {source.code: source for source in Source.objects.all()}
    return {
        first[pair.disagreement_id].group_key: (
            group_sentence(pair, sources),
            _explain(pair, frozen[pair.run_id], due_at=first[pair.disagreement_id].due_at),
        )
        for pair in own
    }


def group_sentence(pair: PairDiagnosis, sources: Mapping[str, Source]) -> str:
    """Return what the people of a group have in common, from the diagnosis of any of them.

    Return an empty string if the cause concerns one person.

    ``sources`` are by code. The sentence contains no personal data.
    """
    root_cause: RootCause = pair.root_cause
    sides = {"a": titled(pair.a), "b": titled(pair.b)}
    match root_cause["cause"]:
        case "freshness":
            late = (pair.a if root_cause["late"] == "a" else pair.b).source
            until = datetime.fromisoformat(root_cause["horizons"][root_cause["late"]])
            return _("%(source)s reaches only to %(until)s; what was recorded since has not arrived.") % {
                "source": titled(late),
                "until": date_format(localtime(until), "DATETIME_FORMAT"),
            }
        case "rules" if root_cause["rules"]:
            kind = label_of(root_cause["rules"][0]["record"]["kind"], "kind")
            return _("%(a)s and %(b)s have different rules about “%(kind)s”.") % {**sides, "kind": kind}
        case "rules" if root_cause["risk_areas"]:
            entry = root_cause["risk_areas"][0]
            return _("Only %(provider)s has %(area)s on its list of risk areas, from %(day)s on.") % {
                "provider": sides[entry["side"]],
                "area": division_title(entry["area"], translation.get_language()),
                "day": date_format(date.fromisoformat(entry["from_day"])),
            }
        case "source" if root_cause["only"]:
            side, record = root_cause["only"][0]["side"], root_cause["only"][0]["record"]
            source = sources.get(record["origin_code"], (pair.a if side == "a" else pair.b).source)
            return _("Records “%(kind)s” of one delivery that only %(source)s has.") % {
                "kind": label_of(record["kind"], "kind"),
                "source": titled(source),
            }
    return ""


SHOWN = 20


def effects_shown(changes: Sequence[ColourChange], versions: Sequence[Fact]) -> dict[str, Any]:
    """Return who would change colour. ``versions`` of the record must be read with their citizens.

    ``sums``: (before, after, number) over all changes. ``shown``: the first changes.
    """
    first = changes[:SHOWN]
    citizens = {version.citizen_id: version.citizen for version in versions}
    providers = Provider.objects.in_bulk({change.provider for change in first}, field_name="code")
    sums = Counter((change.before, change.after) for change in changes)
    return {
        "people": len({change.citizen_id for change in changes}),
        "sums": [(before, after, count) for (before, after), count in sorted(sums.items())],
        "shown": [
            {
                "citizen": citizens[one.citizen_id],
                "provider": providers[one.provider],
                "before": one.before,
                "after": one.after,
                "is_held": one.is_held,
            }
            for one in first
        ],
    }
