"""The HTTP API that providers, gates and other cities call."""
