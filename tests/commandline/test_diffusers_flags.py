"""Each flag of diffusers' two scripts: accepted, with its default there, and with an effect."""

import argparse
from pathlib import Path

import pytest

from commandline.compat.diffusers import read_options
from commandline.compat.flags import FLAGS, flags_of
from commandline.compat.mapping import Options, check, create_settings, notes, train_settings
from commandline.main import main, make_parser
from textual_inversion.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {
    "pretrained_model_name_or_path": "some/model",
    "train_data_dir": "pictures",
    "placeholder_token": "<cat-toy>",
    "initializer_token": "toy",
}
# The defaults of textual_inversion.py, as its documentation has them.
DEFAULTS = {
    **dict.fromkeys(REQUIRED),
    "revision": None, "variant": None, "tokenizer_name": None, "num_vectors": 1,
    "learnable_property": "object", "repeats": 100, "output_dir": "text-inversion-model",
    "seed": None, "resolution": 512, "center_crop": False, "train_batch_size": 16,
    "num_train_epochs": 100, "max_train_steps": 5000, "gradient_accumulation_steps": 1,
    "gradient_checkpointing": False, "learning_rate": 1e-4, "scale_lr": False,
    "lr_scheduler": "constant", "lr_warmup_steps": 500, "lr_num_cycles": 1,
    "dataloader_num_workers": 0, "adam_beta1": 0.9, "adam_beta2": 0.999,
    "adam_weight_decay": 1e-2, "adam_epsilon": 1e-8, "mixed_precision": "no",
    "allow_tf32": False, "enable_xformers_memory_efficient_attention": False, "save_steps": 500,
    "save_as_full_pipeline": False, "no_safe_serialization": False, "checkpointing_steps": 500,
    "checkpoints_total_limit": None, "resume_from_checkpoint": None, "validation_prompt": None,
    "num_validation_images": 4, "validation_steps": 100, "validation_epochs": None,
    "report_to": "tensorboard", "logging_dir": "logs", "push_to_hub": False, "hub_token": None,
    "hub_model_id": None, "local_rank": -1,
}  # fmt: skip
ONLY_SD = {"tokenizer_name", "validation_epochs", "no_safe_serialization"}
CURVE = {"lr_scheduler": "cosine_with_restarts"}
SHOWN = {"validation_prompt": "a <cat-toy> on red"}

# flag: (its value, what else is given, our setting, what it becomes)
SETTINGS = {
    "pretrained_model_name_or_path": ("other/model", {}, "model", "other/model"),
    "revision": ("v1", {}, "model", "some/model@v1"),
    "tokenizer_name": ("another", {}, "tokenizer", "another"),
    "train_data_dir": ("photos", {}, "dataset_dir", "photos"),
    "placeholder_token": ("<dog-toy>", {}, "embedding", "dog-toy"),
    "learnable_property": ("style", {}, "template", "style.txt"),
    "seed": (7, {}, "seed", 7),
    "resolution": (256, {}, "width", 256),
    "center_crop": (True, {}, "crop", "centre"),
    "train_batch_size": (3, {}, "batch_size", 3),
    "max_train_steps": (9, {}, "max_steps", 9),
    "gradient_accumulation_steps": (4, {}, "gradient_accumulation_steps", 4),
    "gradient_checkpointing": (True, {}, "gradient_checkpointing", True),
    "learning_rate": (5e-4, {}, "learning_rate", "0.0005"),
    "scale_lr": (True, {}, "scale_learning_rate", True),
    "lr_scheduler": ("cosine", {}, "lr_scheduler", "cosine"),
    "lr_warmup_steps": (20, CURVE, "warmup_steps", 20),
    "lr_num_cycles": (3, CURVE, "lr_num_cycles", 3),
    "use_8bit_adam": (True, {}, "optimizer", "adamw-8bit"),
    "adam_beta1": (0.8, {}, "adam_beta1", 0.8),
    "adam_beta2": (0.99, {}, "adam_beta2", 0.99),
    "adam_weight_decay": (0.1, {}, "weight_decay", 0.1),
    "adam_epsilon": (1e-6, {}, "adam_epsilon", 1e-6),
    "mixed_precision": ("bf16", {}, "precision", "bf16"),
    "enable_xformers_memory_efficient_attention": (True, {}, "attention", "xformers"),
    "save_steps": (11, {}, "save_embedding_every", 11),
    "checkpointing_steps": (12, {}, "checkpoint_every", 12),
    "checkpoints_total_limit": (2, {}, "checkpoints_total_limit", 2),
    "validation_prompt": ("A <cat-toy> backpack", {}, "preview_prompt", "A [name] backpack"),
    "num_validation_images": (2, SHOWN, "preview_images", 2),
    "validation_steps": (13, SHOWN, "save_image_every", 13),
    "report_to": ("wandb", {}, "report_to", "wandb"),
}
CREATED = {
    "initializer_token": ("brown bear", "initialization_text", "brown bear"),
    "num_vectors": (5, "num_vectors", 5),
}
WITHOUT_EFFECT = {
    "num_train_epochs": 3,
    "dataloader_num_workers": 2, "local_rank": 0,
}  # fmt: skip
# Their effect is a file or a refusal, below and in test_diffusers.py.
IN_FILES = {
    "output_dir", "logging_dir", "save_as_full_pipeline", "no_safe_serialization",
    "resume_from_checkpoint", "allow_tf32", "push_to_hub", "hub_token", "hub_model_id",
    "validation_epochs", "repeats", "variant",
}  # fmt: skip


