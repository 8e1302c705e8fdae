"""Pages of the sentinel's alarms: a list, and one page per alarm."""
