"""The HTTP API through which providers deliver declarations and check-ins."""
