"""Sign-in of citizens and guardianship of dependants."""
