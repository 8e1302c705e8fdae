"""The room of those who audit: reports, the journal, any past decision computed again."""
