"""The sentence that names the root cause, for every cause except the rules."""

from datetime import datetime

from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from codes.diagnosis.root_cause import (
    SIDES,
    CheckIns,
    Declaration,
    Freshness,
    Interaction,
    Record,
    SameEvent,
    Side,
    SourceRecords,
    other_side,
)
from codes.diagnosis.sentences.records import check_in_rule, declared_clause, kind_label, recorded_clause, with_details
from codes.diagnosis.sentences.renderer import SentenceRenderer
from codes.vocabulary import Factor


def freshness_sentence(cause: Freshness, renderer: SentenceRenderer) -> str:
    """Return the sentence about the late records: those of the up-to-date side's source, or the late side's own past its horizon."""
    late = cause["late"]
    ahead = other_side(late)
    own = cause["base"] == late
    new = _late_records(cause)
    records = new or cause["records"]
    when, horizon = renderer.distinct_instants(
        _first_recorded(records, cause["horizons"][late]), cause["horizons"][late]
    )
    ahead_until, late_until = renderer.distinct_instants(cause["horizons"][ahead], cause["horizons"][late])
    return _freshness_frame(cause, own=own, new=len(new)) % {
        "provider": renderer.provider(ahead),
        "source": renderer.source(ahead),
        "late": renderer.provider(late),
        "late_source": renderer.source(late),
        "when": when,
        "what": renderer.clauses(recorded_clause(record, renderer) for record in records) if records else "",
        "count": localize(len(records)),
        "horizon": horizon if records else late_until,
        "other_horizon": ahead_until,
    }


def _late_records(cause: Freshness) -> list[Record]:
    """Return the records recorded after the late side's horizon; the others are versions withdrawn or corrected since."""
    horizon = datetime.fromisoformat(cause["horizons"][cause["late"]])
    return [record for record in cause["records"] if datetime.fromisoformat(record["recorded_at"]) > horizon]


def _first_recorded(records: list[Record], otherwise: str) -> str:
    return min((record["recorded_at"] for record in records), key=datetime.fromisoformat, default=otherwise)


def _freshness_frame(cause: Freshness, *, own: bool, new: int) -> str:
    if not cause["records"]:
        return _(
            "%(late_source)s, which %(late)s uses, is updated only to %(horizon)s; %(source)s, which %(provider)s "
            "uses, is updated to %(other_horizon)s."
        )
    if own:
        return _incomplete_frame(new)
    if new == 0:
        return _(
            "%(source)s, which %(provider)s uses, has withdrawn or corrected its record %(what)s; "
            "%(late_source)s, which %(late)s uses, has not received the change yet (updated to %(horizon)s)."
        )
    if new == 1:
        return _(
            "%(source)s, which %(provider)s uses, recorded on %(when)s %(what)s; %(late_source)s, which %(late)s "
            "uses, has not received this record yet (updated to %(horizon)s)."
        )
    return _(
        "%(source)s, which %(provider)s uses, has %(count)s new records since %(when)s: %(what)s; "
        "%(late_source)s, which %(late)s uses, has not received them yet (updated to %(horizon)s)."
    )


def _incomplete_frame(new: int) -> str:
    """Return the sentence for a late side whose own source has delivered records past its horizon, which do not count yet."""
    if new == 0:
        return _(
            "%(late_source)s, which %(late)s uses, is complete only to %(horizon)s; its record %(what)s has been "
            "withdrawn or corrected since, which does not count yet; %(source)s, which %(provider)s uses, is updated to "
            "%(other_horizon)s."
        )
    if new == 1:
        return _(
            "%(late_source)s, which %(late)s uses, is complete only to %(horizon)s; it recorded on %(when)s "
            "%(what)s, which does not count yet; %(source)s, which %(provider)s uses, is updated to "
            "%(other_horizon)s."
        )
    return _(
        "%(late_source)s, which %(late)s uses, is complete only to %(horizon)s; its %(count)s new records "
        "since %(when)s do not count yet: %(what)s; %(source)s, which %(provider)s uses, is updated to "
        "%(other_horizon)s."
    )


