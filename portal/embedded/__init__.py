"""PostgreSQL and Valkey from their wheels, for a machine that has neither.

Nothing here knows Django, a city or a code: the package starts two servers on the loopback and says where they are.
`docs/adr/0001-embedded-servers.md` tells why they exist and what was learnt about starting them.
"""
