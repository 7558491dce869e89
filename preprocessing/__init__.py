"""Prepare pictures for training: from one folder to another, the source only read.

`folder` runs the job: it finds pictures (`tree`), has them prepared a few ahead (`lookahead`) by a
`recipe`, writes them (`output`), and remembers what is done (`manifest`). The recipe's `operations`
are pure: `splitting`, `autosize` and `focus` decide in numbers where to cut, `interest`, `rim` and
`standout` look at pixels for them. Faces are found by OpenCV's Haar cascades, which lie in its
package.

`captioning` has new captions written, a batch at a time, by the models in `captioners`, which are
imported when chosen and loaded with the first picture that needs them.

`editing` keeps drafts of a folder's captions, which `tags` changes, and saves them.

`report` looks through a data set before it is trained on (`looks`, `likeness`, `sharpness`), and
says in `findings` and `wordings` what may be wrong with it. No torch but in captioners, and
nothing heavy is loaded before it is needed.
"""

from preprocessing.job import preprocess

__all__ = ["preprocess"]
