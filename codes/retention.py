"""Parts of the sweep of the codes' data that are not SQL: files, digests for ``reconcile``, and the citizen row for nobody."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from codes.intake.citizens import lock_intake, new_ref
from codes.models import Citizen
from codes.reconcile import digests_of_runs
from codes.review.evidence.files import remove_file
from codes.rule_sets.rehearsal_jobs import remove_list
from regions.keys import encryption
from regions.keys.encryption import ID_NUMBER

# The document type of the one citizen row to which all cleared records refer.
NOBODYS_DOCUMENT = "swept"


def make_nobody(now: datetime) -> None:
    """Create the row that cleared records refer to, if it is missing, and take the intake lock.

    The lock prevents that data arrives between the check of the conditions and the sweep.
    """
    lock_intake()
    if not Citizen.objects.filter(id_type=NOBODYS_DOCUMENT).exists():
        Citizen.objects.create(
            ref=new_ref(),
            id_type=NOBODYS_DOCUMENT,
            id_hash=secrets.token_bytes(32),
            id_encrypted=encryption.encrypt("", use=ID_NUMBER),
            known_since=now,
        )


def digests_of_swept_runs(runs: list[str]) -> Mapping[str, Any]:
    """Return, for each run whose changes a batch swept, the digest of the remaining ones, for later use by ``reconcile``."""
    return {"runs": digests_of_runs(sorted({int(run) for run in runs}))} if runs else {}


def destroy_evidence(names: list[str]) -> Mapping[str, Any]:
    """Remove the evidence files after the transaction that deletes their rows has been committed."""
    transaction.on_commit(partial(_each, remove_file, names))
    return {"files": len(names)}


def remove_rehearsal_lists(names: list[str]) -> Mapping[str, Any]:
    """Remove the rehearsals' lists after the transaction that updates their rows has been committed."""
    transaction.on_commit(partial(_each, remove_list, names))
    return {"files": len(names)}


def _each(remove: Callable[[str], None], names: list[str]) -> None:
    for name in names:
        remove(name)
