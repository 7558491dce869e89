"""Each flag of `invokeai-ti`: accepted, with its default there, and with an effect."""

from pathlib import Path

import pytest

from commandline import console
from commandline.compat import mapping
from commandline.compat.invokeai import make_plan
from commandline.compat.invokeai_flags import DEFAULTS, INVOKEAI_FLAGS
from commandline.main import main, make_parser
from textual_inversion.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]
GIVEN = {"model": "some/model", "placeholder_token": "<dog-toy>", "train_data_dir": "pictures"}
# The defaults of the original, as its --help has them; three flags are ours.
THEIRS = {
    "gui": False, "root_dir": None, "logging_dir": "logs", "output_dir": None,
    "model": "stable-diffusion-1.5", "revision": None, "tokenizer_name": None,
    "train_data_dir": None, "resolution": 512, "center_crop": False, "placeholder_token": None,
    "learnable_property": "object", "initializer_token": "*", "repeats": 100, "seed": None,
    "train_batch_size": 16, "num_train_epochs": 100, "max_train_steps": 5000,
    "gradient_accumulation_steps": 1, "gradient_checkpointing": False, "learning_rate": 1e-4,
    "scale_lr": True, "lr_scheduler": "constant", "lr_warmup_steps": 500, "adam_beta1": 0.9,
    "adam_beta2": 0.999, "adam_weight_decay": 1e-2, "adam_epsilon": 1e-8,
    "mixed_precision": "no", "allow_tf32": False, "local_rank": -1,
    "enable_xformers_memory_efficient_attention": False, "checkpointing_steps": 500,
    "resume_from_checkpoint": None, "save_steps": 500, "only_save_embeds": False,
    "push_to_hub": False, "hub_token": None, "hub_model_id": None, "report_to": "tensorboard",
}  # fmt: skip
OURS = {"num_vectors": 1, "validation_prompt": None, "validation_steps": 100}
SHOWN = {"validation_prompt": "a <dog-toy> on red"}

# flag: (its value, what else is given, our setting, what it becomes)
SETTINGS = {
    "model": ("other/model", {}, "model", "other/model"),
    "revision": ("v1", {"model": "other/model"}, "model", "other/model@v1"),
    "tokenizer_name": ("another", {}, "tokenizer", "another"),
    "train_data_dir": ("photos", {}, "dataset_dir", "photos"),
    "placeholder_token": ("psychedelic", {}, "embedding", "psychedelic"),
    "learnable_property": ("style", {}, "template", "style.txt"),
    "seed": (7, {}, "seed", 7),
    "resolution": (256, {}, "width", 256),
    "center_crop": (True, {}, "crop", "centre"),
    "train_batch_size": (3, {}, "batch_size", 3),
    "max_train_steps": (9, {}, "max_steps", 9),
    "num_train_epochs": (3, {"train_batch_size": 4, "repeats": 8}, "max_steps", 18),
    "repeats": (4, {"num_train_epochs": 1, "train_batch_size": 2}, "max_steps", 6),
    "gradient_accumulation_steps": (4, {}, "gradient_accumulation_steps", 4),
    "gradient_checkpointing": (True, {}, "gradient_checkpointing", True),
    "learning_rate": (5e-4, {}, "learning_rate", "0.0005"),
    "scale_lr": (False, {}, "scale_learning_rate", False),
    "lr_scheduler": ("cosine", {}, "lr_scheduler", "cosine"),
    "lr_warmup_steps": (20, {"lr_scheduler": "linear"}, "warmup_steps", 20),
    "adam_beta1": (0.8, {}, "adam_beta1", 0.8),
    "adam_beta2": (0.99, {}, "adam_beta2", 0.99),
    "adam_weight_decay": (0.1, {}, "weight_decay", 0.1),
    "adam_epsilon": (1e-6, {}, "adam_epsilon", 1e-6),
    "mixed_precision": ("bf16", {}, "precision", "bf16"),
    "enable_xformers_memory_efficient_attention": (True, {}, "attention", "xformers"),
    "save_steps": (11, {}, "save_embedding_every", 11),
    "checkpointing_steps": (12, {}, "checkpoint_every", 12),
    "report_to": ("wandb", {}, "report_to", "wandb"),
    "validation_prompt": ("A <dog-toy> hat", {}, "preview_prompt", "A [name] hat"),
    "validation_steps": (13, SHOWN, "save_image_every", 13),
}
CREATED = {
    "initializer_token": ("brown bear", "initialization_text", "brown bear"),
    "num_vectors": (5, "num_vectors", 5),
}
WITHOUT_EFFECT = {"local_rank": 0}
# Their effect is a file, a form or a refusal: below, and in test_invokeai.py.
ELSEWHERE = {
    "gui", "root_dir", "output_dir", "logging_dir", "only_save_embeds", "resume_from_checkpoint",
    "allow_tf32", "push_to_hub", "hub_token", "hub_model_id",
}  # fmt: skip


