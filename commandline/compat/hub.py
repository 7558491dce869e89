"""`--push_to_hub`: the output folder onto the Hugging Face Hub, at the end of a training.

It asks nothing, but a token and a connection are needed before the training begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from commandline.compat.mapping import Options
from textual_inversion.embeddings.sharing.hub_errors import find_token
from textual_inversion.embeddings.sharing.upload import Repository, find_repository, upload

LICENSE = "creativeml-openrail-m"
"""What the cards of diffusers' scripts say."""

_FILES = ("README.md", "learned_embeds*", "token_identifier.txt", "type_of_concept.txt")
_FOLDERS = ("embeddings", "validation")


class Push:
    """The repository that the results go to."""

    def __init__(self, options: Options) -> None:
        """Find the repository.

        Raises:
            HubError: There is no token, or the Hub cannot be reached.
        """
        self.options = options
        self.token = find_token(options["hub_token"])
        name = options["hub_model_id"] or options.output.name
        self.repository: Repository = find_repository(name, self.token, private=True)

    def upload(self) -> str:
        """Upload the results; return the repository's address."""
        folder = self.options.output
        files: dict[str, bytes | Path] = {
            path.relative_to(folder).as_posix(): path for path in self._results(folder)
        }
        return upload(self.repository, files, self.token, "End of training")

    def _results(self, folder: Path) -> Iterator[Path]:
        """List what the training wrote; the folder may hold other files as well."""
        folders = list(_FOLDERS)
        for pattern in _FILES:
            yield from sorted(folder.glob(pattern))
        if self.options["save_as_full_pipeline"]:
            yield folder / "model_index.json"
            folders += json.loads((folder / "model_index.json").read_bytes())
        for name in folders:
            yield from sorted(path for path in (folder / name).glob("*") if path.is_file())
