"""The signed QR code of a citizen and the keys that verify it."""
