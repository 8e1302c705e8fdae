"""The city's reply templates for questions to citizens and for decisions."""
