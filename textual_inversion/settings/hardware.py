"""The choices of `ti train` about the base model and the machine: what is computed, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic.fields import FieldInfo

from textual_inversion.errors import SettingsError
from textual_inversion.settings.dataset import DatasetSettings
from textual_inversion.settings.markers import RUN, OneRun, SamePass, Ui
from textual_inversion.settings.presets.kept import NO_PRESET, find_preset


class HardwareSettings(DatasetSettings):
    """How the base model is read and run."""

    preset: Annotated[str, OneRun(), Ui("Preset", "preset")] = NO_PRESET
    """Values that belong together, for all that you do not choose yourself: quick, balanced or
    careful, a1111 or diffusers for those programs' defaults, low-vram for a small GPU, or one of
    your own. `ti presets` lists them with what they set."""

    prediction_type: Annotated[
        Literal["model", "epsilon", "v_prediction"],
        Ui("Prediction type", row="prediction", group=RUN),
        SamePass(),
    ] = "model"
    """What the UNet predicts: as the model's own files say, the noise, or the velocity. Set it only
    for a model whose files are wrong; pictures of pure noise are the sign."""
    zero_terminal_snr: Annotated[
        Literal["model", "on", "off"],
        Ui("Zero terminal SNR", row="prediction", group=RUN),
        SamePass(),
    ] = "model"
    """Whether the noise schedule ends in pure noise, which allows very dark and bright pictures: as
    the model's own files say, on, or off. It must be as the model was trained."""
    vae: Annotated[str, Ui("VAE", "vae", group=RUN), SamePass()] = ""
    """Another autoencoder than the base model's own, for training and previews: a diffusers folder
    or a .safetensors, .ckpt or .pt file, by path or by its name under models/. Empty uses the
    model's own."""
    tokenizer: Annotated[str, Ui("Tokenizer", group=RUN), SamePass()] = ""
    """Another tokenizer than the base model's own, for training and previews: a folder with a
    vocab.json and a merges.txt, a model's folder, or a name on the Hugging Face Hub; both encoders
    of an XL model then use it. Empty uses the model's own."""
    precision: Annotated[
        Literal["auto", "fp32", "fp16", "bf16"],
        Ui("Precision", row="precision", group=RUN),
        SamePass(),
    ] = "auto"
    """The number format of the frozen weights; the vectors are always fp32. "auto" takes bf16 on a
    GPU that computes in it and fp16 on an older one; on a CPU fp32, or bf16 for a model of 512
    pixels or more where the CPU has instructions for it."""
    channels_last: Annotated[bool, Ui("Channels last", row="precision", group=RUN), SamePass()] = (
        True
    )
    """Lay pictures out in the order that convolutions read fastest; results differ by rounding."""
    attention: Annotated[
        Literal["sdpa", "xformers", "sliced"],
        Ui("Attention", row="precision", group=RUN),
        SamePass(),
    ] = "sdpa"
    """How attention is computed: by PyTorch itself, which suits nearly all, by xformers where it is
    installed, or in slices, which take less memory where PyTorch has no fast way (Apple's MPS)."""
    gradient_checkpointing: Annotated[
        bool, Ui("Gradient checkpointing", row="memory", group=RUN), SamePass()
    ] = False
    """Needs far less memory and about a third more time; for large pictures on small cards."""
    vae_offload: Annotated[bool, Ui("Offload the VAE", row="memory", group=RUN), SamePass()] = False
    """Keep the autoencoder in main memory but for previews, which saves a GPU 0.2 to 0.4 GB; the
    text encoder is needed at every step and stays."""
    pictures_at_once: Annotated[
        int, Field(ge=0, le=64), Ui("Pictures at once", row="memory", group=RUN)
    ] = 0
    """Show a batch in parts of so many pictures: less memory, more time, the same result but for
    rounding. 0 shows it whole."""

    compile: Annotated[Literal["off", "auto", "on"], Ui("Compile the UNet", group=RUN)] = "off"
    """Let PyTorch compile the UNet, which takes minutes and then makes steps faster; "auto" does on
    a GPU from 1000 steps on. Its gradients are compared with plain ones first, and the plain UNet
    is used where they differ."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> object:
        """Fill a preset in behind what was chosen, and read `sliced_attention` of older files."""
        if not isinstance(data, dict):
            return data
        chosen: dict[str, Any] = {str(key): value for key, value in data.items()}  # pyright: ignore
        if chosen.pop("sliced_attention", False):
            chosen.setdefault("attention", "sliced")
        if cls.model_fields.keys() <= chosen.keys():
            return chosen  # a run's settings, which outlive a preset of one's own
        return {**cls._preset(chosen), **chosen}

    @classmethod
    def _preset(cls, chosen: dict[str, Any]) -> dict[str, Any]:
        """Read what the chosen preset sets, but for what is about one run alone."""
        values = find_preset(str(chosen.get("preset") or NO_PRESET))
        return {
            name: value
            for name, value in values.items()
            if not _is_about_one_run(cls.model_fields.get(name))
        }

    @classmethod
    def changed(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Keep all that a form shows where a preset has filled it in: it may not do so again."""
        preset = cls._preset(values)
        return dict(values) if preset else super().changed(values)

    @classmethod
    def merge(cls, stored: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Put a preset that is given before a stored file's values, and behind what is given."""
        return {**stored, **cls._preset(given), **given}

    def unchosen(self) -> dict[str, Any]:
        """Name the preset's values, and the defaults of all others."""
        try:
            return super().unchosen() | self._preset({"preset": self.preset})
        except SettingsError:  # a preset of one's own that is gone
            return super().unchosen()


def _is_about_one_run(field: FieldInfo | None) -> bool:
    return field is not None and (field.is_required() or OneRun() in field.metadata)
