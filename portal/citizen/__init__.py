"""The pages of citizens: their code, declarations, check-ins, appeals, family."""
