"""Seeing the portal run: health, metrics, logs, and the trace of a run."""
