"""Declarations, check-ins and the deliveries of sources become facts."""
