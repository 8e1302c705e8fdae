"""Names of those who act, as stored in ``by``: a user name, the portal itself, or one of these prefixes with a name.

User names contain no colon, so that no account can have such a name.
"""

SYSTEM = "system"
CITIZEN_PREFIX = "citizen:"
PROVIDER_PREFIX = "provider:"
CITY_PREFIX = "city:"
GATE_PREFIX = "gate:"
OPERATOR_PREFIX = "operator:"


def is_account(name: str) -> bool:
    """Return whether ``name`` can be the user name of an account."""
    return name != SYSTEM and ":" not in name


def is_operator(name: str) -> bool:
    """Return whether ``name`` is an operator at the console. No page passes such a name on."""
    return name.startswith(OPERATOR_PREFIX)
