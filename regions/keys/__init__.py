"""Each city's keys, and encryption with them."""
