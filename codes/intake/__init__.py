"""Declarations, check-ins and deliveries of sources become facts."""
