"""Words the city keeps for questions to citizens and for decisions."""
