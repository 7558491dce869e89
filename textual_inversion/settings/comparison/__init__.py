"""The choices of what compares: grids of pictures, and words on pictures."""
