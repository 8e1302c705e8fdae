"""Tests of the sentinel: alarms in the run that shows them, and none without a reason."""
