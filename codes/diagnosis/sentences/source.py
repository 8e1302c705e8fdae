"""The sources hold different records: only one has it, or both have the same event told otherwise."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.diagnosis.root_cause import Record, SameEvent, Side, SourceRecords
from codes.diagnosis.sentences.records import held_as, kind, recorded
from codes.diagnosis.sentences.voice import Voice


def told(cause: SourceRecords, voice: Voice) -> str:
    """The same event told otherwise, if there is one: it names the mistake. Else who holds what."""
    if cause["same_event"]:
        return voice.sentences([_same_event(cause["same_event"][0], voice), *_the_rest(cause)])
    on_a, on_b = records_of(cause, "a"), records_of(cause, "b")
    if on_a and on_b:
        return _both(on_a, on_b, voice)
    if not (on_a or on_b):
        return _(
            "%(source_a)s, which %(a)s uses, and %(source_b)s, which %(b)s uses, hold different records."
        ) % _sources(voice)
    return _only(on_a or on_b, "a" if on_a else "b", voice)


def records_of(cause: SourceRecords, side: Side) -> list[Record]:
    return [one["record"] for one in cause["only"] if one["side"] == side]


def _sources(voice: Voice) -> dict[str, str]:
    return {
        "a": voice.provider("a"),
        "source_a": voice.source("a"),
        "b": voice.provider("b"),
        "source_b": voice.source("b"),
    }


def _only(records: list[Record], holder: Side, voice: Voice) -> str:
    other: Side = "b" if holder == "a" else "a"
    if len(records) == 1:
        frame = _(
            "%(source)s, which %(provider)s uses, recorded on %(when)s %(what)s; %(other_source)s, which "
            "%(other)s uses, does not have this record."
        )
    else:
        frame = _(
            "%(source)s, which %(provider)s uses, has %(count)d records: %(what)s; %(other_source)s, which "
            "%(other)s uses, does not have them."
        )
    return frame % {
        "provider": voice.provider(holder),
        "source": voice.source(holder),
        "when": voice.instant(records[0]["recorded_at"]),
        "what": voice.clauses([recorded(record, voice) for record in records]),
        "count": len(records),
        "other": voice.provider(other),
        "other_source": voice.source(other),
    }


def _both(on_a: list[Record], on_b: list[Record], voice: Voice) -> str:
    return _(
        "Only %(source_a)s, which %(a)s uses, recorded %(what_a)s; only %(source_b)s, which %(b)s uses, recorded %(what_b)s."
    ) % {
        **_sources(voice),
        "what_a": voice.clauses([recorded(record, voice) for record in on_a]),
        "what_b": voice.clauses([recorded(record, voice) for record in on_b]),
    }


def _same_event(event: SameEvent, voice: Voice) -> str:
    value_a, value_b = _values(event, voice)
    said = {**_sources(voice), "value_a": value_a, "value_b": value_b}
    if event["differs"] == "kind":
        frame = _(
            "Of the same event on %(day)s, %(source_a)s, which %(a)s uses, says %(value_a)s, and %(source_b)s, "
            "which %(b)s uses, says %(value_b)s."
        )
        return frame % {**said, "day": voice.day(event["a"]["started_on"])}
    frame = _(
        "Of the same event (%(kind)s), %(source_a)s, which %(a)s uses, says %(value_a)s, and %(source_b)s, "
        "which %(b)s uses, says %(value_b)s."
    )
    return frame % {**said, "kind": kind(event["a"])}


def _values(event: SameEvent, voice: Voice) -> list[str]:
    """What each side has instead of the other's: a kind, an area, or the first of its dates that differs."""
    records = (event["a"], event["b"])
    if event["differs"] == "kind":
        values = [_("“%(kind)s”") % {"kind": kind(record)} for record in records]
    elif event["differs"] == "area":
        values = [voice.area(record["area"]) if record["area"] else _("no area") for record in records]
    elif event["a"]["started_on"] != event["b"]["started_on"]:
        values = [voice.day(record["started_on"]) for record in records]
    elif event["a"]["ended_on"] != event["b"]["ended_on"]:
        values = [voice.span(record["started_on"], record["ended_on"]) for record in records]
    else:
        said = voice.apart(event["a"]["recorded_at"], event["b"]["recorded_at"])
        values = [_("recorded on %(when)s") % {"when": when} for when in said]
    return [held_as(record, value, voice) for record, value in zip(records, values, strict=True)]


def _the_rest(cause: SourceRecords) -> list[str]:
    """How many more records only one side has, if any."""
    told = {record["fact_id"] for record in (cause["same_event"][0]["a"], cause["same_event"][0]["b"])}
    rest = len([one for one in cause["only"] if one["record"]["fact_id"] not in told])
    if not rest:
        return []
    return [
        ngettext("%(count)d more record is on one side only.", "%(count)d more records are on one side only.", rest)
        % {"count": rest}
    ]
