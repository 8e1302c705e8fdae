"""Rules and risk areas prepared for display, from a stored version or from a draft, which may still contain faults."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import TextChoices
from django.utils import translation
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.vocabulary import Anchor
from portal.templatetags.official import risk_level
from regions.divisions import division_title
from regions.faults import Fault
from regions.toml_files import tables
from regions.vocabulary import FactKind

Shown = dict[str, Any]
_PLACE = re.compile(r"(rules|risk_areas)\[(\d+)\](?:\.(.*))?")


def faults_shown(faults: Sequence[Fault]) -> list[Shown]:
    """Return the faults, each with the table and the row it is about, if any."""
    shown = []
    for fault in faults:
        found = _PLACE.fullmatch(fault.key)
        table, place = (found[1], int(found[2])) if found else ("", 0)
        message = fault.message_in(translation.get_language())
        shown.append({"key": fault.key, "message": message, "table": table, "place": place})
    return shown


def messages_at(faults: Sequence[Shown], table: str, place: int) -> list[str]:
    return [one["message"] for one in faults if (one["table"], one["place"]) == (table, place)]


def rules_shown(
    content: Mapping[str, Any], *, faults: Sequence[Shown] = (), before: Mapping[str, Any] | None = None
) -> list[Shown]:
    """Return the rules in their order. ``differs`` marks those not in ``before``.

    ``colour`` is empty if it is not red or yellow.
    """
    known = [rule for _place, rule in tables(dict(before), "rules")] if before is not None else None
    return [
        {
            "place": place,
            "code": str(rule.get("code", "")),
            "title": title if title.casefold() != kind.casefold() else "",
            "reason": _wording(rule.get("reason")),
            "kind": kind,
            "levels": _list(rule.get("area_levels")),
            "colour": str(rule.get("colour")) if rule.get("colour") in ("red", "yellow") else "",
            "released": released_when(rule),
            "anchor": _label(Anchor, rule.get("anchor", Anchor.STARTED.value)),
            "differs": known is not None and rule not in known,
            "faults": messages_at(faults, "rules", place),
        }
        for place, rule in tables(dict(content), "rules")
        for kind, title in [(_label(FactKind, rule.get("kind")), _wording(rule.get("title")))]
    ]


def areas_shown(
    content: Mapping[str, Any], *, faults: Sequence[Shown] = (), before: Mapping[str, Any] | None = None
) -> list[Shown]:
    known = [area for _place, area in tables(dict(before), "risk_areas")] if before is not None else None
    return [
        {
            "area": str(area.get("area", "")),
            "name": division_title(str(area.get("area", "")), translation.get_language()),
            "level": str(area.get("level", "")),
            "first": str(area.get("from", "")),
            "last": str(area.get("to", "")),
            "differs": known is not None and area not in known,
            "faults": messages_at(faults, "risk_areas", place),
        }
        for place, area in tables(dict(content), "risk_areas")
    ]


def gone(content: Mapping[str, Any], before: Mapping[str, Any]) -> list[Shown]:
    """Return the rules of the previous version whose code and kind no longer occur."""
    kept = {(rule.get("code"), rule.get("kind")) for _place, rule in tables(dict(content), "rules")}
    left = [rule for _place, rule in tables(dict(before), "rules") if (rule.get("code"), rule.get("kind")) not in kept]
    return rules_shown({"rules": left})


def areas_gone(content: Mapping[str, Any], before: Mapping[str, Any]) -> list[Shown]:
    """Return the entries of the previous version's risk list of which no entry for the same area and level from the same day is left."""
    kept = {_entry(area) for _place, area in tables(dict(content), "risk_areas")}
    left = [area for _place, area in tables(dict(before), "risk_areas") if _entry(area) not in kept]
    return areas_shown({"risk_areas": left})


def _entry(area: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(area.get(key)) for key in ("area", "level", "from"))


def released_when(rule: Mapping[str, Any]) -> str:
    """Return what ends a hit of the rule, in one line."""
    ways = []
    served = rule.get("hold_days")
    if isinstance(served, int):
        parts = [ngettext("%(n)s day", "%(n)s days", served) % {"n": localize(served)}]
        if checkins := rule.get("checkin_days"):
            parts.append(_("%(n)s check-ins in a row") % {"n": localize(checkins)})
        if tests := rule.get("tests"):
            parts.append(
                _("%(n)s tests, %(gap)s days apart") % {"n": localize(tests), "gap": rule.get("test_gap_days", 0)}
            )
        ways.append(_(" + ").join(parts))
    kinds = rule.get("cleared_by")
    if isinstance(kinds, list) and kinds:
        ways.append(_(", ").join(_label(FactKind, kind) for kind in kinds))
    return _("; or ").join(ways) if ways else _("only by a ruling")


def _wording(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    first, second = ("zh", "en") if translation.get_language().startswith("zh") else ("en", "zh")
    return str(value.get(first) or value.get(second) or "")


def _label(vocabulary: type[TextChoices], word: Any) -> str:
    known = isinstance(word, str) and word in set(vocabulary)
    return str(vocabulary(word).label) if known else str(word if word is not None else "")


def _list(value: Any) -> str:
    return (
        _(", ").join(risk_level(str(level)) for level in value)
        if isinstance(value, list)
        else str(value if value is not None else "")
    )
