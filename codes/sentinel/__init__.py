"""The sentinel: compares every run with what the past and the rules explain, and raises alarms that no one person silences."""
