"""How long each class of data is kept, the daily sweep of what is older, and what stays of it (``docs/adr/0034-retention.md``)."""
