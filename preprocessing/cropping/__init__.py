"""Crop boxes: focal points, pieces, automatic sizes."""
