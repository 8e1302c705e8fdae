"""The daily run: its ledger, its partitions, its settling, and amending runs."""
