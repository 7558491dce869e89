"""Whether gradients are right on a device: a small network's, compared with the CPU's in fp32.

PyTorch on some devices, and its compiler on some machines, gives silently wrong gradients, with
which a training learns nothing and says nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from textual_inversion.errors import TrainingError

# The largest relative error of a gradient that is rounding, in full and in half precision.
_ROUNDING = 0.01
_HALF_ROUNDING = 0.05
_TRUSTED = {"cpu", "cuda"}
_WIDTH = 32
_HEADS = 4


def relative_error(ours: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the norm of the difference as a share of the exact gradient's norm."""
    return float((ours - exact).norm() / exact.norm().clamp(min=torch.finfo(exact.dtype).tiny))


def largest_rounding(dtype: torch.dtype) -> float:
    """Return the largest relative error that is rounding in a precision."""
    return _ROUNDING if dtype == torch.float32 else _HALF_ROUNDING


def gradient_error(
    device: torch.device,
    dtype: torch.dtype,
    *,
    wrap: Callable[[nn.Module], Callable[..., torch.Tensor]] = lambda module: module,
) -> float:
    """Compute the relative error of the gradients of 4 vectors on a device.

    The network has what a UNet's block has: convolution, group normalization, attention to the
    vectors, and a mean squared error.

    Args:
        device: Where to compute.
        dtype: The precision of the network's weights; the vectors are fp32, as in a training.
        wrap: What to make of the network before it is run, such as `torch.compile`.
    """
    generator = torch.Generator().manual_seed(0)
    block = _Block(generator)
    latents, vectors = (
        torch.randn(shape, generator=generator) for shape in ((2, 4, 16, 16), (4, _WIDTH))
    )
    exact = _gradient(block, block, latents, vectors)
    there = block.to(device, dtype)
    ours = _gradient(there, wrap(there), latents.to(device, dtype), vectors.to(device))
    return relative_error(ours.float().cpu(), exact)


def check_device(device: torch.device, dtype: torch.dtype) -> None:
    """Check the gradients of a device that is neither the CPU nor CUDA; a fraction of a second.

    Raises:
        TrainingError: They are wrong, or cannot be computed there.
    """
    if device.type in _TRUSTED:
        return
    try:
        error = gradient_error(device, dtype)
    except (RuntimeError, NotImplementedError) as problem:
        reason = " ".join(str(problem).split())[:200].rstrip(".")
        raise TrainingError(_advice(device, f"cannot be computed ({reason})")) from problem
    if not error < largest_rounding(dtype):
        raise TrainingError(_advice(device, f"are wrong by {error:.0%}"))


def _advice(device: torch.device, fault: str) -> str:
    return (
        f"Gradients on {device.type.upper()} {fault} with PyTorch {torch.__version__}; install "
        "another version of it, or train on the CPU by setting ACCELERATE_USE_CPU=1."
    )


def _gradient(
    block: nn.Module,
    run: Callable[..., torch.Tensor],
    latents: torch.Tensor,
    vectors: torch.Tensor,
) -> torch.Tensor:
    rows = vectors.detach().clone().requires_grad_()
    dtype = next(block.parameters()).dtype
    predicted = run(latents, rows.to(dtype))
    F.mse_loss(predicted.float(), latents.float()).backward()
    assert rows.grad is not None
    return rows.grad


class _Block(nn.Module):
    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.widen = nn.Conv2d(4, _WIDTH, 3, padding=1)
        self.norm = nn.GroupNorm(8, _WIDTH)
        self.query, self.key, self.value = (nn.Linear(_WIDTH, _WIDTH) for _ in range(3))
        self.narrow = nn.Conv2d(_WIDTH, 4, 3, padding=1)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.2, generator=generator)
        self.requires_grad_(requires_grad=False)

    def forward(self, latents: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        hidden = F.silu(self.norm(self.widen(latents)))  # (B, width, H, W)
        batch, width, height, across = hidden.shape
        tokens = hidden.flatten(2).transpose(1, 2)  # (B, H * W, width)
        words = vectors.expand(batch, *vectors.shape)  # (B, 4, width)
        attended = F.scaled_dot_product_attention(
            _heads(self.query(tokens)), _heads(self.key(words)), _heads(self.value(words))
        )
        back = attended.transpose(1, 2).reshape(batch, height * across, width)
        mixed = hidden + back.transpose(1, 2).reshape(hidden.shape)
        return self.narrow(F.silu(mixed))


def _heads(tokens: torch.Tensor) -> torch.Tensor:
    batch, length, _ = tokens.shape
    return tokens.view(batch, length, _HEADS, -1).transpose(1, 2)
