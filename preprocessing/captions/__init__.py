"""Captions as text: merged, edited as tags, written beside pictures."""
