"""The lines of `docs/trust.md`, the tests that show each, and the report of a run of them."""
