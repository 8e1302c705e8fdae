"""Seeded plans of faults on the daily job of three cities, in real processes on servers of their own (``./run faults``)."""
