"""The database backend: PostgreSQL connections with the search path and role of a city."""
