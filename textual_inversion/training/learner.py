"""The learner owns the new vectors and their optimizer; nothing else is ever a parameter."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from textual_inversion.data.batches import Batch, StepBatch
from textual_inversion.embeddings import norms
from textual_inversion.errors import TrainingError
from textual_inversion.events import Event
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.settings import TrainSettings
from textual_inversion.training.checkpoint import check_optimizer
from textual_inversion.training.compilation import Backend, Compiled
from textual_inversion.training.hooks import Hooks
from textual_inversion.training.optimization import losses
from textual_inversion.training.optimization.averaging import Average, evaluating, put
from textual_inversion.training.optimization.learning_rate import is_relative, make_rates
from textual_inversion.training.optimization.noising import add_noise
from textual_inversion.training.optimization.norm_holding import hold_norms
from textual_inversion.training.optimization.optimizers import make_clip, make_optimizer

_LEAST_SCALE = 1e-3


class Learner:
    """Trains the vectors of one word: `step` is one optimizer update over all its micro-batches."""

    def __init__(
        self,
        model: BaseModel,
        name: str,
        vectors: Sequence[torch.Tensor],
        *,
        settings: TrainSettings,
        updates: int = 0,
        hooks: Hooks | None = None,
        compile_backend: Backend | None = None,
    ) -> None:
        self.model = model
        self.name = name
        self.settings = settings
        self.hooks = hooks or Hooks()
        self._began = updates
        self._rates = make_rates(settings, updates)
        self._rate_factor = 1.0
        self._updates = updates
        self.parameters = [
            nn.Parameter(tensor.detach().float().clone().to(model.device)) for tensor in vectors
        ]
        tables = [encoder.embedding.weight for encoder in model.text.encoders]
        self.norms = [norms.mean_norm(table) for table in tables]
        # What a rate is multiplied by, for each text encoder.
        self.sizes = [
            norm / table.shape[-1] ** 0.5 if is_relative(settings) else 1.0
            for norm, table in zip(self.norms, tables, strict=True)
        ]
        self.optimizer = make_optimizer(settings, self.parameters, norms=self.norms)
        self.clip = make_clip(settings)
        averages = settings.optimizer_name == "schedule-free"
        self.average = Average(self.parameters, 0.0 if averages else settings.ema_decay)
        self.warnings: list[str] = []
        self.compiled: Compiled | None = None
        if compile_backend:
            warn, backend = self.warnings.append, compile_backend
            self.compiled = Compiled(
                model, gradients=self.gradients, words=self.words, warn=warn, backend=backend
            )
        # Without it, gradients vanish on their way through half-precision weights.
        self.scaler = torch.amp.GradScaler(model.device.type, enabled=model.dtype == torch.float16)

    @property
    def updates(self) -> int:
        """The updates in all, earlier sittings counted."""
        return self._updates

    @property
    def rate_factor(self) -> float:
        """What the schedule's rates are multiplied by: 1, or less once they were halved."""
        return self._rate_factor

    @property
    def next_rate(self) -> float:
        """The learning rate of the update to come, of the first text encoder."""
        return self._rates.rate(self._updates) * self._rate_factor * self.sizes[0]

    @property
    def learning_rate(self) -> float:
        """The rate of the newest update (of the first one, before it), likewise."""
        newest = max(self._updates - 1, self._began)
        return self._rates.rate(newest) * self._rate_factor * self.sizes[0]

    @property
    def words(self) -> LearnedTokens:
        """The word as the text stack takes it, with gradients."""
        return {self.name: tuple(self.parameters)}

    @property
    def vectors(self) -> tuple[torch.Tensor, ...]:
        """Copy the vectors as they are to be saved and shown: fp32 on the CPU; the EMA if asked."""
        with evaluating(self.optimizer):
            source = self.average.values or self.parameters
            return tuple(p.detach().float().cpu().clone() for p in source)

    @contextmanager
    def as_saved(self) -> Iterator[None]:
        """Use the vectors that are saved within the block: the EMA's, or the optimizer's."""
        with evaluating(self.optimizer):
            training = [p.detach().clone() for p in self.parameters]
            put(self.average.values or training, self.parameters)
            try:
                yield
            finally:
                put(training, self.parameters)

    @property
    def is_finite(self) -> bool:
        """Whether no number of the vectors is NaN or infinite."""
        return all(bool(torch.isfinite(p).all()) for p in self.parameters)

    def prepare(self, batch: StepBatch) -> Iterable[Event]:
        """Return nothing to wait for: `step` does it all."""
        del batch
        return ()

    def step(self, batch: StepBatch) -> torch.Tensor:
        """Update the vectors once; the mean loss stays on the device (reading it is a sync)."""
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.model.device)
        for part, share in batch.parts(self.settings.pictures_at_once):
            with self.compiled.running(part) if self.compiled else nullcontext():
                loss = self.loss(part, *self.predict(part)) / len(batch.micro_batches) * share
            self.scaler.scale(loss).backward()
            total += loss.detach()
        return self.update(total)

    def update(self, total: torch.Tensor) -> torch.Tensor:
        """Take one step along the gradients that the parameters hold; return the loss to report."""
        total = self.hooks.on_gradients(self.parameters, total)
        self.scaler.unscale_(self.optimizer)
        self.clip(self.parameters, self._updates)
        rate = self._rates.rate(self._updates) * self._rate_factor
        for group, size in zip(self.optimizer.param_groups, self.sizes, strict=True):
            group["lr"] = rate * size
        self.scaler.step(self.optimizer)
        self._update_scaler()
        hold_norms(self.settings, self.optimizer, self.norms)
        self.average.update(self.parameters)
        self._updates += 1
        self.hooks.on_updated()
        return total

    def gradients(self, part: Batch) -> tuple[torch.Tensor, ...]:
        """Compute the gradients of the vectors for a part of a batch, without changing anything."""
        loss = self.scaler.scale(self.loss(part, *self.predict(part)))
        return torch.autograd.grad(loss, self.parameters, allow_unused=True, materialize_grads=True)

    def state(self) -> dict[str, Any]:
        """Collect what `load_state` needs to go on exactly: a few KB."""
        return {
            "updates": self._updates,
            "began": self._began,
            "rate_factor": self._rate_factor,
            "learning_rate": self.settings.learning_rate,
            "vectors": [p.detach().float().cpu().clone() for p in self.parameters],
            "embedding": list(self.vectors),
            "optimizer_name": self.settings.optimizer_name,
            "average": [p.detach().float().cpu().clone() for p in self.average.values],
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "scaler": self.scaler.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` collected.

        Raises:
            TrainingError: It was made with other vectors or another optimizer.
        """
        check_optimizer(state, self.settings)
        self._updates, self._began = int(state["updates"]), int(state.get("began", 0))
        self._rates = make_rates(self.settings, self._began)
        chosen = self.settings.learning_rate
        # Another rate than then is taken as it is written, not as often halved as the old one.
        same_rate = state.get("learning_rate", chosen) == chosen
        self._rate_factor = float(state["rate_factor"]) if same_rate else 1.0
        try:
            put(state["vectors"], self.parameters)
            self.average.load(state["average"], self.parameters)
            self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
            if self.scaler.is_enabled() and state.get("scaler"):
                self.scaler.load_state_dict(state["scaler"])
        except (RuntimeError, ValueError, KeyError):
            raise TrainingError(
                "The checkpoint was made with another number of vectors; choose the same as then, "
                'or set resume to "never" to start anew.'
            ) from None

    def put_back(self, state: dict[str, Any]) -> None:
        """Return to an earlier state of this run; the rate stays as often halved as it is now."""
        factor = self._rate_factor
        self.load_state(state)
        self._rate_factor = factor

    def halve_rate(self) -> None:
        """Go on at half the learning rate."""
        self._rate_factor /= 2

    def renumber(self, updates: int) -> None:
        """Count on from so many updates, where those before were put back or are repeated."""
        self._updates = updates

    def predict(self, micro: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute the UNet's prediction for a batch and its target, both (B, C, H, W), fp32."""
        noised = add_noise(self.model, micro)
        conditioning = self.model.text.encode(micro.prompts, self.words)
        self.hooks.on_text_encoded(conditioning)
        predicted = self.model.predict(noised.latents, noised.timesteps, conditioning)
        return predicted, noised.target

    def loss(self, micro: Batch, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compute the loss that the settings ask for from what `predict` returned."""
        settings = self.settings
        if settings.loss == "huber":
            errors = losses.pseudo_huber(predicted, target, delta=settings.huber_delta)
        else:
            errors = losses.squared(predicted, target)
        if micro.weights is not None:
            errors = errors * micro.weights.to(errors.device)
        alphas = self.model.alphas_cumprod[micro.timesteps.to(errors.device)]
        gamma, prediction = settings.min_snr_gamma, self.model.prediction
        return losses.mean(errors, alphas, min_snr_gamma=gamma, prediction=prediction)

    def _update_scaler(self) -> None:
        """Follow the gradients' size; a scale of nearly nothing means that fp16 will not do."""
        self.scaler.update()
        if self.scaler.is_enabled() and self.scaler.get_scale() < _LEAST_SCALE:
            raise TrainingError(
                f"At step {self._updates + 1} the gradients of this model still overflow in fp16, "
                "however the loss is scaled; train with --precision bf16 or fp32."
            )
