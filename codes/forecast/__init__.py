"""When a code turns green, and what the citizen must do until then."""
