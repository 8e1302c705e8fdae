"""What a colour is, how it is decided, and what follows from it."""
