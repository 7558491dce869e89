"""`ti preprocess`, `check` and `captioners`: pictures before the training."""
