"""Fetching deliveries: one module per kind of source. Addresses, secrets, limits and the clock are arguments."""
