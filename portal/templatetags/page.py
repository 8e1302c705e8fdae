"""Tags and filters of every page: codes, icons, times, and labels in the page's language."""

import json
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.core.cache import caches
from django.db.models import TextChoices
from django.template.defaultfilters import linebreaksbr
from django.utils import timezone, translation
from django.utils.formats import date_format, localize
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from codes.cities.corrections import issuer_of_record
from codes.citizens.guardianship import Relation
from codes.models import Fact, Provider, RuleSet, RuleSetVersion
from codes.models.case import CaseState
from codes.models.fact import record_number
from codes.review.appeals.policy import AppealReason
from codes.review.cases.transitions import Verb
from codes.vocabulary import Because, Cause, Factor, State
from portal.web.renewing import HEADER
from regions.actors import CITIZEN_PREFIX, CITY_PREFIX, GATE_PREFIX, OPERATOR_PREFIX, PROVIDER_PREFIX, SYSTEM
from regions.divisions import division_title
from regions.masking import mask_name
from regions.staff.accounts import full_name_of
from regions.staff.roles import Role
from regions.vocabulary import FactKind, title_of

register = template.Library()

WORDS: dict[str, type[TextChoices]] = {
    "state": State,
    "because": Because,
    "cause": Cause,
    "factor": Factor,
    "kind": FactKind,
    "case": CaseState,
    "act": Verb,
    "appeal": AppealReason,
    "relation": Relation,
}
SHAPES = frozenset(State)
# Actors other than the staff, by their prefixes in the journal.
ACTOR_LABELS: dict[str, str | Promise] = {
    SYSTEM: gettext_lazy("the portal"),
    CITIZEN_PREFIX: gettext_lazy("citizen {name}"),
    GATE_PREFIX: gettext_lazy("gate device {name}"),
    OPERATOR_PREFIX: gettext_lazy("operator {name}"),
}


@register.filter("label")
def label_of(value: Any, vocabulary: str = "") -> str:
    """Return a code's label in the page's language: ``{{ verdict.colour|label:"state" }}``, or any ``TextChoices`` as it is."""
    word = WORDS[vocabulary](value) if vocabulary else value
    return str(word.label) if isinstance(word, TextChoices) else str(word)


@register.filter
def titled(thing: Any, name: str = "title") -> str:
    """Return the field of a row in the page's language."""
    return title_of(thing, name=name)


@register.simple_tag
def renewed(address: str, every: str, part: str = "") -> SafeString:
    """Return the attributes by which an element reloads itself from ``address``, of whose page it is the ``part``.

    It does so as often as ``every`` says. A header marks the request as unattended, so that an open page does not extend a session.
    """
    asks = format_html('hx-get="{}" hx-trigger="every {}" hx-swap="outerHTML"', address, every)
    selects = format_html(' hx-select="{}"', part) if part else ""
    return format_html("{}{} hx-headers='{}'", asks, selects, json.dumps({HEADER: "yes"}))


@register.simple_tag
def gap() -> str:
    """Return the space between two sentences, or after a label's colon; empty in Chinese, whose punctuation is full-width."""
    return "" if translation.get_language().startswith("zh") else " "


@register.filter
def division(code: str) -> str:
    return division_title(code, translation.get_language())


@register.filter
def role_title(role: str) -> str:
    return str(Role(role).label)


@register.filter
def untranslated(text: object) -> str:
    """Mark a name, a code or a number as not to be translated by browsers."""
    return format_html('<span translate="no">{}</span>', text) if text or text == 0 else ""


@register.filter
def numbered(record: Any) -> str:
    """Return the number of a record: of a fact, or of a suppression, given as a row or as its columns."""
    held = (
        record if isinstance(record, dict) else {name: getattr(record, name) for name in ("record_id", "provider_id")}
    )
    return untranslated(record_number(held["record_id"], is_declared=held["provider_id"] is not None))


@register.filter
def rule_set_title(rule_set: RuleSet) -> str:
    """Return a rule set's title in the page's language, or its code, untranslated, if it has no title."""
    return titled(rule_set) or untranslated(rule_set.code)


@register.filter
def version_title(version: RuleSetVersion) -> str:
    """Return the title of a version with its number."""
    text = version.title_in(translation.get_language())
    return text if titled(version.rule_set) else untranslated(text)


@register.filter
def free_text(text: str) -> str:
    """Mark a text as written by a person, in an unknown language."""
    return format_html('<span lang="">{}</span>', linebreaksbr(text)) if text else ""


@register.filter
def stored_day(text: str) -> str:
    """Format a day that is stored as text; return any other text unchanged."""
    try:
        return str(date_format(date.fromisoformat(text)))
    except ValueError:
        return text


@register.filter
def masked(name: str) -> str:
    return untranslated(mask_name(name))


@register.filter
def actor(name: str) -> str:
    """Return the name of an actor: the portal, a citizen by reference, a gate's device, a provider, another city, an operator, or staff."""
    if name == SYSTEM:
        return str(ACTOR_LABELS[SYSTEM])
    if name.startswith(CITY_PREFIX):
        return division(name.removeprefix(CITY_PREFIX))
    if name.startswith(PROVIDER_PREFIX):
        return _provider_title(name.split(":")[1])
    for prefix in (CITIZEN_PREFIX, GATE_PREFIX, OPERATOR_PREFIX):
        if name.startswith(prefix):
            return format_html(str(ACTOR_LABELS[prefix]), name=untranslated(name.removeprefix(prefix)))
    return untranslated(full_name_of(name)) if name else ""


def _provider_title(code: str) -> str:
    """Return a provider's title. One query reads all titles of the city; they are cached for some minutes."""
    kept = caches["template_fragments"]
    titles: dict[str, tuple[str, str]] = kept.get("titles_of_providers", {})
    if code not in titles:
        found = {
            one.code: (one.title_zh, one.title_en) for one in Provider.objects.only("code", "title_zh", "title_en")
        }
        titles = {code: (code, code), **found}
        kept.set("titles_of_providers", titles)
    return titles[code][not translation.get_language().startswith("zh")]


@register.filter
def issued_by(fact: Fact) -> str:
    """Return the other city that issued a record; empty for the city's own records."""
    issuer = issuer_of_record(fact)
    return division(issuer) if issuer else ""


@register.filter
def time_left(due: datetime, now: datetime | None = None) -> str:
    """Return the time left until a deadline in words: “3 hours left”, “2 days overdue”."""
    left = due - (now or timezone.now())
    words = span(abs(left))
    return _("%(span)s left") % {"span": words} if left > timedelta() else _("%(span)s overdue") % {"span": words}


@register.filter
def is_over(due: datetime) -> bool:
    return due <= timezone.now()


@register.filter
def span(length: timedelta) -> str:
    """Return a duration in its largest unit, rounded down, at least one minute."""
    minutes = max(1, int(length.total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": localize(minutes)}
    if minutes < 48 * 60:
        return ngettext("%(n)s hour", "%(n)s hours", minutes // 60) % {"n": localize(minutes // 60)}
    return ngettext("%(n)s day", "%(n)s days", minutes // 1440) % {"n": localize(minutes // 1440)}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon next to a word of the same meaning; it is hidden from screen readers."""
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>', name)


@register.inclusion_tag("components/code_badge.html")
def code_badge(state: str, size: str = "small") -> dict[str, Any]:
    """Return the context of a code's badge with word, shape and colour. ``size`` is ``small`` or ``large``."""
    known = State(state)
    return {"state": known.value, "word": label_of(known), "size": size}
