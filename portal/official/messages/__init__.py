"""What became of messages on their way to phones."""
