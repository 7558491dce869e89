import pytest

from commandline.commands import COMMANDS
from commandline.compat.invokeai import make_plan
from commandline.console.launch import command_line, flags_for
from commandline.main import make_parser
from textual_inversion.settings import ConsoleSettings

GIVEN = {"placeholder_token": "cat", "train_data_dir": "pictures", "output_dir": "out"}


def options(given=None, **values):
    """Read back what the form's command line means."""
    flags = flags_for(ConsoleSettings.build(GIVEN, values), None, given or {})
    args = vars(make_parser(["invokeai"]).parse_args(["invokeai", *command_line(flags)]))
    return make_plan({name: value for name, value in args.items() if name in flags}).options


@pytest.mark.parametrize(
    ("ours", "value", "flag", "expected"),
    [
        ("resume", True, "resume_from_checkpoint", "latest"),
        ("resume", False, "resume_from_checkpoint", None),
        ("resolution", "model", "resolution", 0),
        ("resolution", "768", "resolution", 768),
        ("scale_lr", False, "scale_lr", False),
        ("scale_lr", True, "scale_lr", True),
        ("center_crop", True, "center_crop", True),
        ("learning_rate", "5e-3", "learning_rate", 0.005),
        ("max_train_steps", 77, "max_train_steps", 77),
        ("lr_scheduler", "cosine", "lr_scheduler", "cosine"),
        ("validation_prompt", "", "validation_prompt", ""),
        ("num_train_epochs", 1, "max_train_steps", 3000),
        ("mixed_precision", "no", "mixed_precision", "no"),
    ],
)
def test_a_field_reaches_the_training(home, ours, value, flag, expected):
    assert options(**{ours: value})[flag] == expected


def test_the_trigger_gets_brackets_and_only_the_embedding_is_saved(home):
    found = options()
    assert (found.word, found["save_as_full_pipeline"]) == ("<cat>", False)
    assert found["no_safe_serialization"] is True


def test_flags_without_a_field_reach_the_training(home):
    given = {"seed": 7, "train_batch_size": 3, "resume_from_checkpoint": "checkpoint-5"}
    found = options(given, resume=True)
    assert (found["seed"], found["train_batch_size"]) == (7, 8)
    assert found["resume_from_checkpoint"] == "checkpoint-5"
    assert options(given)["resume_from_checkpoint"] is None


def test_the_form_is_a_command():
    assert COMMANDS["console"].module == "training.console"
