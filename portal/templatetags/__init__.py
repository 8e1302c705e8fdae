"""Tags and filters that templates of every audience use."""
