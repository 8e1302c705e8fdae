"""The operator's pages: counts of all cities, and opening further cities."""
