"""Embeddings on the Hugging Face Hub: fetched into the library, published from it."""
