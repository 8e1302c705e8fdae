"""Seeing the portal run."""
