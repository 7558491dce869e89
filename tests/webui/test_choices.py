"""What the drop-downs offer, and what they begin with."""

import os

from textual_inversion.embeddings.create import create
from textual_inversion.settings import CreateSettings
from webui import choices


def test_the_newest_embedding_is_offered_not_the_first_of_the_alphabet(home, stacks):
    assert choices.newest_embedding() == ""
    for age, name in enumerate(("zebra", "ape")):
        create(CreateSettings(name=name, model=str(stacks["sd1"])))
        os.utime(home / "embeddings" / f"{name}.pt", (1e9 - age, 1e9 - age))
    assert choices.newest_embedding() == "zebra"