def script_of(flag):
    return "diffusers-sdxl" if flag == "use_8bit_adam" else "diffusers"


def read(argv, script="diffusers"):
    return read_options(make_parser().parse_args([script, *argv]))


def words(**values):
    pairs = {**REQUIRED, **values}.items()
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in pairs]


def settings(flag, **values):
    return train_settings(read(words(**values), script_of(flag)), resume="never", seed=1)


@pytest.mark.parametrize("script", ["diffusers", "diffusers-sdxl"])
def test_the_flags_are_the_originals_with_their_defaults(script):
    expected = dict(DEFAULTS)
    if script == "diffusers-sdxl":
        expected = {name: value for name, value in DEFAULTS.items() if name not in ONLY_SD}
        expected["use_8bit_adam"] = False
    assert {flag.name: flag.default for flag in flags_of(script)} == expected


def test_every_flag_is_in_one_of_the_tables_below():
    tables = [SETTINGS, CREATED, WITHOUT_EFFECT, IN_FILES]
    assert sorted(name for table in tables for name in table) == sorted(f.name for f in FLAGS)


@pytest.mark.parametrize("flag", list(SETTINGS))
def test_a_flag_becomes_a_setting(flag):
    value, beside, ours, expected = SETTINGS[flag]
    before, after = settings(flag, **beside), settings(flag, **{**beside, flag: value})
    assert (getattr(after, ours), getattr(before, ours) != expected) == (expected, True)


@pytest.mark.parametrize("flag", list(CREATED))
def test_a_flag_decides_how_vectors_start(flag):
    value, ours, expected = CREATED[flag]
    assert getattr(create_settings(read(words(**{flag: value}))), ours) == expected


def test_the_tokenizer_reads_the_initializer_token_too():
    assert create_settings(read(words(tokenizer_name="another"))).tokenizer == "another"


@pytest.mark.parametrize("flag", list(WITHOUT_EFFECT))
def test_a_flag_without_effect_is_accepted_and_named(flag):
    found = notes(read(words(**{flag: WITHOUT_EFFECT[flag]})))
    assert [note.startswith(f"--{flag} has no effect here: ") for note in found] == [True]
    assert notes(read(words())) == []


def test_the_defaults_train_as_the_script_does():
    found = settings("")
    assert (found.optimizer, found.learning_rate, found.weight_decay) == ("adamw", "0.0001", 0.01)
    assert (found.flip, found.crop, found.timesteps) == (0.5, "squash", "uniform")
    assert (found.latent_sampling, found.precision, found.batch_size) == ("random", "fp32", 16)
    assert (found.save_image_every, found.evaluate_every, found.warmup_steps) == (0, 0, 0)


def test_validation_epochs_count_pictures_times_repeats(home, pictures):
    argv = words(validation_epochs=2, repeats=5, **SHOWN)
    assert train_settings(read(argv), resume="never", seed=1).save_image_every == 2 * 3 * 5


@pytest.mark.parametrize(
    ("word", "name", "is_forced"),
    [
        ("<cat-toy>", "cat-toy", True),
        ("cat", "cat", False),
        ("sks*", "sks", True),
        ("*", "concept", True),
    ],
)
def test_any_placeholder_token_has_a_name(word, name, is_forced):
    found = create_settings(read(words(placeholder_token=word)))
    assert (found.name, found.force) == (name, is_forced)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"report_to": "wandb", "hub_token": "hf_x"}, "is refused as in the original, because"),
        ({"lr_scheduler": "piecewise_constant"}, "has no rules to follow"),
        ({"initializer_token": " "}, "--initializer_token is empty"),
        ({"save_steps": 0}, "--save_steps is 0"),
        ({"pretrained_model_name_or_path": __file__, "save_as_full_pipeline": True}, "single file"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(home, capsys, given, says):
    assert main(["diffusers", *words(**given)]) == 2
    assert says in capsys.readouterr().err
    assert not (home / "text-inversion-model").exists()


def test_a_warm_up_that_constant_has_not_is_named():
    assert "has no effect with the scheduler constant" in notes(read(words(lr_warmup_steps=9)))[0]
    assert notes(read(words(lr_warmup_steps=9, lr_scheduler="linear"))) == []
    assert notes(read(words(lr_warmup_steps=0))) == []


@pytest.mark.parametrize("script", ["diffusers", "diffusers-sdxl"])
def test_help_lists_every_flag_and_its_difference(script, capsys):
    with pytest.raises(SystemExit):
        main([script, "--help"])
    shown = "".join(capsys.readouterr().out.split())
    for flag in flags_of(script):
        assert f"--{flag.name}" in shown
        assert "".join(flag.text.replace("%%", "%").split()) in shown


def test_options_of_a_script_have_no_flag_of_the_other():
    options = Options("diffusers-sdxl", dict(REQUIRED))
    check(options)
    assert options["no_safe_serialization"] is None
    with pytest.raises((SettingsError, SystemExit, argparse.ArgumentError)):
        read(words(no_safe_serialization=True), "diffusers-sdxl")


def test_the_document_has_a_row_for_every_flag():
    text = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")
    rows = text.partition("## diffusers")[2].partition("\n## ")[0].splitlines()
    named = [row.split("`")[1] for row in rows if row.startswith("| `--")]
    assert named == [f"--{flag.name}" for flag in FLAGS]
