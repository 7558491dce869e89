"""The crop of one picture, dragged by hand."""
