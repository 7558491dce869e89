"""DeepDanbooru: its own Keras projects, and the PyTorch port of its v3."""

from preprocessing.captioners.deepdanbooru.captioner import check, describe, load

__all__ = ["check", "describe", "load"]
