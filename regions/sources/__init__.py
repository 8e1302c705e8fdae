"""A city's data sources: settings, connectors, batches, checks of records."""
