"""Embeddings made from others: `operations` calculates, `arithmetic` with words, `make` saves."""
