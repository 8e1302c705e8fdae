"""The words of a diagnosis: one module for each cause, two voices, and how records, rules and days are said."""
