"""The citizen told two providers different things: answers, or daily check-ins."""

from django.utils.translation import gettext as _

from codes.diagnosis.root_cause import CheckIns, Declaration, Record, Side
from codes.diagnosis.sentences.records import check_in_rule, declared
from codes.diagnosis.sentences.voice import Voice


def told(cause: Declaration, voice: Voice) -> str:
    """The answers first, then the check-in runs; either may be missing."""
    sentences = [_answers(cause, voice)] if cause["answers"] else []
    if cause["check_ins"]:
        sentences.append(_check_ins(cause["check_ins"][0], voice))
    if not sentences:
        return _("%(who)s declared or checked in otherwise with %(a)s than with %(b)s.") % {
            "who": voice.who,
            "a": voice.provider("a"),
            "b": voice.provider("b"),
        }
    return voice.sentences(sentences)


def answers_of(cause: Declaration, side: Side) -> list[Record]:
    return [answer["record"] for answer in cause["answers"] if answer["side"] == side]


def _answers(cause: Declaration, voice: Voice) -> str:
    on_a, on_b = answers_of(cause, "a"), answers_of(cause, "b")
    if on_a and on_b:
        return _("%(who)s declared %(what_a)s with %(a)s, and %(what_b)s with %(b)s.") % {
            "who": voice.who,
            "a": voice.provider("a"),
            "what_a": voice.clauses([declared(record, voice) for record in on_a]),
            "b": voice.provider("b"),
            "what_b": voice.clauses([declared(record, voice) for record in on_b]),
        }
    said: Side = "a" if on_a else "b"
    other: Side = "b" if on_a else "a"
    return _("%(who)s declared %(what)s with %(provider)s on %(when)s, and nothing of the kind with %(other)s.") % {
        "who": voice.who,
        "when": voice.instant((on_a or on_b)[0]["recorded_at"]),
        "provider": voice.provider(said),
        "what": voice.clauses([declared(record, voice) for record in on_a or on_b]),
        "other": voice.provider(other),
    }


def _check_ins(run: CheckIns, voice: Voice) -> str:
    return _(
        "Since %(anchor)s the longest run of healthy check-ins is %(days_a)d with %(a)s and %(days_b)d with %(b)s; "
        "%(rule)s asks for %(needed)d in a row."
    ) % {
        "anchor": voice.day(run["anchor"]),
        "a": voice.provider("a"),
        "days_a": run["a"],
        "b": voice.provider("b"),
        "days_b": run["b"],
        "rule": check_in_rule(run, voice),
        "needed": run["needed"],
    }
