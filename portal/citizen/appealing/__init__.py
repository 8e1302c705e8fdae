"""An appeal in six pages at most, and what becomes of it."""
