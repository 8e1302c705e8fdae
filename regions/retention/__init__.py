"""How long each class of data is kept, the daily sweep of expired rows, and what remains of them (``docs/adr/0034-retention.md``)."""
