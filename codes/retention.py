"""What the sweep of the codes' data does beside its statements: files, digests for ``reconcile``, and who is nobody."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from codes.intake.citizens import hold_intake, new_ref
from codes.models import Citizen
from codes.reconcile import digests_of_runs
from codes.review.evidence.files import remove_file
from codes.rule_sets.rehearsal_jobs import remove_list
from regions.keys import encryption
from regions.keys.encryption import ID_NUMBER

# The kind of document of the one row that stands for everybody whose records are cleared.
NOBODYS_DOCUMENT = "swept"


def make_nobody(now: datetime) -> None:
    """Have the row that cleared records point to, and hold the intake: nothing comes between the conditions and the sweep."""
    hold_intake()
    if not Citizen.objects.filter(id_type=NOBODYS_DOCUMENT).exists():
        Citizen.objects.create(
            ref=new_ref(),
            id_type=NOBODYS_DOCUMENT,
            id_hash=secrets.token_bytes(32),
            id_encrypted=encryption.encrypt("", use=ID_NUMBER),
            known_since=now,
        )


def digests_of_swept_runs(runs: list[str]) -> Mapping[str, Any]:
    """Of each run of which a batch took changes the digest of what stays, which ``reconcile`` holds it against from now on."""
    return {"runs": digests_of_runs(sorted({int(run) for run in runs}))} if runs else {}


def destroy_evidence(names: list[str]) -> Mapping[str, Any]:
    """Remove the files once their rows are gone."""
    transaction.on_commit(partial(_each, remove_file, names))
    return {"files": len(names)}


def remove_rehearsal_lists(names: list[str]) -> Mapping[str, Any]:
    """Remove the lists once their rows say so."""
    transaction.on_commit(partial(_each, remove_list, names))
    return {"files": len(names)}


def _each(remove: Callable[[str], None], names: list[str]) -> None:
    for name in names:
        remove(name)
