"""The messages of a citizen and their family."""
