"""The rules differ: which parameter, which rule only one side has, which risk-area entry."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.diagnosis.piece import RiskEntry, RuleDifference, Rules, RuleSide, Side
from codes.diagnosis.sentences.evidence_words import rules_of, subject
from codes.diagnosis.sentences.rule_terms import asks_for_nothing, terms
from codes.diagnosis.sentences.voice import MOST_LISTED, Voice

MOST_TOLD = 2


def told(piece: Rules, voice: Voice) -> str:
    """One sentence for each pair of rules, then the risk areas; a person has seldom more than one of them."""
    pairs = _by_rules(piece["rules"])
    sentences = [_differing(one, voice) for one in pairs[:MOST_TOLD]]
    if len(pairs) > MOST_TOLD:
        more = len(pairs) - MOST_TOLD
        sentences.append(
            ngettext("%(count)d more rule differs.", "%(count)d more rules differ.", more) % {"count": more}
        )
    if piece["risk_areas"]:
        sentences.append(_risk_area(piece["risk_areas"], voice))
    if not sentences:
        return _("The rules of %(a)s and %(b)s differ.") % {"a": voice.provider("a"), "b": voice.provider("b")}
    return voice.sentences(sentences)


def _by_rules(differences: list[RuleDifference]) -> list[RuleDifference]:
    """One of each pair of rules: several records under the same two rules differ for the same reason."""
    found: dict[tuple[int | None, int | None], RuleDifference] = {}
    for one in differences:
        found.setdefault((one["a"]["rule_id"] if one["a"] else None, one["b"]["rule_id"] if one["b"] else None), one)
    return list(found.values())


def _differing(one: RuleDifference, voice: Voice) -> str:
    a, b = one["a"], one["b"]
    about = subject(one["record"], voice)
    if a is None or b is None:
        holder: Side = "a" if b is None else "b"
        return _only_one_has(about, holder, a or b, voice)
    return _("For %(subject)s, %(rules_a)s %(terms_a)s; %(rules_b)s %(terms_b)s.") % {
        "subject": about,
        "rules_a": rules_of("a", a, voice),
        "terms_a": _terms(a, one, voice),
        "rules_b": rules_of("b", b, voice),
        "terms_b": _terms(b, one, voice),
    }


def _terms(rule: RuleSide, one: RuleDifference, voice: Voice) -> str:
    """What the rule asks for where the two differ: to the official all of it."""
    said = terms(rule, one["differs"], voice)
    most = len(said) if voice.to_official else MOST_LISTED
    return voice.demands(said, most=most, ends_in_none=asks_for_nothing(rule, one["differs"][-1]))


def _only_one_has(about: str, holder: Side, rule: RuleSide | None, voice: Voice) -> str:
    other: Side = "b" if holder == "a" else "a"
    if rule is None:
        return _("For %(subject)s neither side has a rule.") % {"subject": about}
    return _("For %(subject)s, %(rules)s %(terms)s; %(other)s have no such rule.") % {
        "subject": about,
        "rules": rules_of(holder, rule, voice),
        "terms": voice.all_of(terms(rule, ["colour"], voice)),
        "other": rules_of(other, None, voice),
    }


def _risk_area(entries: list[RiskEntry], voice: Voice) -> str:
    first = entries[0]
    other: Side = "b" if first["side"] == "a" else "a"
    theirs = next((entry for entry in entries if entry["side"] == other), None)
    said = {
        "stay": subject(first["record"], voice),
        "provider": voice.provider(first["side"]),
        "listed": _listed(first, voice),
        "other": voice.provider(other),
    }
    if theirs is None:
        return _("For %(stay)s, the risk list of %(provider)s has %(listed)s; that of %(other)s does not.") % said
    said["theirs"] = _listed(theirs, voice)
    return _("For %(stay)s, the risk list of %(provider)s has %(listed)s; that of %(other)s has %(theirs)s.") % said


def _listed(entry: RiskEntry, voice: Voice) -> str:
    return _("%(area)s among the %(level)s (%(span)s)") % {
        "area": voice.area(entry["area"]),
        "span": voice.span(entry["from_day"], entry["to_day"]),
        "level": voice.level(entry["level"]),
    }
