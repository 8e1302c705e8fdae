"""Confirming another phone for sign-in codes, with the document in hand."""
