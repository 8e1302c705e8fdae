"""Paper codes for citizens without a phone, printed at a counter."""
