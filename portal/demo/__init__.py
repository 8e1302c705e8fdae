"""A synthetic province for demonstration: its people, its cities and stand-ins for their sources."""
