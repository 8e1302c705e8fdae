"""How people and machines meet the codes: settings, addresses, and a room for each audience."""
