"""Commands that speak to the Hugging Face Hub."""
