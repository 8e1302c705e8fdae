"""The database backend: PostgreSQL connections that carry the city of a request."""
