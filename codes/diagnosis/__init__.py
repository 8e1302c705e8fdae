"""Why two providers differ: the factors that explain it, the record or rule at the root of it, and the sentences about it."""
