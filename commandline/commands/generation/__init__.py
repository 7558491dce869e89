"""`ti generate`, `grid` and `suggest-words`."""
