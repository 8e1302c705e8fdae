"""Corrections that this city asks of other cities and that they ask of it: a list, and one page per correction."""
