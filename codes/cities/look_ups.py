"""Look-ups between cities: the current colour of the holder of a pass, or of the person of a correction, in the city
that is asked.

The answer contains a colour and nothing else about the person. If the asking city names the person, the answer has a
colour only if the pass is that person's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import transaction

from codes.cities.signing import BadMessage, ask
from codes.gates.scans import hash_of, keep_scan
from codes.models import Citizen, Neighbour
from codes.passes.checking import verify_token_or_paper
from codes.passes.issuing import published_keys
from codes.passes.live import read_live
from codes.passes.results import BadPass, CheckResult
from codes.passes.token import CLOCKS_DIFFER, COLOURS, Pass, claimed_end
from regions.identity import BadIdentity, Identity, check_identity
from regions.journal.record import record
from regions.keys.encryption import identity_hash, lookup_hash
from regions.sources.connectors.timeouts import HttpLimits
from regions.tenancy import current_city

PATH = "/api/v1/cities/look-ups"
# Somebody is waiting at the gate.
LIMITS = HttpLimits(connect_seconds=2, read_seconds=3, page_seconds=3, total_seconds=4, page_bytes=16 * 1024)
KEPT_SECONDS = 60
OK, UNKNOWN = CheckResult.OK.value, CheckResult.UNKNOWN.value
# The answers of a city about a pass of its own that is not good. Any other answer is treated as no answer.
NOT_GOOD = {*CheckResult.values} - {OK, UNKNOWN, CheckResult.OTHER_CITY.value}


class LookedUp(NamedTuple):
    """The other city's answer.

    ``result`` is one of the results in ``docs/contracts.md`` §5; ``colour`` is empty unless it is ``ok``.
    """

    result: str
    colour: str
    as_of: datetime


def look_up(neighbour: Neighbour, text: str, *, now: datetime) -> LookedUp:
    """Ask the city that issued a pass, or use its answer of less than a minute ago. Raises ``signing.NO_ANSWER``."""
    kept = f"look_up:{lookup_hash(text, use='foreign_pass').hex()}"
    cached = None if _is_over(text, now) else cache.get(kept)
    if cached is None or not 0 <= (now - datetime.fromisoformat(cached["as_of"])).total_seconds() < KEPT_SECONDS:
        answer = _read(ask(neighbour, PATH, {"pass": text}, now=now, limits=LIMITS), now=now)
        cached = {"result": answer.result, "colour": answer.colour, "as_of": now.isoformat()}
        cache.set(kept, cached, timeout=KEPT_SECONDS)
    return LookedUp(cached["result"], cached["colour"], datetime.fromisoformat(cached["as_of"]))


def _is_over(text: str, now: datetime) -> bool:
    """Return whether the pass claims to have expired: a cached answer does not extend its validity."""
    try:
        return now >= claimed_end(text, prefix=text[: text.index(":") + 1]) + CLOCKS_DIFFER
    except (BadPass, ValueError):
        return True


def look_up_of(neighbour: Neighbour, text: str, person: Identity, *, now: datetime) -> LookedUp:
    """Ask about a pass that must belong to this person. The answer is never cached. Raises ``signing.NO_ANSWER``."""
    content = {"pass": text, "id_type": person.id_type.value, "id_number": person.id_number}
    return _read(ask(neighbour, PATH, content, now=now, limits=LIMITS), now=now)


def _read(answer: Mapping[str, Any], *, now: datetime) -> LookedUp:
    """Return the answer. Anything else than a known colour is read as no colour."""
    result, colour = str(answer.get("result", UNKNOWN)), answer.get("colour")
    if result in NOT_GOOD:
        return LookedUp(result, "", now)
    if result != OK or colour not in COLOURS or colour == "unknown":
        return LookedUp(UNKNOWN, "", now)
    return LookedUp(OK, str(colour), now)


def answer(asked: Mapping[str, Any], *, of: Neighbour, now: datetime) -> dict[str, str]:
    """Return the current city's answer to a neighbour. Raises ``BadMessage``."""
    text = asked.get("pass")
    if not isinstance(text, str):
        raise BadMessage
    try:
        content = verify_token_or_paper(text, {key.key_id: key for key in published_keys()}, at=now)
        live = read_live(content, now=now)
    except BadPass as bad:
        return {"result": bad.result.value}
    if "id_number" in asked:
        try:
            person = check_identity(
                str(asked.get("id_type")), str(asked["id_number"]), today=current_city().day_of(now)
            )
        except BadIdentity:
            raise BadMessage from None
        citizen = Citizen.objects.filter(id_hash=identity_hash(person)).first()
        if citizen is None or citizen.pk != live.citizen:
            return {"result": UNKNOWN}
        asker, subject = of.actor, citizen.subject
        with transaction.atomic():
            record("city.looked_up", by=asker, now=now, subject=subject, data={"for": "pass"})
    elif (
        isinstance(content, Pass)
        and live.colour
        and keep_scan(hash_of(content), result=CheckResult.OK, by=of.actor, now=now)
    ):
        # A gate of the other city has the pass in front of it, and a gate elsewhere had it within its life.
        return {"result": CheckResult.REPLAYED.value}
    return {"result": OK, "colour": live.colour, "as_of": now.isoformat()} if live.colour else {"result": UNKNOWN}
