"""How the work on cases goes: for whoever leads the office."""
