"""Observation of the running portal: health checks, metrics, logs, and traces of runs."""
