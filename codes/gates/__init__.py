"""Gates: their devices, and the answers they get about a pass."""
