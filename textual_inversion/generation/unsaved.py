"""A picture of an embedding that is not saved yet."""

from __future__ import annotations

from PIL import Image

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.generation.batches import make_batches
from textual_inversion.generation.sampling import sample
from textual_inversion.models.opening import open_model
from textual_inversion.settings import GenerateSettings

_NAME = "[name]"
_STEPS = 12


def preview_settings(prompt: str, model: str) -> GenerateSettings:
    """Return the settings of a quick picture, the same each time; an empty prompt is the name."""
    given = {"prompt": prompt or _NAME, "model": model, "seed": 1, "steps": _STEPS}
    return GenerateSettings.build(given)


def draw_unsaved(embedding: Embedding, settings: GenerateSettings) -> Image.Image:
    """Draw one picture; [name] in the prompt stands for the embedding, other names are plain text.

    Raises:
        ModelError: The base model cannot be opened, or the embedding does not fit it.
    """
    model = open_model(settings.model, vae=settings.vae, tokenizer=settings.tokenizer)
    model.check_widths(embedding.widths, embedding.name)
    prompt = settings.prompt.replace(_NAME, embedding.name)
    params = make_batches(settings.model_copy(update={"prompt": prompt}), model)[0]
    *_, last = sample(model, params, {embedding.name: embedding.vectors})
    return model.decode(last.latents[:1])[0]
