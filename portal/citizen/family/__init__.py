"""Dependants: children, parents and others whose codes are shown on this phone."""
