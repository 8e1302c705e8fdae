"""Colours that providers display: what they reported, the findings about wrong colours, and the items to correct them."""
