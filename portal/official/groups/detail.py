"""What the page of a group shows: its size and reach, its cause, the remedy, and what would follow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Q
from django.http import Http404, QueryDict
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from codes.diagnosis.render import RenderedDiagnosis, render_diagnosis
from codes.diagnosis.root_cause import RootCause
from codes.diagnosis.sentences.renderer import Context, context_of, green_days, with_citizen
from codes.effective import effective_codes
from codes.engine.preview import ColourChange
from codes.models import BulkSuppression, Case, Citizen, Fact, PairDiagnosis, Provider
from codes.review.proposals.bulk_suppressions import effect_of_bulk_suppression, people_of
from codes.review.proposals.groups import BATCH, Effect, reach_of, source_of, suppressible
from portal.templatetags.page import label_of, titled
from portal.web.keyset import keyset_page
from regions.divisions import division_title
from regions.sources.models import Source

EARLIER_SHOWN = 5
PEOPLE_SHOWN = 50


def read_group(key: str, *, now: datetime) -> dict[str, Any]:
    """Raises ``Http404`` for a key that no open case has and nothing was decided about. ``waiting`` is what two people decide."""
    open_cases = Case.objects.open().filter(group_key=key)
    size = open_cases.aggregate(all=Count("pk"), red=Count("pk", filter=Q(severity="red")), due=Min("due_at"))
    bulk_suppressions = list(
        BulkSuppression.objects.filter(group_key=key).select_related("run", "source").order_by("-pk")
    )
    if not key or not (size["all"] or bulk_suppressions):
        raise Http404
    pair = _first_pair(key)
    source = source_of(pair) if pair else bulk_suppressions[0].source if bulk_suppressions else None
    waiting = next((one for one in bulk_suppressions if one.state == "proposed"), None)
    piece = suppressible(key, now=now) if waiting is None and key.startswith(BATCH) and size["all"] else None
    effect = effect_of_bulk_suppression(waiting, now=now) if waiting else piece.effect if piece else None
    return {
        "key": key,
        "cause": key.partition("|")[0],
        "cases": size["all"],
        "red": size["red"],
        "earliest_due": size["due"],
        "people": reach_of(key),
        "sentence": group_sentence(pair, {source.code: source} if source else {}) if pair else "",
        "explanation": _explain(pair) if pair else None,
        "source": source,
        "waiting": waiting,
        "piece": piece,
        "effect": effect,
        "moves": _moves(effect) if effect else [],
        "earlier": [one for one in bulk_suppressions if one is not waiting][:EARLIER_SHOWN],
    }


def people_shown(detail: Mapping[str, Any], query: QueryDict, *, now: datetime) -> dict[str, Any]:
    """A page of those whose records two people decide about: the code of each, and what would change with which provider."""
    page = keyset_page(Citizen.objects.filter(pk__in=people_of(detail["waiting"])), query, by=["id"], size=PEOPLE_SHOWN)
    codes = effective_codes([one.pk for one in page.rows], now=now)
    titles = {provider.code: titled(provider) for provider in Provider.objects.all()}
    changes: dict[int, list[tuple[str, ColourChange]]] = {one.pk: [] for one in page.rows}
    for change in detail["effect"].changes:
        if change.citizen_id in changes:
            changes[change.citizen_id].append((titles[change.provider], change))
    taken_out = detail["waiting"].suppressions.filter(state=BulkSuppression.State.REFUSED).count()
    return {
        "page": page,
        "taken_out": taken_out,
        "people": [(one, codes[one.pk].colour, changes[one.pk]) for one in page.rows],
    }


def _first_pair(key: str) -> PairDiagnosis | None:
    """The diagnosis of the case that is due first: the group's cause, for one of its people."""
    first = Case.objects.open().filter(group_key=key).order_by("due_at", "pk").values("disagreement")
    pairs = PairDiagnosis.objects.filter(group_key=key, disagreement__in=first[:1])
    return pairs.select_related("a__source", "b__source", "disagreement", "run").order_by("pk").first()


def _moves(effect: Effect) -> list[tuple[str, str, str, int]]:
    """(provider's title, from, to, citizens): people know providers by their names."""
    titles = {provider.code: titled(provider) for provider in Provider.objects.all()}
    return [(titles[code], before, after, people) for code, before, after, people in effect.counted]


def _explain(pair: PairDiagnosis) -> RenderedDiagnosis:
    context = with_citizen(context_of(pair.run), citizen_id=pair.disagreement.citizen_id)
    return render_diagnosis(pair, audience="official", language=translation.get_language(), context=context)


def explain_groups(keys: list[str]) -> dict[str, tuple[str, RenderedDiagnosis]]:
    """What each group has in common, and its cause explained for its case that is due first; as many queries for ten as for one."""
    due = Case.objects.open().filter(group_key__in=keys).order_by("group_key", "due_at", "id")
    first = {case.disagreement_id: case for case in due.distinct("group_key")}
    kin = ["a__source", "b__source", "disagreement", "run"]
    pairs = PairDiagnosis.objects.filter(disagreement__in=first.keys()).select_related(*kin)
    sources = {source.code: source for source in Source.objects.all()}
    greens = green_days([case.citizen_id for case in first.values()])
    contexts: dict[int, Context] = {}
    explanations: dict[str, tuple[str, RenderedDiagnosis]] = {}
    for pair in pairs.order_by("id"):
        case = first[pair.disagreement_id]
        if case.group_key in explanations:
            continue
        if pair.run_id not in contexts:
            contexts[pair.run_id] = context_of(pair.run)
        context = replace(contexts[pair.run_id], turns_green_on=greens[case.citizen_id], due_at=case.due_at)
        example = render_diagnosis(pair, audience="official", language=translation.get_language(), context=context)
        explanations[case.group_key] = (group_sentence(pair, sources), example)
    return explanations


def group_sentence(pair: PairDiagnosis, sources: Mapping[str, Source]) -> str:
    """What the people of a group have in common, by the diagnosis of any of them; empty for what is one person's own.

    ``sources`` by code. It names nothing that is one person's.
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
    """Who would change colour. ``versions`` of the record are read with their citizens.

    ``sums``: (before, after, how many) over everybody; ``shown``: the first changes.
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
