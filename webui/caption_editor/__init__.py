"""The caption editor of the Preprocess tab."""
