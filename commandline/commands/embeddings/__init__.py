"""`ti create`, `list`, `inspect` and what else is done with embeddings and their files."""
