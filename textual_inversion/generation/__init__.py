"""Text to picture: sampling, the job that generates, and the infotext of what it made."""
