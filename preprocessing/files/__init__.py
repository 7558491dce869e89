"""Pictures read ahead, encoded and written; the manifest of what was made."""
