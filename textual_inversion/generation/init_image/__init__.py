"""The picture that a drawing begins from: read, masked, put into latents, and put back."""
