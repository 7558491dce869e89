"""The form by keyboard and mouse, without a training."""

import pytest
from textual.widgets import Checkbox, Input

from commandline.console.fields import Choice
from commandline.console.slider import Slider
from tests.commandline.console.pilots import drive, earlier, form, go_to, mistakes, text_of

CURVES = (
    "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial",
)  # fmt: skip
# InvokeAI's form: label, control, default, and what can be chosen.
FIELDS = {
    "model": ("Model name", Choice, "models/pocket", ("models/pocket",)),
    "placeholder_token": ("Trigger term", Input, "", None),
    "initializer_token": ("Initializer", Input, "*", None),
    "resume": ("Resume from last saved checkpoint", Checkbox, False, None),
    "learnable_property": ("Learnable property", Choice, "object", ("object", "style")),
    "train_data_dir": ("Data training directory", Input, "", None),
    "output_dir": ("Output destination directory", Input, "", None),
    "resolution": ("Image resolution", Choice, "512", ("512", "768", "1024", "model")),
    "center_crop": ("Center crop images", Checkbox, False, None),
    "mixed_precision": ("Mixed precision", Choice, "fp16", ("no", "fp16", "bf16")),
    "num_train_epochs": ("Number of training epochs", Slider, 100, (1, 1000, 50)),
    "max_train_steps": ("Max training steps", Slider, 3000, (1, 10_000, 500)),
    "train_batch_size": ("Batch size", Slider, 8, (1, 50, 1)),
    "gradient_accumulation_steps": ("Gradient accumulation steps", Slider, 4, (1, 10, 1)),
    "lr_warmup_steps": ("Warmup steps", Slider, 0, (0, 100, 1)),
    "learning_rate": ("Learning rate", Input, "0.0005", None),
    "scale_lr": ("Scale learning rate", Checkbox, True, None),
    "enable_xformers_memory_efficient_attention": (
        "Use xformers acceleration", Checkbox, False, None,
    ),
    "lr_scheduler": ("Learning rate scheduler", Choice, "constant", CURVES),
}  # fmt: skip


def choices(editor):
    match editor:
        case Choice():
            return tuple(button.name for button in editor.query("RadioButton"))
        case Slider():
            return editor.minimum, editor.maximum, editor.step
    return None


@pytest.mark.slow
def test_the_form_has_every_field_of_the_original(home):
    async def steps(pilot):
        found = {
            name: (row.knob.ui.label, type(row.editor), row.read(), choices(row.editor))
            for name, row in form(pilot).rows.items()
        }
        assert {name: found[name] for name in FIELDS} == FIELDS
        assert found.keys() - FIELDS.keys() == {
            "num_vectors", "validation_prompt", "validation_steps",
        }  # fmt: skip

    drive(steps)


@pytest.mark.slow
def test_every_field_is_reached_by_the_keyboard_and_explained(home):
    async def steps(pilot):
        rows = list(form(pilot).rows.values())
        for row in rows[1:]:  # from the trigger on, the second field
            assert row.editor.has_focus
            assert text_of(pilot, "#help") == row.knob.help
            await pilot.press("ctrl+n")
        assert pilot.app.focused.id == "train"
        await pilot.press("shift+tab", "up", "down", "tab", "ctrl+p")
        assert rows[-1].editor.has_focus

    drive(steps)


@pytest.mark.slow
def test_arrows_and_space_choose(home):
    async def steps(pilot):
        await go_to(pilot, "resolution")
        await pilot.press("down", "space")
        await go_to(pilot, "mixed_precision")
        await pilot.press("left", "space")
        await go_to(pilot, "center_crop")
        await pilot.press("space")
        values = form(pilot).values()
        found = (values["resolution"], values["mixed_precision"], values["center_crop"])
        assert found == ("768", "no", True)

    drive(steps)


@pytest.mark.slow
def test_the_mouse_chooses(home):
    async def steps(pilot):
        await pilot.click("#field-learnable_property RadioButton:last-of-type")
        await pilot.click("#field-center_crop Checkbox")
        await pilot.click("#field-train_batch_size Slider", offset=(0, 0))
        values = form(pilot).values()
        found = (values["learnable_property"], values["center_crop"], values["train_batch_size"])
        assert found == ("style", True, 1)

    drive(steps)


