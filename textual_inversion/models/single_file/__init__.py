"""Single-file checkpoints: what their tensors' names and shapes tell, and how they are loaded."""
