"""What a gate learns from a pass, on-line: whether it is genuine, and the colour that its citizen has now (``docs/contracts.md`` §5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from codes.effective import effective_code
from codes.models import GateScan
from codes.passes.checking import verify_scanned
from codes.passes.issuing import citizen_of, published_keys
from codes.passes.paper import Paper, holder
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.token import CLOCKS_DIFFER, LIFETIME, Pass
from codes.vocabulary import State
from regions.keys.encryption import lookup_hash
from regions.locks import advisory_lock
from regions.tenancy import current_city

SCANNED = "scanned_pass"


@dataclass(frozen=True, slots=True)
class Checked:
    """``colour`` is that of ``at``: the citizen's effective code of now; empty unless the result is ``ok``."""

    result: CheckResult
    at: datetime
    colour: str = ""
    detail: Detail | None = None

    def as_json(self) -> dict[str, Any]:
        """What a gate's page and a machine are told, in the language of the request: nothing by which anybody is known."""
        return {
            "result": self.result.value,
            "number": self.result.number,
            "detail": self.detail.value if self.detail else "",
            "colour": self.colour,
            "colour_label": str(State(self.colour).label) if self.colour else "",
            "at": self.at.isoformat(),
            "sentence": str((self.detail or self.result).label),
            "next_step": str(self.result.next_step),
        }


def check_pass(text: str, *, by: str, now: datetime) -> Checked:
    """Check what was scanned and keep that it was. ``by`` is the device or other caller that asks."""
    keys = {key.key_id: key for key in published_keys()}
    try:
        found = verify_scanned(text, keys, at=now)
        citizen = holder(found).pk if isinstance(found, Paper) else _citizen(found)
    except BadPass as refused:
        GateScan.objects.create(by=by, at=now, result=refused.result)
        return Checked(refused.result, now, detail=refused.detail)
    pass_hash = lookup_hash(f"{found.pseudonym}|{found.issued_at.isoformat()}", use=SCANNED)
    with transaction.atomic():
        # Of two gates that scan one pass in one instant, the second waits and sees the first.
        advisory_lock(f"pass:{pass_hash.hex()}")
        # Paper is shown at every gate of a day; only what lives for a minute is at one place.
        is_replayed = isinstance(found, Pass) and _was_elsewhere(pass_hash, by, now)
        checked = Checked(CheckResult.REPLAYED, now) if is_replayed else _now(citizen, now)
        GateScan.objects.create(by=by, at=now, result=checked.result, pass_hash=pass_hash)
    return checked


def _was_elsewhere(pass_hash: bytes, by: str, now: datetime) -> bool:
    within = GateScan.objects.filter(pass_hash=pass_hash, at__gt=now - LIFETIME - 2 * CLOCKS_DIFFER)
    return within.exclude(by=by).exists()


def _citizen(found: Pass) -> int | None:
    return citizen_of(found.pseudonym, day=current_city().day_of(found.issued_at))


def _now(citizen: int | None, now: datetime) -> Checked:
    """The present colour of whoever the pass is for, whatever colour it was made with."""
    colour = effective_code(citizen, now=now).colour if citizen is not None else State.UNKNOWN
    if State(colour).colour is None:
        return Checked(CheckResult.UNKNOWN, now)
    return Checked(CheckResult.OK, now, colour=colour)
