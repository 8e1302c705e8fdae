"""Corrections between cities: what this city asks of others and others of it, as a list and a page for each."""
