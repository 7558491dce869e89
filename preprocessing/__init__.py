"""Prepare pictures for training: from one folder to another, the source only read.

Layers, top to bottom: folder → operations, captions, lookahead → the core's pictures, files and
settings. No torch here.
"""

from preprocessing.folder import preprocess

__all__ = ["preprocess"]
