"""API keys of providers, for system administrators."""
