"""Stand-ins for sources: a police database and a big-data centre that follow the contract, or break it on request.

They are written against `docs/` alone and share no code with the connectors, so that a misreading of the contract
is noticed. Records are plain dicts with the contract's fields.
"""
