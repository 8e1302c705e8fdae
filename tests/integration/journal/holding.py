"""Check that the journal of a test is intact."""

from datetime import UTC, datetime

from regions.journal.checkpoints import write_checkpoint
from regions.journal.verify import ChainBreak, verify_journal


def journal_break() -> ChainBreak | None:
    """Write a checkpoint and verify the chain. Return where it is broken, or None if it is intact."""
    now = datetime.now(UTC)
    write_checkpoint(now=now)
    return verify_journal(now=now).broken
