"""The answer that a gate gets about a pass on-line: whether it is genuine, and its citizen's current colour
(``docs/contracts.md`` §5).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from codes.cities.neighbours import pass_keys_of_neighbours
from codes.cities.recognition import ForeignOutcome, ForeignPass, NotAForeignPass, foreign_pass
from codes.gates.scans import hash_of, hash_of_foreign, keep_scan
from codes.models import GateScan
from codes.passes.checking import verify_scanned
from codes.passes.issuing import published_keys
from codes.passes.key_list import OFFLINE_DAYS, PublishedKey
from codes.passes.live import read_live
from codes.passes.paper import PAPER_PREFIX
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.scanned import readings
from codes.passes.token import CLOCKS_DIFFER, Pass, verify_token
from codes.vocabulary import State
from regions.closed import left_out_while_closed
from regions.tenancy import current_city
from regions.vocabulary import label_in

# A gate is off-line no longer than its key list may be used.
OFF_LINE_FOR = timedelta(days=OFFLINE_DAYS)


@dataclass(frozen=True, slots=True)
class GateCheck:
    """The result of a check.

    ``colour`` is as of ``at``: the citizen's current effective code, or the answer of the city of ``foreign``; else
    empty.
    """

    result: CheckResult
    at: datetime
    colour: str = ""
    detail: Detail | None = None
    foreign: ForeignPass | None = None

    def sentence(self, language: str) -> str:
        return self.foreign.sentence(language) if self.foreign else label_in(language, self.detail or self.result)

    def next_step(self, language: str) -> str:
        if self.foreign:
            return self.foreign.next_step(language)
        with translation.override(language):
            return str(self.result.next_step)

    def other_city(self, language: str) -> str:
        """Return the name of the other city that issued the pass and is responsible for the colour; empty for the current city."""
        return self.foreign.city.name_in(language) if self.foreign and self.foreign.city else ""

    def as_json(self) -> dict[str, Any]:
        """Return the answer for a gate's page, in the language of the request. It contains nothing that identifies a person."""
        language = translation.get_language()
        return {
            "result": self.result.value,
            "number": self.result.number,
            "detail": self.detail.value if self.detail else "",
            "colour": self.colour,
            "colour_label": str(State(self.colour).label) if self.colour else "",
            "city": self.other_city(language),
            "at": self.at.isoformat(),
            "sentence": self.sentence(language),
            "next_step": self.next_step(language),
        }


def check_pass(text: str, *, by: str, now: datetime, pass_keys: list[PublishedKey] | None = None) -> GateCheck:
    """Check a scanned text and record the scan. ``by`` is the device or other caller.

    ``pass_keys`` are the city's keys, if they were just read with the caller. Call outside transactions, because the
    issuing city of another city's pass may be asked.
    """
    keys = {key.key_id: key for key in (published_keys() if pass_keys is None else pass_keys)}
    try:
        found = verify_scanned(text, keys, at=now)
        colour = read_live(found, now=now).colour
    except BadPass as refused:
        checked, token = _foreign(text, now) if refused.result is CheckResult.UNKNOWN_KEY else (None, "")
        if checked is None:
            checked = GateCheck(refused.result, now, detail=refused.detail)
        if checked.foreign and checked.foreign.outcome is ForeignOutcome.LOOKED_UP:
            briefly = not token.startswith(PAPER_PREFIX)
            return _kept(checked, hash_of_foreign(token), by=by, now=now, lives_briefly=briefly)
        with left_out_while_closed("a scan"):
            GateScan.objects.create(by=by, at=now, result=checked.result)
        return checked
    pass_hash = hash_of(found)
    checked = GateCheck(CheckResult.OK if colour else CheckResult.UNKNOWN, now, colour=colour)
    return _kept(checked, pass_hash, by=by, now=now, lives_briefly=isinstance(found, Pass))


def note_scans(scans: Iterable[tuple[str, datetime]], *, by: str, now: datetime) -> list[datetime]:
    """Record a gate's off-line scans.

    Return the instants of those passes that were at another gate within their lifetime too.

    Texts that were not a genuine pass then, or cannot have been scanned off-line, are ignored. Repeating the call gives
    the same answer.
    """
    keys = {key.key_id: key for key in published_keys()}
    all_keys = {**pass_keys_of_neighbours(), **keys}
    replayed = []
    for text, at in scans:
        if not now - OFF_LINE_FOR <= at <= now + CLOCKS_DIFFER:
            continue
        try:
            found = verify_token(text, all_keys, at=at)
        except BadPass:
            continue
        pass_hash = hash_of(found) if found.division == current_city().division else hash_of_foreign(text)
        before = GateScan.objects.filter(pass_hash=pass_hash, by=by, at=at).first()
        result = before.result if before else _kept(GateCheck(CheckResult.OK, at), pass_hash, by=by, now=at).result
        if result == CheckResult.REPLAYED:
            replayed.append(at)
    return replayed


def _foreign(text: str, now: datetime) -> tuple[GateCheck | None, str]:
    """Return the result for a pass that names another city, and its token in the form in which that city created it."""
    for token in readings(text):
        try:
            foreign = foreign_pass(token, now=now)
        except NotAForeignPass:
            continue
        return GateCheck(CheckResult(foreign.word), foreign.as_of or now, colour=foreign.colour, foreign=foreign), token
    return None, ""


def _kept(checked: GateCheck, pass_hash: bytes, *, by: str, now: datetime, lives_briefly: bool = True) -> GateCheck:
    """Record the scan of a genuine pass.

    Return ``REPLAYED`` if the pass was at another gate just now, else ``checked``. Paper is shown at many gates in a day:
    only a pass that ``lives_briefly`` can be a copy when it is at another gate.
    """
    is_replayed = keep_scan(pass_hash, result=checked.result, by=by, now=now, lives_briefly=lives_briefly)
    return GateCheck(CheckResult.REPLAYED, now) if is_replayed else checked
