"""How a delivery is fetched from a source: one module per kind of source, behind one guard.

Nothing here knows Django, a city or a code: addresses, secrets, limits and the clock come as arguments.
"""
