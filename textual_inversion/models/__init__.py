"""Base models: the only place that talks to diffusers and transformers.

`find` knows the folders and reads configurations (light); `load` opens a model; `base` is the
model that the rest works with; `splice` and `text` put learned vectors into prompts.
"""
