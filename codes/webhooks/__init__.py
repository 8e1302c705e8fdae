"""Sending events to the webhooks of providers and of the city's own receivers."""
