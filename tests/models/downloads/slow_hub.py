"""A Hub whose model stops in the middle of a file until it is told to go on."""

import threading

from tests.models.test_download import files_of

NAME = "owner/model"
LARGE = "tokenizer/large.bin"
# The client counts 10 MB at a time.
NUM_BYTES = 24 << 20
# The rest of the model is small, and is there by then.
IN_PERCENT = r"\([1-9]\d % of 2\d MB\)"
IN_MB = r"1\d of 2\d MB"


def add_slow_model(hub, folder, large=LARGE):
    """Add a model with a large file, which opens unless that is one of its own."""
    hub.add(NAME, files_of(folder) | {large: bytes(NUM_BYTES)})
    hub.held[large] = go_on = threading.Event()
    return go_on
