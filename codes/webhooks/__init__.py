"""Telling providers' front ends, and the city's own receivers, of what happened."""
