"""Signing in of staff by password and one-time code: in each city, and for the operator's staff on the public host."""
