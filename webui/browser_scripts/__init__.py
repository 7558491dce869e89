"""What the browser does by itself on every tab."""
