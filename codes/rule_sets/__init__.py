"""Versions of rule sets: files, drafts, rehearsal, publication."""
