"""Each city's keys, and encryption, hashing and signing with them."""
