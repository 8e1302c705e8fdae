"""The alarms of the sentinel: their list, and a page for each."""
