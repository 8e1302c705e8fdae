"""The scans of genuine passes, and whether a pass was at another gate within its life (``docs/contracts.md`` §5)."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from codes.models import GateScan
from codes.passes.paper import Paper
from codes.passes.results import CheckResult
from codes.passes.token import CLOCKS_DIFFER, LIFETIME, Pass
from regions.closed import left_out_while_closed
from regions.keys.encryption import lookup_hash
from regions.locks import TAKE_LOCK
from regions.prepared import Prepared
from regions.sql import compose

SCANNED = "scanned_pass"
# A scan does not wait for the disk: other gates see it at once, and a crash of the database loses the scans of half a
# second.
UNHURRIED = "SET LOCAL synchronous_commit TO off"
SQL = Path(__file__).with_suffix(".sql")
KEEP = Prepared("kept_scan", compose(SQL))


def keep_scan(pass_hash: bytes, *, result: CheckResult, by: str, now: datetime, lives_briefly: bool = True) -> bool:
    """Record the scan of a genuine pass. Return whether the pass was at another gate just now.

    ``by`` is the gate, or the other city that asks for one of its gates. While the database is read-only, only earlier
    scans are compared: the gate continues, and new copies are not detected.
    """
    since, stored = now - LIFETIME - 2 * CLOCKS_DIFFER, None
    with left_out_while_closed("a scan"):
        scan: dict[str, Any] = {
            "lock": f"pass:{pass_hash.hex()}",
            "by": by,
            "at": now,
            "result": result.value,
            "pass_hash": pass_hash,
            "since": since,
            "briefly": lives_briefly,
        }
        with connection.cursor() as cursor:
            # If two gates scan one pass at the same instant, the second waits, and its statement sees the first one's
            # row.
            cursor.execute(f"{TAKE_LOCK}; {UNHURRIED}; {KEEP.ready()}", scan)
            stored = cursor.fetchone()[0]
    if stored is None and lives_briefly:
        return GateScan.objects.filter(pass_hash=pass_hash, at__gt=since).exclude(by=by).exists()
    return bool(stored == CheckResult.REPLAYED)


def hash_of(found: Pass | Paper) -> bytes:
    return lookup_hash(f"{found.pseudonym}|{found.issued_at.isoformat()}", use=SCANNED)


def hash_of_foreign(token: str) -> bytes:
    return lookup_hash(token, use=SCANNED)
