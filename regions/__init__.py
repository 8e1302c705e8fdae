"""Cities: their settings, sources, staff, journals and keys, and how code enters one."""