def parse(argv):
    given = vars(make_parser(["invokeai"]).parse_args(["invokeai", *argv]))
    return {name: value for name, value in given.items() if name != "command"}


def words(**values):
    switches = {name: "" if value else "no-" for name, value in values.items() if value in {0, 1}}
    return [
        f"--{switches[name]}{name}" if isinstance(value, bool) else f"--{name}={value}"
        for name, value in values.items()
    ]


def settings(**values):
    options = make_plan(parse(words(**{**GIVEN, **values}))).options
    return mapping.train_settings(options, resume="never", seed=1)


def test_the_flags_are_the_originals_with_their_defaults():
    assert DEFAULTS == {**THEIRS, **OURS}


def test_every_flag_is_in_one_of_the_tables():
    tables = [SETTINGS, CREATED, WITHOUT_EFFECT, ELSEWHERE]
    assert sorted(name for table in tables for name in table) == sorted(DEFAULTS)


@pytest.mark.parametrize("flag", list(SETTINGS))
def test_a_flag_becomes_a_setting(flag, pictures):
    value, beside, ours, expected = SETTINGS[flag]
    before, after = settings(**beside), settings(**{**beside, flag: value})
    assert (getattr(after, ours), getattr(before, ours) != expected) == (expected, True)


@pytest.mark.parametrize("flag", list(CREATED))
def test_a_flag_decides_how_vectors_start(flag):
    value, ours, expected = CREATED[flag]
    plan = make_plan(parse(words(**GIVEN, **{flag: value})))
    assert getattr(mapping.create_settings(plan.options), ours) == expected


@pytest.mark.parametrize("flag", list(WITHOUT_EFFECT))
def test_a_flag_without_effect_is_accepted_and_named(flag):
    plan = make_plan(parse(words(**GIVEN, **{flag: WITHOUT_EFFECT[flag]})))
    assert [note.partition(" has no effect")[0] for note in plan.notes] == [f"--{flag}"]


def test_the_other_names_of_a_flag_are_accepted():
    assert parse([]) == {}
    assert parse(["--front_end", "--root=there", "--trigger_term=cat"]) == {
        "gui": True, "root_dir": "there", "placeholder_token": "cat",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("hub_token", "secret"),
        ("hub_model_id", "me/cat"),
        ("allow_tf32", True),
        ("resume_from_checkpoint", "checkpoint-500"),
        ("logging_dir", "notes"),
        ("output_dir", "out"),
    ],
)
def test_a_flag_is_passed_on_to_the_shared_trainer(flag, value):
    assert make_plan(parse(words(**GIVEN, **{flag: value}))).options[flag] == value


def test_gui_opens_the_form_with_the_other_flags(monkeypatch):
    opened = []
    monkeypatch.setattr(console, "open_form", lambda given: opened.append(given) or 0)
    assert main(["invokeai", "--gui", "--trigger_term=cat", "--seed=3"]) == 0
    assert opened == [{"placeholder_token": "cat", "seed": 3}]