@pytest.mark.slow
def test_a_trigger_fills_the_folders_but_not_one_that_was_chosen(home, sample):
    async def steps(pilot):
        await pilot.press(*"cat")
        values = form(pilot).values()
        assert values["train_data_dir"] == str(sample)
        assert values["output_dir"] == str(home / "text-inversion-output" / "cat")
        assert "<cat>" in text_of(pilot, "#field-placeholder_token .hint")
        assert text_of(pilot, "#field-train_data_dir .hint") == "3 pictures"
        await go_to(pilot, "output_dir")
        await pilot.press("end", "2")
        form(pilot).rows["placeholder_token"].editor.focus()
        await pilot.press("end", "s")
        values = form(pilot).values()
        assert values["train_data_dir"] == f"{sample}s"
        assert values["output_dir"] == str(home / "text-inversion-output" / "cat2")

    drive(steps)


@pytest.mark.slow
def test_resume_ticks_itself_when_a_checkpoint_is_there(home, sample):
    (home / "text-inversion-output" / "ca").mkdir(parents=True)  # a folder is no checkpoint
    earlier(home)

    async def steps(pilot):
        row = form(pilot).rows["resume"]
        await pilot.press("c", "a")
        assert row.read() is False
        await pilot.press("t")
        assert row.read() is True
        assert text_of(pilot, "#field-resume .hint") == "checkpoint-1000 is there"
        await pilot.press("s")
        assert row.read() is False

    drive(steps)


@pytest.mark.slow
def test_all_mistakes_are_shown_at_once_by_the_field(home):
    (home / "file").write_text("")
    given = {"output_dir": "file", "train_data_dir": "nowhere", "model": "models/none"}

    async def steps(pilot):
        for name, keys in {"initializer_token": ["backspace"], "learning_rate": ["x"]}.items():
            await go_to(pilot, name)
            await pilot.press("end", *keys)
        await go_to(pilot, "enable_xformers_memory_efficient_attention")
        await pilot.press("space", "ctrl+t")
        found = mistakes(pilot)
        assert list(found) == [
            "model", "placeholder_token", "initializer_token", "train_data_dir", "output_dir",
            "learning_rate", "enable_xformers_memory_efficient_attention",
        ]  # fmt: skip
        assert found["initializer_token"] == "is empty"
        assert found["learning_rate"] == "must be a number"
        assert found["train_data_dir"].startswith("There is no folder nowhere")
        assert text_of(pilot, "#mistakes") == "7 mistakes, named by the fields"
        assert form(pilot).rows["model"].editor.has_focus

    drive(steps, given=given)


@pytest.mark.slow
def test_a_corrected_field_is_no_longer_red(home):
    async def steps(pilot):
        await pilot.press("ctrl+t")
        assert "placeholder_token" in mistakes(pilot)
        await pilot.press(*"cat")
        assert "placeholder_token" not in mistakes(pilot)

    drive(steps)


@pytest.mark.slow
def test_moving_the_epochs_sets_the_steps(home, sample):
    async def steps(pilot):
        await pilot.press(*"cat")
        assert form(pilot).rows["max_train_steps"].read() == 3000
        await go_to(pilot, "num_train_epochs")
        await pilot.press("right")  # 150 epochs of 3 x 100 pictures, 32 a step
        assert form(pilot).rows["max_train_steps"].read() == 150 * 10

    drive(steps)


@pytest.mark.slow
def test_the_flags_of_a_command_fill_the_form(home, pictures):
    given = {
        "placeholder_token": "<dog>", "train_data_dir": "pictures", "resolution": 768,
        "learning_rate": 0.005, "scale_lr": False, "model": "models/pocket", "seed": 3,
    }  # fmt: skip

    async def steps(pilot):
        values = form(pilot).values()
        assert (values["placeholder_token"], values["train_data_dir"]) == ("dog", "pictures")
        assert (values["resolution"], values["learning_rate"]) == ("768", "0.005")
        assert (values["scale_lr"], values["model"]) == (False, "models/pocket")

    drive(steps, given=given)


@pytest.mark.slow
def test_the_right_arrow_completes_a_folder(home, pictures):
    async def steps(pilot):
        await go_to(pilot, "train_data_dir")
        await pilot.press(*"pic")
        await pilot.pause()
        await pilot.press("right")
        assert form(pilot).values()["train_data_dir"] == "pictures"

    drive(steps)


@pytest.mark.slow
def test_what_is_wrong_between_fields_stands_below_them(home, pictures):
    given = {"placeholder_token": "cat", "train_data_dir": "pictures", "output_dir": "pictures"}

    async def steps(pilot):
        await pilot.press("ctrl+t")
        assert text_of(pilot, "#mistakes").startswith("the pictures and the results need two")
        assert mistakes(pilot) == {}

    drive(steps, given=given)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 110])
def test_nothing_is_cut_off_in_a_terminal_of_the_usual_width(home, columns):
    async def steps(pilot):
        controls = pilot.app.screen.query("RadioButton, Slider, Checkbox, Input, #fields Button")
        assert max(control.region.right for control in controls) <= columns

    drive(steps, size=(columns, 24))
