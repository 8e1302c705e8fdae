"""The delivery of SMS messages to citizens."""
