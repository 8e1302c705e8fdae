"""The desk of a city's officials."""
