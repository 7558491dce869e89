"""The flags of `invokeai-ti`: diffusers' of early 2023, and some of its own. Light: a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from commandline.compat.flags import FLAGS, Flag

_OFF = False
_THEIRS = {flag.name: flag for flag in FLAGS}


def _like(name: str, **changes: Any) -> Flag:
    """Take a flag over from diffusers' script."""
    return replace(_THEIRS[name], is_required=False, **changes)


INVOKEAI_FLAGS = (
    Flag("gui", _OFF, "Open the console form instead of training at once",
         "the other flags fill the form in", aliases=("front_end",)),
    Flag("root_dir", None, "InvokeAI's root folder, whose models and embeddings/ are used",
         "without it $INVOKEAI_ROOT, else this program's own folders", aliases=("root",)),
    _like("logging_dir"),
    Flag("output_dir", None, "Where the results are written, text-inversion-model in the root "
         "folder by default", "the finished file is copied to embeddings/TRIGGER/ without --gui, "
         "too"),
    Flag("model", "stable-diffusion-1.5", "The base model, by its name in the root folder's "
         "configs/models.yaml", "a folder, a .safetensors or .ckpt file, a name under models/ or "
         "on the Hugging Face Hub will do as well; SDXL works"),
    _like("revision"),
    _like("tokenizer_name"),
    _like("train_data_dir"),
    _like("resolution"),
    _like("center_crop", differs=""),
    Flag("placeholder_token", None, "The new word, such as <psychedelic>", "angle brackets are "
         "put around a word without them, as prompts need them", aliases=("trigger_term",)),
    _like("learnable_property", choices=("object", "style")),
    _like("initializer_token", default="*"),
    _like("repeats", differs="only --num_train_epochs counts with it"),
    _like("seed"),
    _like("train_batch_size"),
    _like("num_train_epochs", no_effect="", differs="it decides when --max_train_steps is not "
          "given; the original ignores it"),
    _like("max_train_steps"),
    _like("gradient_accumulation_steps", differs="schedules run their whole course with it"),
    _like("gradient_checkpointing", differs=""),
    _like("learning_rate"),
    _like("scale_lr", default=True, differs="--no-scale_lr turns it off, which the original "
          "cannot"),
    _like("lr_scheduler"),
    _like("lr_warmup_steps"),
    _like("adam_beta1"),
    _like("adam_beta2"),
    _like("adam_weight_decay"),
    _like("adam_epsilon"),
    _like("mixed_precision", differs="bf16 does not need xformers"),
    _like("allow_tf32"),
    _like("local_rank"),
    _like("enable_xformers_memory_efficient_attention"),
    _like("checkpointing_steps"),
    _like("resume_from_checkpoint", differs='"latest" works, which it does not in the original; '
          "a checkpoint of another folder will do as well"),
    _like("save_steps"),
    Flag("only_save_embeds", _OFF, "Write the embedding alone, not the whole pipeline as well",
         "the pipeline of a single .safetensors or .ckpt file is never written"),
    _like("push_to_hub"),
    _like("hub_token"),
    _like("hub_model_id"),
    _like("report_to"),
    _like("num_vectors", differs="invokeai-ti has one vector only"),
    _like("validation_prompt", differs="invokeai-ti draws none; written to validation/ in the "
          "output folder"),
    _like("validation_steps", differs="invokeai-ti draws none"),
)  # fmt: skip

DEFAULTS = {flag.name: flag.default for flag in INVOKEAI_FLAGS}
