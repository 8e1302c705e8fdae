"""Gates: their devices, and what they learn from a pass."""
