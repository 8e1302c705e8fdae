"""Saying a record or a rule: to the citizen what it states, to the official with its numbers."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from codes.diagnosis.root_cause import CheckIns, Record, RuleSide, Side
from codes.diagnosis.sentences.voice import DECLARED, RECORDED, Voice
from regions.vocabulary import FactKind


def kind(record: Record) -> str:
    return str(FactKind(record["kind"]).label)


def recorded(record: Record, voice: Voice) -> str:
    """What stands after "recorded"."""
    if voice.to_official:
        return _numbered(_quoted(record), record, voice)
    return _(RECORDED[FactKind(record["kind"])]) % {"area": voice.area(record["area"])}


def declared(record: Record, voice: Voice) -> str:
    """What stands after "declared"."""
    template = DECLARED.get(FactKind(record["kind"]))
    if template is None or voice.to_official:
        return _numbered(_quoted(record), record, voice)
    return _(template) % {
        "area": voice.area(record["area"]),
        "day": voice.day(record["started_on"]),
        "span": voice.span(record["started_on"], record["ended_on"]),
    }


def subject(record: Record, voice: Voice) -> str:
    """The record as what a rule is about."""
    if voice.to_official:
        return _numbered(_quoted(record), record, voice)
    if record["kind"] == FactKind.AREA_STAY:
        span = voice.span(record["started_on"], record["ended_on"])
        return _("your stay in %(area)s (%(span)s)") % {"span": span, "area": voice.area(record["area"])}
    return _("your record “%(kind)s” of %(day)s") % {
        "day": voice.day(record["started_on"]),
        "kind": kind(record),
    }


def held_as(record: Record, value: str, voice: Voice) -> str:
    """What a source has of an event it shares with the other: ``value`` is the part that differs."""
    return _numbered(value, record, voice)


def rules_of(side: Side, rule: RuleSide | None, voice: Voice) -> str:
    """A side's rules as the subject of a sentence."""
    if rule is None or not voice.to_official:
        return _("the rules of %(provider)s") % {"provider": voice.provider(side)}
    return _("the rules of %(provider)s (%(version)s, %(code)s)") % {
        "provider": voice.provider(side),
        "version": f"{rule['rule_set']}-{rule['version']}",
        "code": rule["code"],
    }


def check_in_rule(run: CheckIns, voice: Voice) -> str:
    return voice.choose(citizen=_("the rule"), official=_("rule %(code)s") % {"code": run["rule"]})


def _quoted(record: Record) -> str:
    return _("“%(kind)s”") % {"kind": kind(record)}


def _numbered(value: str, record: Record, voice: Voice) -> str:
    if not voice.to_official:
        return value
    return _("%(value)s (%(details)s)") % {"value": value, "details": _details(record, voice)}


def _details(record: Record, voice: Voice) -> str:
    """Area, days, number, version, when it was recorded, and its batch, as far as the record has them."""
    open_stay = record["kind"] == FactKind.AREA_STAY or record["ended_on"]
    parts = [
        voice.span(record["started_on"], record["ended_on"]) if open_stay else voice.day(record["started_on"]),
        _("record %(id)s version %(version)d") % {"id": record["record_id"], "version": record["version"]},
        _("recorded %(instant)s") % {"instant": voice.instant(record["recorded_at"])},
    ]
    if record["area"]:
        parts.insert(0, f"{voice.area(record['area'])} {record['area']}")
    if record["batch"] is not None:
        parts.append(_("batch %(batch)d") % {"batch": record["batch"]})
    return pgettext("between details in brackets", ", ").join(parts)
