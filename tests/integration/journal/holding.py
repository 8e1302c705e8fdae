"""Whether what a test did is in a journal that holds."""

from datetime import UTC, datetime

from regions.journal.checkpoints import write_checkpoint
from regions.journal.verify import ChainBreak, verify_journal


def journal_break() -> ChainBreak | None:
    """Sign a checkpoint, as whoever changed the journal would have, and check the chain; none when it holds."""
    now = datetime.now(UTC)
    write_checkpoint(now=now)
    return verify_journal(now=now).broken
