"""The citizens' pages: code, declarations, check-ins, appeals and family."""