def declaration_sentence(cause: Declaration, renderer: SentenceRenderer) -> str:
    """Return the sentences about the answers and then about the check-in runs; either may be missing."""
    sentences = [_answers(cause, renderer)] if cause["answers"] else []
    if cause["check_ins"]:
        sentences.append(_check_ins(cause["check_ins"][0], renderer))
    if not sentences:
        return _("%(who)s declared or checked in otherwise with %(a)s than with %(b)s.") % {
            "who": renderer.who,
            **renderer.sides,
        }
    return renderer.sentences(sentences)


def _answers_of(cause: Declaration, side: Side) -> list[Record]:
    return [answer["record"] for answer in cause["answers"] if answer["side"] == side]


def _answers(cause: Declaration, renderer: SentenceRenderer) -> str:
    on_a, on_b = _answers_of(cause, "a"), _answers_of(cause, "b")
    if on_a and on_b:
        return _("%(who)s declared %(what_a)s with %(a)s, and %(what_b)s with %(b)s.") % {
            "who": renderer.who,
            **renderer.sides,
            "what_a": renderer.clauses(declared_clause(record, renderer) for record in on_a),
            "what_b": renderer.clauses(declared_clause(record, renderer) for record in on_b),
        }
    holder: Side = "a" if on_a else "b"
    return _("%(who)s declared %(what)s with %(provider)s on %(when)s, and nothing of the kind with %(other)s.") % {
        "who": renderer.who,
        "when": renderer.instant((on_a or on_b)[0]["recorded_at"]),
        "provider": renderer.provider(holder),
        "what": renderer.clauses(declared_clause(record, renderer) for record in on_a or on_b),
        "other": renderer.provider(other_side(holder)),
    }


def _check_ins(run: CheckIns, renderer: SentenceRenderer) -> str:
    return _(
        "Since %(anchor)s the longest run of healthy check-ins is %(days_a)d with %(a)s and %(days_b)d with %(b)s; "
        "%(rule)s asks for %(needed)d in a row."
    ) % {
        "anchor": renderer.day(run["anchor"]),
        **renderer.sides,
        "days_a": run["a"],
        "days_b": run["b"],
        "rule": check_in_rule(run, renderer),
        "needed": run["needed"],
    }


def source_sentence(cause: SourceRecords, renderer: SentenceRenderer) -> str:
    """Return the sentence about an event recorded differently, if there is one, since it names the mistake; else about the records."""
    if cause["same_event"]:
        return renderer.sentences([_same_event(cause["same_event"][0], renderer), *_other_records(cause)])
    on_a, on_b = _records_of(cause, "a"), _records_of(cause, "b")
    if on_a and on_b:
        return _both_sided(on_a, on_b, renderer)
    if not (on_a or on_b):
        frame = _("%(source_a)s, which %(a)s uses, and %(source_b)s, which %(b)s uses, hold different records.")
        return frame % renderer.sides
    return _one_sided(on_a or on_b, "a" if on_a else "b", renderer)


def _records_of(cause: SourceRecords, side: Side) -> list[Record]:
    return [one["record"] for one in cause["only"] if one["side"] == side]


def _one_sided(records: list[Record], holder: Side, renderer: SentenceRenderer) -> str:
    other = other_side(holder)
    if len(records) == 1:
        frame = _(
            "%(source)s, which %(provider)s uses, recorded on %(when)s %(what)s; %(other_source)s, which "
            "%(other)s uses, does not have this record."
        )
    else:
        frame = _(
            "%(source)s, which %(provider)s uses, has %(count)s records: %(what)s; %(other_source)s, which "
            "%(other)s uses, does not have them."
        )
    return frame % {
        "provider": renderer.provider(holder),
        "source": renderer.source(holder),
        "when": renderer.instant(records[0]["recorded_at"]),
        "what": renderer.clauses(recorded_clause(record, renderer) for record in records),
        "count": localize(len(records)),
        "other": renderer.provider(other),
        "other_source": renderer.source(other),
    }


def _both_sided(on_a: list[Record], on_b: list[Record], renderer: SentenceRenderer) -> str:
    return _(
        "Only %(source_a)s, which %(a)s uses, recorded %(what_a)s; only %(source_b)s, which %(b)s uses, recorded %(what_b)s."
    ) % {
        **renderer.sides,
        "what_a": renderer.clauses(recorded_clause(record, renderer) for record in on_a),
        "what_b": renderer.clauses(recorded_clause(record, renderer) for record in on_b),
    }


