"""The flags of diffusers' two textual inversion scripts. Light: a table, and its parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Script = Literal["diffusers", "diffusers-sdxl"]
TITLES: dict[Script, str] = {
    "diffusers": "textual_inversion.py",
    "diffusers-sdxl": "textual_inversion_sdxl.py",
}
_BOTH: tuple[Script, ...] = ("diffusers", "diffusers-sdxl")
_SD: tuple[Script, ...] = ("diffusers",)
_SDXL: tuple[Script, ...] = ("diffusers-sdxl",)


@dataclass(frozen=True)
class Flag:
    """One flag as the original has it, and how it differs here.

    The default's type is the value's, `kind` where the default is None; a default of False makes a
    switch. `differs` is one sentence for `--help`; `no_effect` says why the value is not used.
    """

    name: str
    default: Any
    help: str
    differs: str = ""
    no_effect: str = ""
    kind: type = str
    choices: tuple[str, ...] = ()
    is_required: bool = False
    scripts: tuple[Script, ...] = _BOTH
    aliases: tuple[str, ...] = ()

    @property
    def type(self) -> type:
        """What its value is converted to."""
        return self.kind if self.default is None else type(self.default)

    @property
    def text(self) -> str:
        """Its line of `--help`."""
        default = (
            "" if self.default is None or self.default is False else f" (default: {self.default})"
        )
        unused = f" No effect here: {self.no_effect}." if self.no_effect else ""
        differs = f" Here: {self.differs}." if self.differs else ""
        return f"{self.help}{default}.{differs}{unused}".replace("%", "%%")


_OFF = False
FLAGS = (
    Flag("pretrained_model_name_or_path", None, "The base model: a folder, or a name on the "
         "Hugging Face Hub", "a single .safetensors or .ckpt file will do as well",
         is_required=True),
    Flag("revision", None, "The model's revision on the Hub: a branch, tag or commit"),
    Flag("variant", None, "The variant of the model's files on the Hub, such as fp16",
         "without it half-precision files are taken only where there are no others; in a folder "
         "they are found by themselves"),
    Flag("tokenizer_name", None, "Another tokenizer than the model's: a folder with a vocab.json "
         "and a merges.txt, or a name on the Hugging Face Hub", "of a base model's folder its "
         "tokenizer is taken; one with more tokens than the text encoder is refused", scripts=_SD),
    Flag("train_data_dir", None, "The folder with the pictures",
         "files that are no pictures are left out", is_required=True),
    Flag("placeholder_token", None, "The new word, such as <cat-toy>",
         "files hold it in lower case, as transformers 5 needs it", is_required=True),
    Flag("initializer_token", None, "The word that the vectors start from",
         "several tokens are allowed, and are spread over the vectors", is_required=True),
    Flag("num_vectors", 1, "How many vectors the word has"),
    Flag("learnable_property", "object", 'Choose between "object" and "style"',
         "the prompts are those of templates/subject.txt and templates/style.txt"),
    Flag("repeats", 100, "How many times the pictures are repeated in an epoch",
         "only --validation_epochs counts with it"),
    Flag("output_dir", "text-inversion-model", "Where the results are written"),
    Flag("seed", None, "A seed for reproducible training",
         "a run that is gone on with keeps its seed", kind=int),
    Flag("resolution", 512, "Pictures are resized to so many pixels a side",
         "a multiple of 8"),
    Flag("center_crop", _OFF, "Crop pictures to their middle square instead of squashing them",
         "textual_inversion_sdxl.py squashes them nevertheless, this does not"),
    Flag("train_batch_size", 16, "Pictures in a batch, for each device",
         "at most 64, and every batch is full; one that is not ends the original for SDXL"),
    Flag("num_train_epochs", 100, "Epochs to train",
         no_effect="--max_train_steps decides, as in the original"),
    Flag("max_train_steps", 5000, "Updates to train in all",
         "a finished run takes no further step when it is resumed"),
    Flag("gradient_accumulation_steps", 1, "Batches whose gradients make one update"),
    Flag("gradient_checkpointing", _OFF, "Save memory at the cost of a slower backward pass",
         "it covers the UNet for SDXL, too"),
    Flag("learning_rate", 1e-4, "The learning rate"),
    Flag("scale_lr", _OFF, "Multiply the learning rate by accumulation steps, batch size and "
         "processes"),
    Flag("lr_scheduler", "constant", "linear, cosine, cosine_with_restarts, polynomial, constant "
         "or constant_with_warmup", "piecewise_constant is refused, with which the original ends"),
    Flag("lr_warmup_steps", 500, "Updates over which the rate rises", '"constant" has no warm-up, '
         "as in the original"),
    Flag("lr_num_cycles", 1, "Restarts of cosine_with_restarts"),
    Flag("dataloader_num_workers", 0, "Processes that load pictures",
         no_effect="every picture is read once, and kept in memory"),
    Flag("use_8bit_adam", _OFF, "Use 8-bit Adam of bitsandbytes", scripts=_SDXL),
    Flag("adam_beta1", 0.9, "Adam's beta1"),
    Flag("adam_beta2", 0.999, "Adam's beta2"),
    Flag("adam_weight_decay", 1e-2, "Weight decay"),
    Flag("adam_epsilon", 1e-8, "Adam's epsilon"),
    Flag("mixed_precision", "no", "Precision of the frozen weights",
         "the vectors stay in fp32 for SDXL, too", choices=("no", "fp16", "bf16")),
    Flag("allow_tf32", _OFF, "Allow TF32 on Ampere GPUs and later"),
    Flag("enable_xformers_memory_efficient_attention", _OFF, "Compute attention with xformers"),
    Flag("save_steps", 500, "Write learned_embeds-steps-N every so many updates",
         "of several processes only the first writes"),
    Flag("save_as_full_pipeline", _OFF, "Write the whole pipeline to the output folder as well",
         "the base model must be a diffusers folder"),
    Flag("no_safe_serialization", _OFF, "Write .bin instead of .safetensors", scripts=_SD),
    Flag("checkpointing_steps", 500, "Write checkpoint-N every so many updates",
         "a few KB each, and one more where a run is stopped"),
    Flag("checkpoints_total_limit", None, "Keep so many of the newest checkpoints", kind=int),
    Flag("resume_from_checkpoint", None, 'Go on from "latest" or from a checkpoint-N of the output '
         "folder", "one of another folder will do as well; the order of pictures is kept"),
    Flag("validation_prompt", None, "Draw pictures of this prompt while training",
         "they are written to validation/ in the output folder, too"),
    Flag("num_validation_images", 4, "Pictures of a validation", "at most 16"),
    Flag("validation_steps", 100, "Draw them every so many updates", "and at the end"),
    Flag("validation_epochs", None, "Deprecated: draw them every so many epochs of pictures x "
         "repeats updates", kind=int, scripts=_SD),
    Flag("report_to", "tensorboard", "tensorboard, wandb, comet_ml or all",
         'there is no comet_ml, and "all" is TensorBoard'),
    Flag("logging_dir", "logs", "The folder for logs, in the output folder",
         "loss tables are always written there"),
    Flag("push_to_hub", _OFF, "Upload the results to the Hugging Face Hub",
         "a new repository is private; checkpoints and logs are not uploaded, the pipeline only "
         "with --save_as_full_pipeline"),
    Flag("hub_token", None, "The token to upload with", "HF_TOKEN and a login will do as well, and "
         "cannot be read by others in the list of processes"),
    Flag("hub_model_id", None, "The repository to upload to", "as in the original, the name of the "
         "output folder where it is left out"),
    Flag("local_rank", -1, "The number of the process",
         no_effect="`accelerate launch` and torchrun number processes by LOCAL_RANK"),
)  # fmt: skip


def flags_of(script: Script) -> tuple[Flag, ...]:
    """Return the flags that a script has."""
    return tuple(flag for flag in FLAGS if script in flag.scripts)


def add_flags(parser: argparse.ArgumentParser, script: Script) -> None:
    """Add the flags of a script, and say what it does."""
    parser.description = (
        f"Train with the flags of diffusers' {TITLES[script]}, and write the same files. "
        'Where a flag differs from the original, its help says so after "Here:".'
    )
    for flag in flags_of(script):
        add_flag(parser, flag)


def add_flag(parser: argparse.ArgumentParser, flag: Flag) -> None:
    """Add one flag without a default, so that it can be known which were given."""
    options: dict[str, Any] = {"help": flag.text, "default": argparse.SUPPRESS}
    if flag.default is True:
        options["action"] = argparse.BooleanOptionalAction
    elif flag.default is False:
        options["action"] = "store_true"
    else:
        options |= {"type": flag.type, "required": flag.is_required}
        options |= {"choices": flag.choices} if flag.choices else {}
    names = (flag.name, *flag.aliases)
    parser.add_argument(*(f"--{name}" for name in names), dest=flag.name, **options)


def unused_flags(flags: Iterable[Flag], given: Mapping[str, Any]) -> list[str]:
    """Word each flag that was given and has no effect."""
    return [
        f"--{flag.name} has no effect here: {flag.no_effect}."
        for flag in flags
        if flag.no_effect and flag.name in given and given[flag.name] != flag.default
    ]
