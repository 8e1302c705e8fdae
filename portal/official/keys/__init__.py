"""The keys with which providers call the API, for system administrators."""
