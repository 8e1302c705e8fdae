"""Mass changes held until two people decide: a list, and one page per held group."""
