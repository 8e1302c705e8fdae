"""Colours that providers display: what they reported, what is wrong with it, and who is to mend it."""
