"""The sentence about rules that differ: the parameter, the rule that only one side has, or the risk-area entry."""

from collections.abc import Iterable

from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from codes.diagnosis.root_cause import RiskEntry, RuleDifference, Rules, RuleSide, Side
from codes.diagnosis.sentences.records import rules_of, subject
from codes.diagnosis.sentences.renderer import MOST_LISTED, SentenceRenderer
from codes.vocabulary import Anchor, Colour
from regions.vocabulary import FactKind


def terms(rule: RuleSide, parameters: Iterable[str], renderer: SentenceRenderer) -> list[str]:
    """Return a phrase for each of the parameters, in the given order."""
    return [_term(rule, parameter, renderer) for parameter in parameters]


def asks_for_nothing(rule: RuleSide, parameter: str) -> bool:
    """Return whether the phrase of this parameter states that something is not required or not possible."""
    return parameter not in ("colour", "anchor", "area_levels") and not rule.get(parameter)


def _term(rule: RuleSide, parameter: str, renderer: SentenceRenderer) -> str:
    match parameter:
        case "colour":
            return _("give %(colour)s") % {"colour": str(Colour(rule["colour"]).label)}
        case "anchor":
            return _("count from %(anchor)s") % {"anchor": str(Anchor(rule["anchor"]).label)}
        case "hold_days":
            return _hold(rule["hold_days"])
        case "checkin_days":
            return _counted(
                rule["checkin_days"],
                none=_("require no check-ins"),
                some=ngettext(
                    "require %(n)s healthy check-in", "require %(n)s healthy check-ins in a row", rule["checkin_days"]
                ),
            )
        case "tests":
            return _counted(
                rule["tests"],
                none=_("require no test"),
                some=ngettext("require %(n)s negative test", "require %(n)s negative tests", rule["tests"]),
            )
        case "test_gap_days":
            return _counted(
                rule["test_gap_days"],
                none=_("require no time between tests"),
                some=ngettext(
                    "require %(n)s day between tests", "require %(n)s days between tests", rule["test_gap_days"]
                ),
            )
        case "cleared_by":
            return _cleared_by(rule["cleared_by"])
        case _:
            return _levels(rule["area_levels"], renderer)


def _hold(days: int | None) -> str:
    if days is None:
        return _("release nobody by time alone")
    return _counted(
        days, none=_("require no waiting days"), some=ngettext("require %(n)s day", "require %(n)s days", days)
    )


def _counted(number: int, *, none: str, some: str) -> str:
    return some % {"n": localize(number)} if number else none


def _cleared_by(kinds: list[str]) -> str:
    if not kinds:
        return _("release early on no record")
    alternatives = pgettext("between items of a list", ", ").join(
        _("“%(kind)s”") % {"kind": str(FactKind(kind).label)} for kind in kinds
    )
    return _("release at once on %(kinds)s") % {"kinds": alternatives}


def _levels(levels: list[str] | None, renderer: SentenceRenderer) -> str:
    if levels is None:
        return _("count stays in every area")
    return _("count only stays in %(levels)s") % {
        "levels": renderer.all_of([renderer.level(level) for level in levels])
    }


MOST_RULES = 2


def rules_sentence(cause: Rules, renderer: SentenceRenderer) -> str:
    """Return a sentence for each pair of rules and one about the risk areas. Most people have only one of these."""
    pairs = _one_of_each_pair(cause["rules"])
    sentences = [_differing(one, renderer) for one in pairs[:MOST_RULES]]
    if len(pairs) > MOST_RULES:
        more = len(pairs) - MOST_RULES
        sentences.append(
            ngettext("%(count)s more rule differs.", "%(count)s more rules differ.", more) % {"count": localize(more)}
        )
    if cause["risk_areas"]:
        sentences.append(_risk_area(cause["risk_areas"], renderer))
    if not sentences:
        return _("The rules of %(a)s and %(b)s differ.") % renderer.sides
    return renderer.sentences(sentences)


def _one_of_each_pair(differences: list[RuleDifference]) -> list[RuleDifference]:
    """Return one difference for each pair of rules: several records under the same two rules differ for the same reason."""
    found: dict[tuple[int | None, int | None], RuleDifference] = {}
    for one in differences:
        found.setdefault((one["a"]["rule_id"] if one["a"] else None, one["b"]["rule_id"] if one["b"] else None), one)
    return list(found.values())


def _differing(one: RuleDifference, renderer: SentenceRenderer) -> str:
    a, b = one["a"], one["b"]
    about = subject(one["record"], renderer)
    if a is None or b is None:
        holder: Side = "a" if b is None else "b"
        return _only_one_has(about, holder, a or b, renderer)
    return _("For %(subject)s, %(rules_a)s %(terms_a)s; %(rules_b)s %(terms_b)s.") % {
        "subject": about,
        "rules_a": rules_of("a", a, renderer),
        "terms_a": _terms(a, one, renderer),
        "rules_b": rules_of("b", b, renderer),
        "terms_b": _terms(b, one, renderer),
    }


def _terms(rule: RuleSide, one: RuleDifference, renderer: SentenceRenderer) -> str:
    phrases = terms(rule, one["differs"], renderer)
    most = len(phrases) if renderer.to_official else MOST_LISTED
    return renderer.requirements(phrases, most=most, ends_in_none=asks_for_nothing(rule, one["differs"][-1]))


def _only_one_has(about: str, holder: Side, rule: RuleSide | None, renderer: SentenceRenderer) -> str:
    other: Side = "b" if holder == "a" else "a"
    if rule is None:
        return _("For %(subject)s neither side has a rule.") % {"subject": about}
    return _("For %(subject)s, %(rules)s %(terms)s; %(other)s have no such rule.") % {
        "subject": about,
        "rules": rules_of(holder, rule, renderer),
        "terms": renderer.all_of(terms(rule, ["colour"], renderer)),
        "other": rules_of(other, None, renderer),
    }


def _risk_area(entries: list[RiskEntry], renderer: SentenceRenderer) -> str:
    first = entries[0]
    other: Side = "b" if first["side"] == "a" else "a"
    theirs = next((entry for entry in entries if entry["side"] == other), None)
    values = {
        "stay": subject(first["record"], renderer),
        "provider": renderer.provider(first["side"]),
        "listed": _listed(first, renderer),
        "other": renderer.provider(other),
    }
    if theirs is None:
        return _("For %(stay)s, the risk list of %(provider)s has %(listed)s; that of %(other)s does not.") % values
    values["theirs"] = _listed(theirs, renderer)
    return _("For %(stay)s, the risk list of %(provider)s has %(listed)s; that of %(other)s has %(theirs)s.") % values


def _listed(entry: RiskEntry, renderer: SentenceRenderer) -> str:
    return _("%(area)s among the %(level)s (%(span)s)") % {
        "area": renderer.area(entry["area"]),
        "span": renderer.span(entry["from_day"], entry["to_day"]),
        "level": renderer.level(entry["level"]),
    }
