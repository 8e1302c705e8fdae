"""Measures of the work on cases, for heads of office."""
