"""The choices of what compares: grids of pictures."""
