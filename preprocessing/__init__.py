"""Prepare pictures for training: from one folder to another, the source only read.

`job` finds pictures (`files.folder_walk`), prepares them a few ahead (`files.prefetch`) by a
`recipe`, writes them (`files.writer`), and records what is done (`files.manifest`). The recipe's
`transforms` are pure; `cropping` computes crop boxes. Faces are detected by OpenCV's Haar cascades.

`captions.writing` writes new captions in batches with the models in `captioners`, which are
imported when chosen and loaded with the first picture that needs them. `captions.drafts` holds
edited captions of a folder, which `captions.tags` changes, and saves them.

`checks.report` looks for problems in a data set before training. Only captioners use torch, and
nothing heavy is imported before it is needed.
"""

from preprocessing.job import preprocess

__all__ = ["preprocess"]
