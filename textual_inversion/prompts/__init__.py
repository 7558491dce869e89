"""Prompts as text: templates, captions, and the embeddings' names inside a prompt."""
