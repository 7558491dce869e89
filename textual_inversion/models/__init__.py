"""Base models: the only place that talks to diffusers and transformers.

`catalog` finds a model and reads its configuration (light); `loading` opens it; `base` is the model
that the rest works with; `token_embedding` and `text_encoders` put learned vectors into prompts;
`families` tells what differs from one family of models to another.
"""
