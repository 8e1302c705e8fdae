"""The daily run: its ledger, its partitions, settling, and amending runs."""
