"""The append-only journal: entries in a hash chain, and signed checkpoints."""
