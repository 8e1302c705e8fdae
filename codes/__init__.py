"""Colours of citizens: how they are decided, explained, disputed and shown."""
