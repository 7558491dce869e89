"""What can be wrong with a base model: its files before they are opened, its parts afterwards."""
