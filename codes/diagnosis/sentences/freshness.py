"""One side's source is older: what the other's already holds."""

from datetime import datetime

from django.utils.translation import gettext as _

from codes.diagnosis.root_cause import Freshness, Record, Side
from codes.diagnosis.sentences.records import recorded
from codes.diagnosis.sentences.voice import Voice


def told(cause: Freshness, voice: Voice) -> str:
    """The late records, by whose source they are: the up-to-date side's, or the late side's own, past its horizon."""
    late = cause["late"]
    ahead: Side = "b" if late == "a" else "a"
    own = cause["base"] == late
    new = late_records(cause)
    records = new or cause["records"]
    when, horizon = voice.apart(_first_recorded(records, cause["horizons"][late]), cause["horizons"][late])
    ahead_until, late_until = voice.apart(cause["horizons"][ahead], cause["horizons"][late])
    return _frame(cause, own=own, new=len(new)) % {
        "provider": voice.provider(ahead),
        "source": voice.source(ahead),
        "late": voice.provider(late),
        "late_source": voice.source(late),
        "when": when,
        "what": voice.clauses([recorded(record, voice) for record in records]) if records else "",
        "count": len(records),
        "horizon": horizon if records else late_until,
        "other_horizon": ahead_until,
    }


def late_records(cause: Freshness) -> list[Record]:
    """Those recorded after the late side's horizon; the others are versions withdrawn or corrected since."""
    horizon = datetime.fromisoformat(cause["horizons"][cause["late"]])
    return [record for record in cause["records"] if datetime.fromisoformat(record["recorded_at"]) > horizon]


def _first_recorded(records: list[Record], otherwise: str) -> str:
    return min((record["recorded_at"] for record in records), key=datetime.fromisoformat, default=otherwise)


def _frame(cause: Freshness, *, own: bool, new: int) -> str:
    if not cause["records"]:
        return _(
            "%(late_source)s, which %(late)s uses, is updated only to %(horizon)s; %(source)s, which %(provider)s "
            "uses, is updated to %(other_horizon)s."
        )
    if own:
        return _own_frame(new)
    if new == 0:
        return _(
            "%(source)s, which %(provider)s uses, has withdrawn or corrected its record %(what)s; "
            "%(late_source)s, which %(late)s uses, has not received the change yet (updated to %(horizon)s)."
        )
    if new == 1:
        return _(
            "%(source)s, which %(provider)s uses, recorded on %(when)s %(what)s; %(late_source)s, which %(late)s "
            "uses, has not received this record yet (updated to %(horizon)s)."
        )
    return _(
        "%(source)s, which %(provider)s uses, has %(count)d new records since %(when)s: %(what)s; "
        "%(late_source)s, which %(late)s uses, has not received them yet (updated to %(horizon)s)."
    )


def _own_frame(new: int) -> str:
    """The late side's source has delivered more than it vouches for: what lies past its horizon does not count yet."""
    if new == 0:
        return _(
            "%(late_source)s, which %(late)s uses, is complete only to %(horizon)s; its record %(what)s has been "
            "withdrawn or corrected since, which does not count yet; %(source)s, which %(provider)s uses, is updated to "
            "%(other_horizon)s."
        )
    if new == 1:
        return _(
            "%(late_source)s, which %(late)s uses, is complete only to %(horizon)s; it recorded on %(when)s "
            "%(what)s, which does not count yet; %(source)s, which %(provider)s uses, is updated to "
            "%(other_horizon)s."
        )
    return _(
        "%(late_source)s, which %(late)s uses, is complete only to %(horizon)s; its %(count)d new records "
        "since %(when)s do not count yet: %(what)s; %(source)s, which %(provider)s uses, is updated to "
        "%(other_horizon)s."
    )
