"""From diffusers' flags to our settings. Light: no torch."""

from __future__ import annotations

import importlib.util
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commandline.compat.flags import Script, flags_of, unused_flags
from textual_inversion.devices.launcher import num_processes
from textual_inversion.errors import SettingsError
from textual_inversion.models.hub import is_hub_name
from textual_inversion.names import is_bracketed, strip_brackets
from textual_inversion.settings import CreateSettings, TrainSettings

_PRECISIONS = {"no": "fp32", "fp16": "fp16", "bf16": "bf16"}
_ALLOWED = " ._-"


@dataclass(frozen=True)
class Options:
    """The script's flags with their defaults, and which of them were given."""

    script: Script
    given: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """Settings of ours that no flag of the script stands for."""
    values: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        defaults = {flag.name: flag.default for flag in flags_of(self.script)}
        object.__setattr__(self, "values", defaults | self.given)

    def __getitem__(self, name: str) -> Any:
        """Return a flag's value; None for a flag that only the other script has."""
        return self.values.get(name)

    @property
    def model(self) -> str:
        """The base model; of one on the Hub, "owner/model@revision" where a revision is given."""
        model, revision = self["pretrained_model_name_or_path"], self["revision"]
        on_hub = is_hub_name(model) and not Path(model).exists()
        return f"{model}@{revision}" if revision and on_hub and "@" not in model else model

    @property
    def output(self) -> Path:
        """The output folder."""
        return Path(self["output_dir"]).expanduser().absolute()

    @property
    def logs(self) -> Path:
        """The folder for logs in the output folder."""
        return self.output / self["logging_dir"]

    @property
    def word(self) -> str:
        """The new word as it is written in prompts."""
        return self["placeholder_token"].strip()

    @property
    def name(self) -> str:
        """The embedding's name: the word without the characters that no name has."""
        bare = strip_brackets(self.word)
        kept = "".join(char for char in bare if char.isalnum() or char in _ALLOWED).strip(_ALLOWED)
        return kept or "concept"


def check(options: Options) -> None:
    """Refuse what cannot be done before anything is loaded.

    Raises:
        SettingsError: A flag asks for it.
    """
    if options["report_to"] == "wandb" and options["hub_token"]:
        raise SettingsError(
            "--report_to wandb with --hub_token is refused as in the original, because the token "
            'would be logged; set HF_TOKEN or log in with "hf auth login" instead.'
        )
    if options["lr_scheduler"] == "piecewise_constant":
        raise SettingsError(
            "--lr_scheduler piecewise_constant has no rules to follow, here as in the original; "
            "choose another one, such as constant."
        )
    if options["save_as_full_pipeline"] and Path(options.model).is_file():
        raise SettingsError(
            "--save_as_full_pipeline needs a base model that is a diffusers folder, and "
            f"{options.model} is a single file."
        )
    for name in ("save_steps", "checkpointing_steps", "validation_steps", "repeats"):
        if options[name] < 1:
            raise SettingsError(f"--{name} is {options[name]}; set it to 1 or more.")
    if not options["initializer_token"].strip():
        raise SettingsError("--initializer_token is empty; write a word such as toy.")


def notes(options: Options) -> list[str]:
    """Word what the flags change nothing of, and what is done in another way."""
    found = unused_flags(flags_of(options.script), options.given)
    if options.given.get("lr_warmup_steps") and options["lr_scheduler"] == "constant":
        found.append(
            "--lr_warmup_steps has no effect with the scheduler constant, here as in the original; "
            "constant_with_warmup has a warm-up."
        )
    if options["report_to"] in {"comet_ml", "all"}:
        found.append(
            f"--report_to {options['report_to']} logs to TensorBoard only; wandb is the other one "
            "that there is."
        )
    if options.word != options.word.lower():
        found.append(
            f"The files hold the word as {options.word.lower()}, because transformers 5 reads "
            "added words in lower case."
        )
    if not options["push_to_hub"] and (options["hub_model_id"] or options["hub_token"]):
        found.append("--hub_model_id and --hub_token have no effect without --push_to_hub.")
    if options["validation_epochs"] and not options["validation_prompt"]:
        found.append("--validation_epochs has no effect without --validation_prompt.")
    return found


