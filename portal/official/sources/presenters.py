"""The effect of a change of a source, in sentences for those who decide about it."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes.models import Provider
from codes.vocabulary import State
from portal.templatetags.page import label_of, titled, untranslated
from regions.sources.changes import changed
from regions.sources.collect import TrialResult, database_address
from regions.sources.connectors.database import DatabaseAddress
from regions.sources.models import SourceChange, SourceKind
from regions.sources.reasons import RecordReason, sentence
from regions.vocabulary import FactKind


def effect_words(effect: dict[str, Any]) -> list[str]:
    """Return the sentences, the most important first, or a sentence saying that nobody's colour changes."""
    names = {one.code: titled(one) for one in Provider.objects.all()}
    sentences = [
        *_retirement(effect, names),
        *_freshness(effect, names),
        *_mapping(effect, names),
        *_answered(effect.get("answer")),
    ]
    return sentences or [_("Nobody's colour changes by this alone.")]


def answer_words(answer: TrialResult) -> list[str]:
    return list(_of_answer(answer.as_of, answer.looked_at, answer.bad, answer.is_ahead, answer.is_behind))


def _retirement(effect: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    if "leaving" not in effect:
        return
    for code, registered, red, yellow in effect["leaving"]:
        yield _(
            "%(provider)s: no longer judged or shown from the next run on. Registered: %(n)s; red: %(red)s; yellow: %(yellow)s."
        ) % {
            "provider": names.get(code, code),
            "n": localize(registered),
            "red": localize(red),
            "yellow": localize(yellow),
        }
    for code, registered, _red, _yellow in effect["returning"]:
        yield _("%(provider)s: judged and shown again from the next run on, %(n)s registered people.") % {
            "provider": names.get(code, code),
            "n": localize(registered),
        }
    yield from _effective(effect, is_asked=bool(effect["leaving"]))


def _freshness(effect: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    for code, registered in effect.get("unknown", {}).items():
        yield _("%(provider)s: the codes of all %(n)s registered people could no longer be determined.") % {
            "provider": names.get(code, code),
            "n": localize(registered),
        }
    for code, registered in effect.get("known", {}).items():
        yield _("%(provider)s: the codes of %(n)s registered people could be determined again.") % {
            "provider": names.get(code, code),
            "n": localize(registered),
        }

    for code, red, yellow in effect.get("held", []):
        if red or yellow:
            held = {"provider": names.get(code, code), "red": localize(red), "yellow": localize(yellow)}
            yield _held(held, until_it_delivers="unknown" in effect)
    if "leaving" not in effect:
        yield from _effective(effect, is_asked="held" in effect)


def _held(values: dict[str, str], *, until_it_delivers: bool) -> str:
    if until_it_delivers:
        return (
            _("%(provider)s: a silence lifts nobody, so %(red)s stay red and %(yellow)s yellow until it delivers.")
            % values
        )
    return _("%(provider)s: %(red)s red and %(yellow)s yellow, held so far, would be judged again.") % values


def _effective(effect: dict[str, Any], *, is_asked: bool, key: str = "effective") -> Iterator[str]:
    for before, after, number in effect.get(key, []):
        yield ngettext(
            "Effective code: %(n)s person from %(before)s to %(after)s.",
            "Effective code: %(n)s people from %(before)s to %(after)s.",
            number,
        ) % {"n": localize(number), "before": _state(before), "after": _state(after)}
    if is_asked and key not in effect:
        yield _("No run has settled yet, so who would change colour cannot be told.")
    elif is_asked and not effect[key]:
        yield _("Nobody's effective code would change.")


def held_words(held_colours: list[list[Any]], names: dict[str, str]) -> Iterator[str]:
    """Yield one sentence per provider and pair of colours: how many people's held colour would change."""
    for provider, before, after, number in held_colours:
        yield ngettext(
            "%(provider)s, whose source is silent: %(n)s person held from %(before)s to %(after)s.",
            "%(provider)s, whose source is silent: %(n)s people held from %(before)s to %(after)s.",
            number,
        ) % {
            "provider": names.get(provider, provider),
            "n": localize(number),
            "before": _state(before),
            "after": _state(after),
        }


def mass_change_words(mass_changes: list[list[Any]]) -> list[str]:
    """Return sentences about the mass changes that a run would hold for two people, or one saying that it would hold none."""
    sentences = [
        _(
            "Rule %(rule)s would be held for two people as a mass change: of %(n)s registered, %(red)s would turn red "
            "and %(green)s green before their day."
        )
        % {"rule": rule, "red": localize(red), "green": localize(green), "n": localize(registered)}
        for rule, red, green, registered in mass_changes
    ]
    if not sentences:
        return [_("Nothing of it would be held as a mass change.")]
    return [*sentences, _("Until two people have decided, these people keep what they show.")]


def _mapping(effect: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    if "lost" not in effect:
        return
    for provider, before, after, number in effect.get("colours", []):
        yield ngettext(
            "%(provider)s: %(n)s person from %(before)s to %(after)s.",
            "%(provider)s: %(n)s people from %(before)s to %(after)s.",
            number,
        ) % {
            "provider": names.get(provider, provider),
            "n": localize(number),
            "before": _state(before),
            "after": _state(after),
        }
    yield from held_words(effect.get("held_colours", []), names)
    if "colours" not in effect:
        yield _("No run has settled yet, so who would change colour cannot be told.")
    elif not effect["colours"] and not effect.get("held_colours"):
        yield _("Nobody's colour would change.")
    yield from _effective(effect, is_asked="effective_by_words" in effect, key="effective_by_words")
    if "mass_changes" in effect:
        yield from mass_change_words(effect["mass_changes"])
    if effect["judged"] < effect["citizens"]:
        yield _("Told of %(judged)s people; %(citizens)s are concerned.") % {
            "judged": localize(effect["judged"]),
            "citizens": localize(effect["citizens"]),
        }
    yield _("%(n)s records in quarantine would pass.") % {"n": localize(effect["from_quarantine"])}
    yield _("%(n)s stored records would change their kind when the source sends them again.") % {
        "n": localize(effect["moved"])
    }
    if effect["lost"]:
        yield _("From then on these words go to quarantine: %(words)s.") % {"words": _(", ").join(effect["lost"])}


def _answered(answer: dict[str, Any] | None) -> Iterator[str]:
    if answer is None:
        return
    if "fault" in answer:
        why = sentence(answer["fault"], answer["parts"], translation.get_language())
        yield _("The connection was tried and failed: %(why)s") % {"why": why}
        return
    as_of = datetime.fromisoformat(answer["as_of"])
    yield from _of_answer(as_of, answer["looked_at"], answer["bad"], answer["is_ahead"], answer["is_behind"])


def _of_answer(as_of: datetime, looked_at: int, bad: dict[str, int], is_ahead: bool, is_behind: bool) -> Iterator[str]:
    instant = localize(timezone.localtime(as_of))
    yield _("The source answers. It is complete up to %(instant)s.") % {"instant": instant}
    if looked_at:
        yield ngettext("%(n)s record was looked at.", "%(n)s records were looked at.", looked_at) % {
            "n": localize(looked_at)
        }
    else:
        yield _("It has no new record.")
    for reason, number in bad.items():
        yield _("%(n)s of them would go to quarantine: %(why)s.") % {
            "n": localize(number),
            "why": str(RecordReason(reason).label),
        }
    if is_ahead:
        yield _("Its clock is ahead of ours: a delivery would be refused.")
    if is_behind:
        yield _("It is complete up to an earlier moment than the last delivery: a delivery would be refused.")


def _state(colour: str) -> str:
    return label_of(State(colour))


TITLES: dict[str, str | Promise] = {
    "base_url": gettext_lazy("Address"),
    "app_id": gettext_lazy("Our identity with them (app_id)"),
    "records_view": gettext_lazy("View of the records"),
    "clock_view": gettext_lazy("View of the clock"),
    "page_size": gettext_lazy("Records a page"),
    "max_age_hours": gettext_lazy("Oldest horizon in hours"),
    "max_bad_share": gettext_lazy("Bad records a delivery may have, in percent"),
    "overlap_hours": gettext_lazy("Hours to look back"),
    "full_every_days": gettext_lazy("Days between full comparisons"),
    "still": gettext_lazy("Its day for “no end”"),
    "retired": gettext_lazy("Retired: no longer collected"),
    "retired_providers": gettext_lazy("Retired providers"),
}
PARTS_OF_ADDRESS: dict[str, str | Promise] = {
    "dialect": gettext_lazy("Kind of database"),
    "host": gettext_lazy("Host"),
    "port": gettext_lazy("Port"),
    "database": gettext_lazy("Database"),
    "user": gettext_lazy("Database user"),
    "options": gettext_lazy("Options of the connection"),
}


def address_rows(address: DatabaseAddress | None) -> list[tuple[str, str]]:
    """Return the parts of a database's address with their titles. The password is not among them."""
    parts = asdict(address) if address else {}
    return [(str(title), untranslated(parts.get(name) or "")) for name, title in PARTS_OF_ADDRESS.items()]


VIEWS = ("records_view", "clock_view")


def place_words(change: SourceChange) -> list[str]:
    """Return whether a new database URL leads to another database, or differs only in its password."""
    differing = change.differing_address
    if differing is None:
        return []
    if not differing:
        return [_("A new password; the database is the same.")]
    parts = _(", ").join(str(PARTS_OF_ADDRESS[name]) for name in PARTS_OF_ADDRESS if name in differing)
    return [
        _("Another database, not only a new password. What differs: %(parts)s.") % {"parts": parts},
        _(
            "Who would change colour is known when it has been collected; its first collection compares everything, "
            "and nobody's colour changes because it lacks a record."
        ),
    ]


def setting_rows(change: SourceChange) -> list[tuple[str, str, str]]:
    """Return title, old and new value of each setting that differs. The page shows an empty value as a dash."""
    rows = [
        (str(TITLES[name]), _plain(name, change.before[name]), _plain(name, value))
        for name, value in change.values.items()
        if name != "kinds"
    ]
    if change.credential is not None:
        rows += _address_rows(change)
        is_database = change.source.kind == SourceKind.POLICE_DATABASE
        title = _("Password") if is_database else _("Shared secret")
        rows.append((title, _("the present one"), _("a new one, encrypted")))
    return rows + _mapping_rows(change.before.get("kinds", {}), change.values.get("kinds", {}))


def _address_rows(change: SourceChange) -> list[tuple[str, str, str]]:
    """Return the parts of the database's address at the time of the proposal and after the change."""
    after = database_address(changed(change.source, {}, bytes(change.credential or b"")))
    if after is None:
        return []
    known = change.effect.get("address")
    before = address_rows(DatabaseAddress(**known) if known else None)
    rows = [(title, old, new) for (title, old), (_title, new) in zip(before, address_rows(after), strict=True)]
    views = [(name, str(getattr(change.source, name))) for name in VIEWS if name not in change.values]
    return rows + [(str(TITLES[name]), view, view) for name, view in views]


def _mapping_rows(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    words = sorted(word for word in before.keys() | after.keys() if before.get(word) != after.get(word))
    title = _("The word “%(word)s” means")
    return [(title % {"word": word}, _kind(before.get(word)), _kind(after.get(word))) for word in words]


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        titles = {one.code: titled(one) for one in Provider.objects.filter(code__in=value)}
        return _(", ").join(str(titles.get(code, code)) for code in value)
    if name == "max_bad_share":
        return f"{value * 100:g}%"
    return f"{value:g}" if isinstance(value, float) else untranslated(value)


def _kind(kind: str | None) -> str:
    return str(FactKind(kind).label) if kind else ""
