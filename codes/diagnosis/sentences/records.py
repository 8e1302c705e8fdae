"""Phrases about a record or a rule: for citizens its content, for officials also its numbers."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from codes.diagnosis.root_cause import CheckIns, Record, RuleSide, Side
from codes.diagnosis.sentences.renderer import DECLARED, RECORDED, SentenceRenderer
from codes.models.fact import record_number
from regions.vocabulary import FactKind


def kind_label(record: Record) -> str:
    return str(FactKind(record["kind"]).label)


def recorded_clause(record: Record, renderer: SentenceRenderer) -> str:
    if renderer.to_official:
        return _numbered(_quoted(record), record, renderer)
    if renderer.context.name:
        return _("“%(kind)s” about %(name)s") % {"kind": kind_label(record), "name": renderer.context.name}
    return _(RECORDED[FactKind(record["kind"])]) % {"area": renderer.area(record["area"])}


def declared_clause(record: Record, renderer: SentenceRenderer) -> str:
    template = DECLARED.get(FactKind(record["kind"]))
    if template is None or renderer.to_official:
        return _numbered(_quoted(record), record, renderer)
    return _(template) % {
        "area": renderer.area(record["area"]),
        "day": renderer.day(record["started_on"]),
        "span": renderer.span(record["started_on"], record["ended_on"]),
    }


def subject(record: Record, renderer: SentenceRenderer) -> str:
    if renderer.to_official:
        return _numbered(_quoted(record), record, renderer)
    values = {
        "name": renderer.context.name,
        "day": renderer.day(record["started_on"]),
        "kind": kind_label(record),
        "span": renderer.span(record["started_on"], record["ended_on"]),
        "area": renderer.area(record["area"]),
    }
    if record["kind"] == FactKind.AREA_STAY:
        mine, anothers = _("your stay in %(area)s (%(span)s)"), _("the stay of %(name)s in %(area)s (%(span)s)")
    else:
        mine = _("your record “%(kind)s” of %(day)s")
        anothers = _("the record “%(kind)s” of %(name)s of %(day)s")
    return (anothers if renderer.context.name else mine) % values


def with_details(record: Record, value: str, renderer: SentenceRenderer) -> str:
    """Return the phrase for one source's record of an event that both sources have; ``value`` is the part that differs."""
    return _numbered(value, record, renderer)


def rules_of(side: Side, rule: RuleSide | None, renderer: SentenceRenderer) -> str:
    if rule is None or not renderer.to_official:
        return _("the rules of %(provider)s") % {"provider": renderer.provider(side)}
    return _("the rules of %(provider)s (%(version)s, %(code)s)") % {
        "provider": renderer.provider(side),
        "version": renderer.version(rule["rule_set"], rule["version"]),
        "code": rule["code"],
    }


def check_in_rule(run: CheckIns, renderer: SentenceRenderer) -> str:
    return renderer.choose(citizen=_("the rule"), official=_("rule %(code)s"), code=run["rule"])


def _quoted(record: Record) -> str:
    return _("“%(kind)s”") % {"kind": kind_label(record)}


def _numbered(value: str, record: Record, renderer: SentenceRenderer) -> str:
    if not renderer.to_official:
        return value
    return _("%(value)s (%(details)s)") % {"value": value, "details": _details(record, renderer)}


def _details(record: Record, renderer: SentenceRenderer) -> str:
    open_stay = record["kind"] == FactKind.AREA_STAY or record["ended_on"]
    parts = [
        renderer.span(record["started_on"], record["ended_on"]) if open_stay else renderer.day(record["started_on"]),
        _("record %(id)s version %(version)d")
        % {
            "id": record_number(record["record_id"], is_declared=record["origin"] == "provider"),
            "version": record["version"],
        },
        _("recorded %(instant)s") % {"instant": renderer.instant(record["recorded_at"])},
    ]
    if record["area"]:
        parts.insert(0, f"{renderer.area(record['area'])} {record['area']}")
    if record["batch"] is not None:
        parts.append(_("batch %(batch)d") % {"batch": record["batch"]})
    return pgettext("between details in brackets", ", ").join(parts)
