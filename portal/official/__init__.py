"""The pages of a city's officials."""
