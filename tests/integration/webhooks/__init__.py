"""Telling front ends what happened."""
