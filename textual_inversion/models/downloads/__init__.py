"""Downloads from the Hugging Face Hub that tell how far they are."""
