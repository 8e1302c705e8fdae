"""Sources that do not exist: a police database and a big-data centre that keep the contract, or break it when told to.

They are written against `docs/` alone and share no code with the connectors, so that a misreading shows.
Records go in and come out as plain dicts with the contract's fields.
"""
