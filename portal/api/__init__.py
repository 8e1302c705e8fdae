"""The HTTP API through which providers and gates talk to a city."""
