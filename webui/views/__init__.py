"""HTML of states and tables."""
