"""Settings as a node needs them: names of files here become names of what is sent along."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError, SettingsError
from textual_inversion.models.catalog import find_model
from textual_inversion.models.listing.tokenizers import find_tokenizer
from textual_inversion.models.listing.vaes import find_vae
from textual_inversion.prompts.template import find_template
from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.engines.files import File, pack
from textual_inversion.sweeps.engines.messages import ATTACHED, DATASETS, RUNS


@dataclass
class Attachments:
    """Collects what runs need beside their settings.

    `datasets` are the folders here, by where they lie on the node. What cannot be found keeps its
    name, so that the node says what is wrong, and only to the run that names it.
    """

    files: dict[str, File] = field(default_factory=dict)
    datasets: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)

    def settings_there(self, run: TrainSettings) -> TrainSettings:
        """Return a run's settings with the names of a node."""
        self._add_model(run.model, find_model)
        self._add_model(run.vae, find_vae)
        self._add_model(run.tokenizer, find_tokenizer)
        update = {
            "dataset_dir": self._add_dataset(run.dataset_dir),
            "template": self._add_template(run.template),
            "log_dir": RUNS,
        }
        return run.model_copy(update=update)

    def _add_dataset(self, name: str) -> str:
        there = f"{DATASETS}/{_digest(str(Path(name).absolute()))}/{Path(name).absolute().name}"
        self.datasets[there] = name
        return there

    def _add_template(self, name: str) -> str:
        try:
            path = find_template(name)
        except SettingsError:
            return name
        there = f"{ATTACHED}/{_digest(str(path.absolute()))}/{path.name}"
        (file,) = pack(path.parent, [path])
        self.files[there] = File(there, file.data, file.modified_ns)
        return there

    def _add_model(self, name: str, find: Any) -> None:
        if not name:
            return
        try:
            self.models[name] = str(find(name))
        except ModelError:
            # The node may have it, or download it from the Hub.
            return


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
