"""The embeddings folder: what lies in it, found by name, and changed without losing anything.

`scanning` and `index` know the files and what each holds, `entry` what they are called; `library`
does what is asked for. Light: torch is loaded by the first file that must be read.
"""

from textual_inversion.embeddings.library.entry import Entry
from textual_inversion.embeddings.library.library import Library

__all__ = ["Entry", "Library"]
