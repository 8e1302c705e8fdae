"""Colours that providers display wrongly: a list by cause, and one page per cause."""
