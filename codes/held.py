"""Sentences about providers that cannot judge now: held colours, expired colours, and which providers judge alone."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from codes.engine.provider_states import ProviderState
from codes.models import Provider, WhyUnknown
from codes.vocabulary import State
from regions.tenancy import current_city
from regions.vocabulary import title_of


def held_sentence(side: ProviderState) -> str:
    """Return “Red (held): …” with the source and its last delivery, in the active language; empty if no colour is held."""
    if side.held is None or side.inputs.horizon is None:
        return ""
    return _("%(colour)s (held): the last delivery of %(source)s is of %(at)s.") % {
        "colour": _capitalised(State(side.held.colour)),
        "source": title_of(side.inputs.source),
        "at": _instant(side.inputs.horizon),
    }


def expired_sentence(side: ProviderState) -> str:
    """Return what the provider's colour was on which day; empty if it is still valid."""
    if side.was is None:
        return ""
    return _("%(colour)s on %(day)s, which is no longer valid.") % {
        "colour": _capitalised(side.was),
        "day": date_format(side.inputs.run.day, "MONTH_DAY_FORMAT"),
    }


def state_sentences(side: ProviderState) -> list[str]:
    """Return the sentences to show with a provider's state, if any."""
    found = [sentence for sentence in (held_sentence(side), expired_sentence(side)) if sentence]
    if side.state is State.UNKNOWN and not side.why_unknown:
        found.append(_("Applied for after all codes were last worked out: not judged yet."))
    return found


def one_sided_sentences(sides: Sequence[ProviderState]) -> list[str]:
    """Return “Judged by … only, since …” for each silent source and for each provider without rules in force.

    The list is empty if every provider judges, or none does.
    """
    judging = [side.inputs.provider for side in sides if side.state.colour]
    # Of several that read one source, the one whose last colour counts still is told of.
    quiet = sorted((side for side in sides if _is_silent(side)), key=lambda side: side.held is not None)
    silent = {side.inputs.source_id: side for side in quiet}
    if not judging:
        return []
    ruleless = [side for side in sides if side.state is State.UNKNOWN and side.why_unknown == WhyUnknown.NO_VERSION]
    return [
        *(_one_sided(judging, side) for side in silent.values()),
        *(_without_rules(judging, side) for side in ruleless),
    ]


def _is_silent(side: ProviderState) -> bool:
    return side.state is State.UNKNOWN and side.inputs.why_unknown in (WhyUnknown.STALE, WhyUnknown.NO_BATCH)


def _one_sided(judging: Iterable[Provider], silent: ProviderState) -> str:
    values = {"providers": _listed(judging), "source": title_of(silent.inputs.source)}
    if silent.inputs.horizon is None:
        return _("Judged by %(providers)s only, since %(source)s has not delivered yet.") % values
    values["at"] = _instant(silent.inputs.horizon)
    if silent.held:
        # What it said last decides with them, and nobody judges alone.
        return (
            _(
                "Only %(providers)s can judge at present. %(source)s has delivered nothing after %(at)s; what it said last counts."
            )
            % values
        )
    return _("Judged by %(providers)s only, since %(source)s has delivered nothing after %(at)s.") % values


def _without_rules(judging: Iterable[Provider], side: ProviderState) -> str:
    values = {"providers": _listed(judging), "provider": title_of(side.inputs.provider)}
    return _("Judged by %(providers)s only, since no rules are in force for %(provider)s.") % values


def _listed(providers: Iterable[Provider]) -> str:
    return pgettext("between items of a list", ", ").join(map(title_of, providers))


def _capitalised(state: State) -> str:
    label = str(state.label)
    return label[:1].upper() + label[1:]


def _instant(at: datetime) -> str:
    return date_format(at.astimezone(current_city().zone), "DATETIME_FORMAT")
