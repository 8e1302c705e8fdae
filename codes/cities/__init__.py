"""Other cities: where they are, signed calls between them, their passes here, and ours there."""