def test_steps_win_over_epochs():
    assert settings(num_train_epochs=3, max_train_steps=7).max_steps == 7


def test_a_single_file_has_no_pipeline_to_save(home):
    (home / "model.safetensors").write_bytes(b"")
    file, folder = (parse(words(**{**GIVEN, "model": m})) for m in ("model.safetensors", "a/b"))
    assert make_plan(file).options["save_as_full_pipeline"] is False
    assert make_plan(folder).options["save_as_full_pipeline"] is True
    assert make_plan({**folder, "only_save_embeds": True}).options["save_as_full_pipeline"] is False


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"placeholder_token": " "}, "--placeholder_token is missing"),
        ({"train_data_dir": ""}, "--train_data_dir is missing"),
        ({"repeats": 0}, "--repeats is 0"),
        ({"num_train_epochs": 0}, "--num_train_epochs is 0"),
        ({"initializer_token": " "}, "--initializer_token is empty"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(given, says):
    with pytest.raises(SettingsError, match=says):
        make_plan({**GIVEN, **given})


def test_a_property_that_is_neither_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["invokeai", "--learnable_property=person"])
    assert "--learnable_property: invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("stable-diffusion-1.5", "invoke/models/diffusers/sd15"),
        ("sd-1/main/mine", "invoke/models/sd-1/main/mine"),
        ("listed-on-the-hub", "owner/model"),
        ("stable-diffusion-2.1", "stabilityai/stable-diffusion-2-1"),
        ("models/pocket", "models/pocket"),
    ],
)
def test_a_model_is_found_by_the_name_it_has_in_the_root_folder(home, name, found):
    root = home / "invoke"
    for folder in ("models/diffusers/sd15", "models/sd-1/main/mine", "configs"):
        (root / folder).mkdir(parents=True)
    (root / "configs" / "models.yaml").write_text(
        "stable-diffusion-1.5: {path: models/diffusers/sd15, format: diffusers, default: true}\n"
        "sd-1/main/mine: {path: sd-1/main/mine}\nlisted-on-the-hub: {repo_id: owner/model}\n"
    )
    plan = make_plan({**GIVEN, "model": name, "root_dir": str(root)})
    assert plan.options["pretrained_model_name_or_path"].removeprefix(f"{home}/") == found
    assert plan.embeddings == root / "embeddings"


def test_the_root_folder_may_be_named_by_the_environment(home, monkeypatch):
    assert make_plan(GIVEN).embeddings == home / "embeddings"
    monkeypatch.setenv("INVOKEAI_ROOT", str(home / "invoke"))
    plan = make_plan(GIVEN)
    assert plan.embeddings == home / "invoke" / "embeddings"
    assert plan.options.output == home / "invoke" / "text-inversion-model"


def test_help_lists_every_flag_and_its_difference(capsys):
    with pytest.raises(SystemExit):
        main(["invokeai", "--help"])
    shown = "".join(capsys.readouterr().out.split())
    for flag in INVOKEAI_FLAGS:
        assert f"--{flag.name}" in shown
        assert "".join(flag.text.replace("%%", "%").split()) in shown


def test_a_broken_list_of_models_is_named(home):
    (home / "configs").mkdir()
    (home / "configs" / "models.yaml").write_text("a: [")
    with pytest.raises(SettingsError, match="models.yaml cannot be read"):
        make_plan({**GIVEN, "root_dir": str(home)})


def test_the_document_has_a_row_for_every_flag():
    text = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")
    rows = text.partition("## InvokeAI")[2].partition("\n## ")[0].splitlines()
    named = [row.split("`")[1] for row in rows if row.startswith("| `--")]
    assert named == [f"--{flag.name}" for flag in INVOKEAI_FLAGS]
