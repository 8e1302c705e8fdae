"""The outlook of the one colour the city stands by (``semantics.md`` §4)."""

from datetime import date

from codes.effective import effective_code
from codes.forecast.acts import merged
from codes.forecast.outlook import Outlook, outlooks
from codes.models import Registration, Ruling, Run, RunProvider
from regions.tenancy import current_city


def effective_outlook(citizen_id: int, *, run: Run) -> Outlook | None:
    """What the deciding providers wait for, and the latest of their days; none when the code is green or unknown.

    A ruling in force holds until it expires; what the providers say by then follows it.
    """
    standing = effective_code(citizen_id)
    if standing.colour in ("green", "unknown"):
        return None
    own = outlooks(citizen_id, run=run)
    deciding = [own[code] for code in _deciding(citizen_id, run) if code in own]
    ruled_until = _ruled_until(citizen_id) if standing.because == "ruling" else None
    return _latest(deciding, ruled_until)


def _deciding(citizen_id: int, run: Run) -> list[str]:
    """The codes of the providers whose colours decide by the city's interim policy; all of them where it is the strictest."""
    registered = Registration.objects.filter(citizen=citizen_id, registered_at__lte=run.as_of)
    known = list(
        RunProvider.objects.filter(run=run, known=True, provider__in=registered.values("provider"))
        .select_related("provider")
        .order_by("provider__code")
    )
    policy, _, preferred = current_city().interim_policy.partition(":")
    codes = [one.provider.code for one in known]
    if policy == "prefer" and preferred in codes:
        return [preferred]
    if policy == "freshest":
        newest = max((one.horizon for one in known if one.horizon), default=None)
        return [one.provider.code for one in known if one.horizon == newest]
    return codes


def _ruled_until(citizen_id: int) -> date | None:
    ruling = Ruling.objects.filter(citizen=citizen_id, state="approved", suspended_at__isnull=True).first()
    return ruling.expires_on if ruling else None


def _latest(deciding: list[Outlook], ruled_until: date | None) -> Outlook:
    acts = merged(act for one in deciding for act in one.acts)
    days = [one.turns_green_on for one in deciding]
    known = [green for green in (*days, ruled_until) if green is not None]
    if None in days or not known:
        return Outlook(None, None, None, acts)
    latest = max(known)
    longest = max(deciding, key=lambda one: one.turns_green_on or date.min, default=None)
    if longest is None or longest.turns_green_on != latest:
        return Outlook(None, None, latest, acts)
    return Outlook(longest.day_number, longest.of_days, latest, acts)
