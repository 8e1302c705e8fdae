"""The SQL statement that decides a colour, and the subjects it is run over."""
