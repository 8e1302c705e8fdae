"""Confirming a new phone for sign-in codes, with the citizen's document presented."""
