"""Pages of the gates' devices."""
