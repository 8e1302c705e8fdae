"""Other cities: their addresses, signed calls between cities, their passes in this city, and this city's passes there."""