def _same_event(event: SameEvent, renderer: SentenceRenderer) -> str:
    value_a, value_b = _differing_values(event, renderer)
    values = {**renderer.sides, "value_a": value_a, "value_b": value_b}
    if event["differs"] == "kind":
        frame = _(
            "Of the same event on %(day)s, %(source_a)s, which %(a)s uses, says %(value_a)s, and %(source_b)s, "
            "which %(b)s uses, says %(value_b)s."
        )
        return frame % {**values, "day": renderer.day(event["a"]["started_on"])}
    frame = _(
        "Of the same event (%(kind)s), %(source_a)s, which %(a)s uses, says %(value_a)s, and %(source_b)s, "
        "which %(b)s uses, says %(value_b)s."
    )
    return frame % {**values, "kind": kind_label(event["a"])}


def _differing_values(event: SameEvent, renderer: SentenceRenderer) -> list[str]:
    """Return the two sides' values of what differs: the kind, the area, or the first date that differs."""
    records = (event["a"], event["b"])
    if event["differs"] == "kind":
        values = [_("“%(kind)s”") % {"kind": kind_label(record)} for record in records]
    elif event["differs"] == "area":
        values = [renderer.area(record["area"]) if record["area"] else _("no area") for record in records]
    elif event["a"]["started_on"] != event["b"]["started_on"]:
        values = [renderer.day(record["started_on"]) for record in records]
    elif event["a"]["ended_on"] != event["b"]["ended_on"]:
        values = [renderer.span(record["started_on"], record["ended_on"]) for record in records]
    else:
        instants = renderer.distinct_instants(event["a"]["recorded_at"], event["b"]["recorded_at"])
        values = [_("recorded on %(when)s") % {"when": when} for when in instants]
    return [with_details(record, value, renderer) for record, value in zip(records, values, strict=True)]


def _other_records(cause: SourceRecords) -> list[str]:
    """Return the sentence that counts the other records that only one side has; an empty list if there are none."""
    shown = {cause["same_event"][0][side]["fact_id"] for side in SIDES}
    rest = len([one for one in cause["only"] if one["record"]["fact_id"] not in shown])
    if not rest:
        return []
    return [
        ngettext("%(count)s more record is on one side only.", "%(count)s more records are on one side only.", rest)
        % {"count": localize(rest)}
    ]


FACTORS: dict[Factor, str] = {
    Factor.FRESHNESS: gettext_noop("how far the data is updated"),
    Factor.RULES: gettext_noop("the rules"),
    Factor.DECLARATION: gettext_noop("declarations and check-ins"),
    Factor.SOURCE: gettext_noop("the records of the data sources"),
}


def interaction_sentence(cause: Interaction, renderer: SentenceRenderer) -> str:
    """Return the sentence about an interaction: for citizens the factors that would have to be equal, for officials both directions."""
    if not renderer.to_official:
        factors = smallest_sets(cause)[0]
        return _(
            "%(a)s and %(b)s differ in several things at once: %(factors)s. Once all of these are alike, both show the same colour."
        ) % {
            **renderer.sides,
            "factors": renderer.phrases(_(FACTORS[Factor(one)]) for one in factors),
        }
    return _(
        "No single factor is enough. %(a)s gets the colour of %(b)s by taking over from it: %(a_to_b)s; %(b)s "
        "gets the colour of %(a)s by taking over from it: %(b_to_a)s."
    ) % {
        **renderer.sides,
        "a_to_b": _sets(cause["swaps_a_to_b"], renderer),
        "b_to_a": _sets(cause["swaps_b_to_a"], renderer),
    }


def smallest_sets(cause: Interaction) -> list[list[str]]:
    """Return the sets with the fewest factors in either direction, without duplicates."""
    sets = [*cause["swaps_a_to_b"], *cause["swaps_b_to_a"]]
    fewest = min(len(one) for one in sets)
    return [list(one) for one in dict.fromkeys(tuple(one) for one in sets if len(one) == fewest)]


def _sets(sets: list[list[str]], renderer: SentenceRenderer) -> str:
    return renderer.one_of(
        renderer.all_of([_(FACTORS[Factor(factor)]) for factor in one], most=len(FACTORS)) for one in sets
    )
