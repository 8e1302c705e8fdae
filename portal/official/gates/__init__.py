"""Gate devices, for system administrators."""
