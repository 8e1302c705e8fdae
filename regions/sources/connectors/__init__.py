"""How a delivery is fetched: one module per kind of source; addresses, secrets, limits and the clock come as arguments."""
