"""Exports with a signed manifest, and replay of past runs."""
