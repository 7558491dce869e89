"""What stands above all tabs."""