def create_settings(options: Options) -> CreateSettings:
    """Map the flags that say how the vectors start."""
    return CreateSettings.build(
        {
            "name": options.name,
            "model": options.model,
            "tokenizer": options["tokenizer_name"] or "",
            "initialization_text": options["initializer_token"],
            "num_vectors": options["num_vectors"],
            # In brackets a word is a new one, whatever the vocabulary has.
            "force": is_bracketed(options.word) or options.name != options.word,
            "overwrite": True,
        }
    )


def train_settings(options: Options, *, resume: str, seed: int | None) -> TrainSettings:
    """Map all flags; `seed` is that of the run which is gone on with."""
    seed = options["seed"] if options["seed"] is not None else seed
    if seed is None:
        # Processes that train together must draw alike.
        seed = secrets.randbelow(2**32) if num_processes() == 1 else 0
    return TrainSettings.build(
        _run(options, resume, seed),
        _data(options),
        _optimization(options),
        _previews(options, seed),
        options.more,
    )


def _run(options: Options, resume: str, seed: int) -> dict[str, Any]:
    return {
        "embedding": options.name,
        "model": options.model,
        "tokenizer": options["tokenizer_name"] or "",
        "log_dir": str(options.logs),
        "resume": resume,
        "seed": seed,
        "max_steps": options["max_train_steps"],
        "save_embedding_every": options["save_steps"],
        "checkpoint_every": options["checkpointing_steps"],
        "checkpoints_total_limit": options["checkpoints_total_limit"] or 0,
        "report_to": _tracker(options),
        "precision": _PRECISIONS[options["mixed_precision"]],
        "attention": _attention(options),
        "gradient_checkpointing": options["gradient_checkpointing"],
        "evaluate_every": 0,
        "hold_out_picture": False,
    }


def _attention(options: Options) -> str:
    return "xformers" if options["enable_xformers_memory_efficient_attention"] else "sdpa"


def _data(options: Options) -> dict[str, Any]:
    style = options["learnable_property"] == "style"
    return {
        "dataset_dir": options["train_data_dir"],
        "template": "style.txt" if style else "subject.txt",
        "width": options["resolution"],
        "height": options["resolution"],
        "crop": "centre" if options["center_crop"] else "squash",
        "resampling": "bicubic",
        "flip": 0.5,
        "batch_size": options["train_batch_size"],
        "gradient_accumulation_steps": options["gradient_accumulation_steps"],
        "latent_sampling": "random",
        "tag_dropout": 0.0,
    }


def _optimization(options: Options) -> dict[str, Any]:
    warms_up = options["lr_scheduler"] != "constant"
    return {
        "optimizer": "adamw-8bit" if options["use_8bit_adam"] else "adamw",
        "learning_rate": repr(options["learning_rate"]),
        "scale_learning_rate": options["scale_lr"],
        "lr_scheduler": options["lr_scheduler"],
        "warmup_steps": options["lr_warmup_steps"] if warms_up else 0,
        "lr_num_cycles": options["lr_num_cycles"],
        "adam_beta1": options["adam_beta1"],
        "adam_beta2": options["adam_beta2"],
        "adam_epsilon": options["adam_epsilon"],
        "weight_decay": options["adam_weight_decay"],
        "timesteps": "uniform",
    }


def _previews(options: Options, seed: int) -> dict[str, Any]:
    prompt = options["validation_prompt"]
    if not prompt:
        return {"save_image_every": 0, "save_image_with_embedding": False}
    return {
        "save_image_every": _validation_steps(options),
        "save_image_with_embedding": False,
        "preview_prompt": " ".join(prompt.split()).replace(options.word, "[name]"),
        "preview_images": options["num_validation_images"],
        "preview_steps": 25,
        "preview_cfg_scale": 7.5,
        "preview_sampler": "DPM++ 2M",
        "preview_seed": seed,
    }


def _validation_steps(options: Options) -> int:
    if not options["validation_epochs"]:
        return options["validation_steps"]
    from textual_inversion.images.folder import pictures_in

    folder = Path(options["train_data_dir"])
    pictures = len(pictures_in(folder)) if folder.is_dir() else 1
    return max(1, options["validation_epochs"] * pictures * options["repeats"])


def _tracker(options: Options) -> str:
    chosen = options["report_to"]
    chosen = "tensorboard" if chosen in {"comet_ml", "all"} else chosen
    if "report_to" not in options.given and importlib.util.find_spec("tensorboard") is None:
        return "none"  # the default must not ask for a package
    return chosen
