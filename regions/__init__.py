"""What a city is: its settings, sources, staff, journal and keys, and the only way into it."""
