"""The lines of `docs/trust.md`, the tests that show each of them, and the report of a test run."""
