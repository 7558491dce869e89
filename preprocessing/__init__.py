"""Prepare pictures for training: from one folder to another, the source only read.

`job` runs it: it finds pictures (`files.folder_walk`), has them prepared a few ahead
(`files.prefetch`) by a `recipe`, writes them (`files.writer`), and remembers what is done
(`files.manifest`). The recipe's `transforms` are pure; `cropping` decides where to cut. Faces are
found by OpenCV's Haar cascades, which lie in its package.

`captions.writing` has new captions written, a batch at a time, by the models in `captioners`, which
are imported when chosen and loaded with the first picture that needs them. `captions.drafts` keeps
drafts of a folder's captions, which `captions.tags` changes, and saves them.

`checks.report` looks through a data set before it is trained on and says what may be wrong with it.
No torch but in captioners, and nothing heavy is loaded before it is needed.
"""

from preprocessing.job import preprocess

__all__ = ["preprocess"]
