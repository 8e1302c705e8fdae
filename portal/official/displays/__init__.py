"""What providers display wrongly: the list of causes, and a page for each."""
