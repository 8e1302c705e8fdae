"""What a citizen sees and does; phone first."""
