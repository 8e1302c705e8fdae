"""Cases, appeals, rulings and suppressions: what officials decide, and who is allowed to."""
