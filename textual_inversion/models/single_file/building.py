"""Modules built without memory of their own, and given the tensors of a file."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from textual_inversion.errors import ModelError


def build_on_meta(kind: Any, *args: Any, **config: Any) -> Any:
    """Build a module on the meta device, so that its weights take no memory yet."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        return kind(*args, **config)


def with_weights(module: nn.Module, tensors: dict[str, torch.Tensor], what: str) -> Any:
    """Give a module its weights.

    Raises:
        ModelError: Some are missing; `what` names the module.
    """
    missing, _ = module.load_state_dict(tensors, strict=False, assign=True)
    if missing:
        raise ModelError(
            f"The file lacks {len(missing)} tensors of its {what}, such as {missing[0]}; copy it "
            "again."
        )
    return module
