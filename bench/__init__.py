"""The measured claims: what is said about speed and memory, measured anew by ``./run bench`` (``docs/bench.md``)."""
