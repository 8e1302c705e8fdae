"""Measurements behind the portal's claims about speed and memory, repeated by ``./run bench`` (``docs/bench.md``)."""
