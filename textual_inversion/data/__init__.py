"""From a folder of pictures to endless batches of latents and prompts."""
