"""A synthetic province to look at and to try: its people, its cities and the stand-ins of their sources."""
