"""What the page does for the programs that write captions."""
