"""How staff sign in: password and one-time code, per city; the operator's staff on the public host."""
