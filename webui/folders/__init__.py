"""Where pictures come from: dropped on the page, or found in the folders that the page may read."""
