"""Explain why two providers differ: the factors that explain it, the record or rule that is the root cause, and the sentences."""
