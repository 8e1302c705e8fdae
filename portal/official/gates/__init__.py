"""The gates' devices, for system administrators."""
