"""Pages of the gate devices."""
