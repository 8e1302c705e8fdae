"""The health declaration: one question a page, check your answers, a number."""
