"""The worker process of `lavis`, run by the Python of LAVIS's own environment, never imported.

Each input line is a JSON request, answered by one output line:

    {"load": {"name": "blip_caption", "type": "base_coco"}}         {"ready": true}
    {"pictures": [paths], "options": {of the model's generate}}     {"captions": [texts]}

An answer {"error": text, "network": bool} says what went wrong instead, and whether that was a
download. The process ends with its input.
"""

from __future__ import annotations

import http.client
import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

# Of files here. What urllib, requests and sockets raise derives from OSError as well.
_OF_FILES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError,
             NotADirectoryError)  # fmt: skip


class Model:
    """A LAVIS model and its image processor."""

    def __init__(self, name: str, type: str) -> None:
        models: Any = importlib.import_module("lavis.models")
        self.torch: Any = importlib.import_module("torch")
        self.device = "cuda" if self.torch.cuda.is_available() else "cpu"
        self.model, processors, _ = models.load_model_and_preprocess(
            name=name, model_type=type, is_eval=True, device=self.device
        )
        self.process = processors["eval"]

    def captions(self, paths: list[str], options: dict[str, Any]) -> list[str]:
        """Caption the pictures at these paths."""
        image: Any = importlib.import_module("PIL.Image")
        pictures = [self.process(image.open(path).convert("RGB")) for path in paths]
        with self.torch.no_grad():
            batch = self.torch.stack(pictures).to(self.device)
            return list(self.model.generate({"image": batch}, **options))


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    # LAVIS's own prints must not be taken for an answer.
    os.dup2(2, 1)
    model: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "load" in request:
                model = Model(**request["load"])
                answer: dict[str, Any] = {"ready": True}
            else:
                answer = {"captions": model.captions(request["pictures"], request["options"])}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            answer = {"error": f"{type(error).__name__}: {error}", "network": of_network(error)}
        answers.write(json.dumps(answer) + "\n")


def of_network(error: BaseException) -> bool:
    """Whether a download failed: the error, or one that led to it, is of the network's kind."""
    kinds = (OSError, http.client.HTTPException)
    return any(isinstance(one, kinds) and not isinstance(one, _OF_FILES) for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    main()
