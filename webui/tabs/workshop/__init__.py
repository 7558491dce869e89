"""The Workshop tab: embeddings made from others, and vectors pruned."""

from webui.tabs.workshop.making import draw

__all__ = ["draw"]
