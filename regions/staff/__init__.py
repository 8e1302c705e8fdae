"""Accounts and roles of a city's staff, and changes of both."""
