"""Mass changes held for two people: their list, and a page for each."""
