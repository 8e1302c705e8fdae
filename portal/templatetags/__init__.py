"""Template tags and filters of all pages, and of each audience."""
