"""The room of the province's operator: cities side by side, as counts, and opening a further one."""
