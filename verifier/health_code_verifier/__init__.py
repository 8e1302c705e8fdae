"""Verifying health codes off-line, with nothing of the portal."""
