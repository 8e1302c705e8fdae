"""Checking a scanned text: finding the one token signed by a city among its possible readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from codes.passes.key_list import KeyList, SignedList, pass_keys
from codes.passes.paper import PAPER_PREFIX, Paper, verify_paper
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.scanned import hint, readings
from codes.passes.token import CLOCKS_DIFFER, Pass, verify_token

Said = TypeVar("Said")


def verify_scanned(text: str, keys: KeyList, *, at: datetime) -> Pass | Paper:
    """Return the content of the genuine, unexpired pass in a scanned text, on a screen or on paper, despite the
    scanner's changes.

    Raises ``BadPass``.
    """
    return the_one_reading(text, lambda token: verify_token_or_paper(token, keys, at=at))


@dataclass(frozen=True, slots=True)
class OffLineCheck:
    """The result of an off-line check.

    The colour is that of the pass's creation; ``list_age`` is the age of the key list. ``content`` is set for every
    genuine pass.
    """

    result: CheckResult
    detail: Detail | None
    content: Pass | Paper | None = None
    list_age: timedelta | None = None


def check_off_line(text: str, lists: Sequence[SignedList], *, at: datetime) -> OffLineCheck:
    """Return the result of a check with published lists only. Every text has a result."""
    try:
        content = verify_scanned(text, pass_keys(lists), at=at)
        used = max((one for one in lists if one.division == content.division), key=lambda one: one.published_at)
        if at < used.published_at - CLOCKS_DIFFER:
            raise BadPass(Detail.LIST_TO_COME)
        if at > used.usable_until:
            raise BadPass(Detail.OLD_LIST)
    except BadPass as refusal:
        return OffLineCheck(refusal.result, refusal.detail)
    age = max(at - used.published_at, timedelta())
    if isinstance(content, Paper):
        return OffLineCheck(CheckResult.UNKNOWN, Detail.PAPER, content, age)
    return OffLineCheck(CheckResult.UNKNOWN if content.colour == "unknown" else CheckResult.OK, None, content, age)


def verify_token_or_paper(token: str, keys: KeyList, *, at: datetime) -> Pass | Paper:
    """Return the content of a token in the form in which its city created it. Raises ``BadPass``."""
    verify: Callable[..., Pass | Paper] = verify_paper if token.startswith(PAPER_PREFIX) else verify_token
    return verify(token, keys, at=at)


def the_one_reading(text: str, verify: Callable[[str], Said]) -> Said:
    """Return the result of ``verify`` for the only reading of the text that it accepts. Raises ``BadPass``.

    A reading that is no token, or whose signature is wrong, is ignored if another reading is neither.
    """
    outcomes: list[Said | BadPass] = []
    for reading in readings(text):
        outcomes.append(_outcome(reading, verify))
        if len(outcomes) == 1 and _weight(outcomes[0]) == SIGNED:
            break
    weight = max(map(_weight, outcomes), default=NO_TOKEN)
    best = [outcome for outcome in outcomes if _weight(outcome) == weight]
    first = best[0] if best else None
    same = {(one.result, one.detail) if isinstance(one, BadPass) else one for one in best}
    if weight == NO_TOKEN or first is None or len(same) != 1:
        raise BadPass(hint(text) or CheckResult.NOT_A_PASS)
    if isinstance(first, BadPass):
        raise first
    return first


NO_TOKEN, UNPROVEN, SIGNED = range(3)


def _outcome(reading: str, verify: Callable[[str], Said]) -> Said | BadPass:
    try:
        return verify(reading)
    except BadPass as refusal:
        return refusal


def _weight(outcome: object) -> int:
    """Return how strongly the outcome supports its reading."""
    if not isinstance(outcome, BadPass) or outcome.detail is not None:
        return SIGNED
    return {CheckResult.NOT_A_PASS: NO_TOKEN, CheckResult.BAD_SIGNATURE: UNPROVEN}.get(outcome.result, SIGNED)
