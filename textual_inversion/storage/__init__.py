"""Files that appear whole, locks that are files, and where the project's folders are."""
