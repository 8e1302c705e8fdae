"""Paper codes for people without a phone, printed at a counter."""
