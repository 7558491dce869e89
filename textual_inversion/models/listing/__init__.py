"""What base models and VAEs there are: folders that are scanned, what a file is, short hashes."""
