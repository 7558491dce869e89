# pyright: standard
"""Choices that have no effect beside others: they are named, never silently ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual_inversion.settings.train import TrainSettings


class _Rule(NamedTuple):
    field: str
    matters: Callable[[TrainSettings], bool]
    when: str


_RULES = (
    _Rule("kappa", lambda s: s.optimizer_name == "spherical", "with the spherical optimizer"),
    _Rule("norm_strength", lambda s: s.norm == "soft", "when the norm is soft"),
    _Rule("huber_delta", lambda s: s.loss == "huber", "with the huber loss"),
    _Rule("clipping_threshold", lambda s: s.gradient_clipping != "none", "with gradient clipping"),
    _Rule(
        "lr_num_cycles",
        lambda s: s.lr_scheduler == "cosine_with_restarts",
        "with cosine_with_restarts",
    ),
    _Rule("warmup_steps", lambda s: s.lr_scheduler != "constant", "with another scheduler"),
    _Rule(
        "ema_decay",
        lambda s: s.optimizer_name != "schedule-free",
        "with another optimizer than schedule-free, which averages by itself",
    ),
    _Rule("weight_decay", lambda s: s.optimizer_name != "spherical", "with another optimizer"),
    _Rule("adam_beta1", lambda s: s.optimizer_name != "spherical", "with another optimizer"),
    _Rule("adam_beta2", lambda s: s.optimizer_name != "spherical", "with another optimizer"),
    _Rule(
        "adam_epsilon",
        lambda s: s.optimizer_name not in {"spherical", "lion"},
        "with another optimizer",
    ),
    _Rule(
        "norm", lambda s: s.optimizer_name != "spherical", "with another optimizer than spherical"
    ),
    _Rule(
        "keep_tags",
        lambda s: s.shuffle_tags or s.tag_dropout > 0,
        "when tags are shuffled or dropped",
    ),
    _Rule("crop", lambda s: s.picture_sizes != "own", "when pictures are resized"),
    _Rule("resampling", lambda s: s.picture_sizes != "own", "when pictures are resized"),
    _Rule("filename_join_string", lambda s: s.filename_word_regex != "", "with a word regex"),
    _Rule("convergence_window", lambda s: s.evaluate_every > 0, "when evaluating"),
    _Rule("stop_when_converged", lambda s: s.evaluate_every > 0, "when evaluating"),
    _Rule("preview_prompt", lambda s: s.save_image_every > 0, "when previews are drawn"),
    _Rule("preview_negative_prompt", lambda s: s.save_image_every > 0, "when previews are drawn"),
    _Rule("learning_rate_steps", lambda s: _has_steps(s), "with step numbers in a schedule"),
)


def inactive_choices(settings: TrainSettings) -> list[str]:
    """Return a sentence for each setting that was changed and has no effect."""
    fields = type(settings).model_fields
    return [
        f"{rule.field} has no effect here; it only counts {rule.when}."
        for rule in _RULES
        if getattr(settings, rule.field) != fields[rule.field].default
        and not rule.matters(settings)
    ]


def _has_steps(settings: TrainSettings) -> bool:
    return ":" in settings.learning_rate or ":" in settings.clipping_threshold
