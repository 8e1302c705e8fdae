"""The columns of a case, one per provider, with the differences between the providers highlighted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from codes.diagnosis.root_cause import Record, RootCause
from codes.engine.provider_states import ProviderState, VisibleRecord
from codes.forecast.outlook import CheckIn, Outlook
from codes.forecast.sentences import act_sentence
from codes.held import state_sentences
from codes.models import Displayed, Fact, PairDiagnosis, Rule
from codes.models.displayed import DisplayCause
from codes.vocabulary import State
from portal.official.cases.related import Row
from portal.templatetags.page import titled

Origin = tuple[int | None, int | None, str]


@dataclass
class Differences:
    """What the providers differ in.

    ``facts``: facts in which they differ. ``lacking``: those of ``facts`` that only one side has. ``late``: codes of
    the providers whose source is behind. ``check_ins``: provider code → "counted/needed" days.
    """

    facts: set[int] = field(default_factory=set)
    lacking: set[int] = field(default_factory=set)
    rules: set[int] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    check_ins: dict[str, str] = field(default_factory=dict)


def differences_of(pairs: Iterable[PairDiagnosis]) -> Differences:
    """Return everything that the pairs differ in. It reads ``a`` and ``b`` of each pair, so select them with the pairs."""
    differences = Differences()
    for pair in pairs:
        root_cause: RootCause = pair.root_cause
        differences.lacking |= {record["fact_id"] for record in _one_sided(root_cause)}
        differences.facts |= differences.lacking | {record["fact_id"] for record in _in_both(root_cause)}
        codes = {"a": pair.a.code, "b": pair.b.code}
        match root_cause["cause"]:
            case "freshness":
                differences.late.add(codes[root_cause["late"]])
            case "rules":
                sides = [side for one in root_cause["rules"] for side in (one["a"], one["b"]) if side]
                differences.rules |= {side["rule_id"] for side in sides}
            case "declaration":
                for run in root_cause["check_ins"]:
                    differences.check_ins[codes["a"]] = f"{run['a']}/{run['needed']}"
                    differences.check_ins[codes["b"]] = f"{run['b']}/{run['needed']}"
            case _:
                pass
    return differences


def _one_sided(root_cause: RootCause) -> list[Record]:
    match root_cause["cause"]:
        case "freshness":
            return root_cause["records"]
        case "declaration":
            return [one["record"] for one in root_cause["answers"]]
        case "source":
            return [one["record"] for one in root_cause["only"]]
        case _:
            return []


def _in_both(root_cause: RootCause) -> list[Record]:
    """Return the records that both sides have with different content, or judge by different rules."""
    match root_cause["cause"]:
        case "rules":
            return [one["record"] for one in root_cause["rules"]] + [
                entry["record"] for entry in root_cause["risk_areas"]
            ]
        case "source":
            return [record for event in root_cause["same_event"] for record in (event["a"], event["b"])]
        case _:
            return []


def sides_shown(
    sides: Iterable[ProviderState],
    seen: Iterable[VisibleRecord],
    facts: Mapping[int, Fact],
    differences: Differences,
    suppressions: Sequence[Row],
    late_check_ins: Sequence[Row],
    *,
    outlooks: Mapping[str, Outlook],
    displayed: Mapping[int, Displayed],
) -> list[Row]:
    """Return one column per provider that the citizen has applied with.

    ``seen``: the records visible in the run of the sides. ``facts``: by id. ``outlooks``: by code, of the providers
    whose colour has no day on which it turns green; ``waits_for`` names what is missing. ``displayed``: by the
    provider's id. A record that ``is_missing`` belongs to the other side, and this provider does not see it.
    """
    mine = [side for side in sides if side.state is not State.NOT_APPLIED]
    rules = Rule.objects.in_bulk({hit["rule_id"] for side in mine if side.holding for hit in side.holding.hits})
    wrong = {(row["source_id"], row["provider_id"], row["record_id"]): row for row in suppressions}
    marked = [facts[pk] for pk in sorted(differences.lacking) if pk in facts]
    in_view: dict[int, set[int]] = {side.inputs.provider_id: set() for side in mine}
    going_on = set()
    for one in seen:
        in_view[one.provider_id].add(one.fact_id)
        if one.goes_on:
            going_on.add((one.provider_id, one.rule_id, one.fact_id))
    titles = {side.inputs.provider.code: titled(side.inputs.provider) for side in mine}
    shown = []
    for side in mine:
        own = [facts[pk] for pk in in_view[side.inputs.provider_id]]
        records = _records(own, marked, wrong, differences)
        code, verdict = side.inputs.provider.code, side.holding
        shown.append(
            {
                "frozen": side.inputs,
                "colour": side.state.value,
                "why_unknown": side.why_unknown,
                "displayed": (shown_last := displayed.get(side.inputs.provider_id)),
                "displayed_wrongly": _why_wrong(shown_last) if shown_last else "",
                "sentences": state_sentences(side),
                "turns_green_on": verdict.turns_green_on if verdict else None,
                "waits_for": _acts(outlooks.get(code), titles),
                "hits": [
                    _hit(hit, rules, facts, differences)
                    | {"goes_on": (side.inputs.provider_id, hit["rule_id"], hit["fact_id"]) in going_on}
                    for hit in (verdict.hits if verdict else ())
                ],
                "records": records,
                "is_late": code in differences.late,
                "check_ins": differences.check_ins.get(code, ""),
                "late_check_ins": sorted(
                    {one["day"] for one in late_check_ins if one["provider_id"] == side.inputs.provider_id}
                ),
            }
        )
    return shown


def _why_wrong(shown: Displayed) -> str:
    """Return the cause of the open finding as a sentence, or an empty string if the provider displays the right colour."""
    match getattr(shown, "cause", None):
        case None:
            return ""
        case DisplayCause.OLD:
            since = date_format(timezone.localtime(shown.old_since), "DATETIME_FORMAT")  # type: ignore[attr-defined]
            return _("An earlier colour, which is not right since %(since)s.") % {"since": since}
        case DisplayCause.UNKNOWN_VALUE:
            return _("This value is not in the provider's map.")
        case DisplayCause.MAPPED_ELSEWHERE:
            return _(
                "The provider's map takes this value for another colour than most people who are shown it should see."
            )
        case _:
            return _("Another colour than it should display, and nothing explains it.")


def _records(
    own: Sequence[Fact], marked: Sequence[Fact], wrong: Mapping[Origin, Row], differences: Differences
) -> list[Row]:
    """Return the records of a provider and those that it lacks, the newest first."""
    has = {_origin(fact) for fact in own}
    lacks = [fact for fact in marked if _origin(fact) not in has]
    return [
        {
            "fact": fact,
            "differs": fact.pk in differences.facts,
            "is_missing": is_missing,
            "suppression": wrong.get(_origin(fact)),
        }
        for found, is_missing in ((own, False), (lacks, True))
        for fact in sorted(found, key=lambda fact: (fact.started_on, fact.pk), reverse=True)
    ]


def _acts(outlook: Outlook | None, titles: Mapping[str, str]) -> list[str]:
    """Return the acts without which no day can be given on which the colour turns green, as sentences."""
    if outlook is None:
        return []
    language = get_language() or ""
    return [
        act_sentence(act, language=language, title_of=lambda code: titles.get(code, code), audience="official")
        for act in outlook.acts
        if not isinstance(act, CheckIn)
    ]


def _origin(fact: Fact) -> Origin:
    return fact.source_id, fact.provider_id, fact.record_id


def _hit(hit: Mapping[str, Any], rules: Mapping[int, Rule], facts: Mapping[int, Fact], differences: Differences) -> Row:
    """Return a hit with its rule and fact.

    ``until`` is the day it ends if the citizen meets the rule's conditions, or ``None``.
    """
    return {
        "rule": rules[hit["rule_id"]],
        "fact": facts[hit["fact_id"]],
        "anchor": date.fromisoformat(hit["anchor"]),
        "until": date.fromisoformat(hit["until"]) if hit["until"] else None,
        "differs": hit["rule_id"] in differences.rules or hit["fact_id"] in differences.facts,
    }
