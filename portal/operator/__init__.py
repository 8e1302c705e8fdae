"""The pages of the operator: all cities side by side as counts, and opening a further one."""
