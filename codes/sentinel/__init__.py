"""The sentinel: compare every run with what the past and the rules explain, and raise alarms that no one person can close."""
