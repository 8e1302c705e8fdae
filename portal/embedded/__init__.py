"""PostgreSQL and Valkey from their wheels, for a machine that has neither.

The package starts two servers on the loopback and returns their addresses. It uses neither Django nor anything of cities or codes.
`docs/adr/0001-embedded-servers.md` gives the reasons and what was learnt about starting them.
"""
