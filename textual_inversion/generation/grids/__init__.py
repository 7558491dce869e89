"""Grids of pictures: what varies, the cells and their cache, the labelled picture, judgments."""
