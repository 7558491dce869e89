"""The form: every field of InvokeAI's, by keyboard alone or by mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import DescendantFocus
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Checkbox, Input, RadioSet, Static

from commandline.compat.invokeai import steps_for_epochs
from commandline.compat.invokeai_flags import DEFAULTS
from commandline.console.checks import count_pictures, find_mistakes, newest_checkpoint_of
from commandline.console.cleanup import delete, intermediates
from commandline.console.fields import FieldRow
from commandline.console.launch import Training
from commandline.console.question import Question
from commandline.console.slider import Slider
from commandline.console.values import folders_for, initial_values, models_for, remember
from textual_inversion.errors import TextualInversionError, printable
from textual_inversion.names import strip_brackets
from textual_inversion.settings import ConsoleSettings
from textual_inversion.settings.knobs import walk

_TITLE = "Textual inversion training"
_KEYS = "^N next  ^P previous  arrows  space chooses  ^T train  ^R runs  Esc cancel"


class FormScreen(Screen[None]):
    """Asks for a training's settings, says all that is wrong with them, and starts it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "app.focus_next", "Next field", priority=True),
        Binding("ctrl+p", "app.focus_previous", "Previous field", priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("ctrl+t", "train", "Train", priority=True),
        Binding("ctrl+r", "app.runs", "Runs", priority=True),
        Binding("escape", "app.leave", "Cancel"),
    ]
    AUTO_FOCUS = "#field-placeholder_token Input"

    class Started(Message):
        """A training was started."""

        def __init__(self, training: Training) -> None:
            super().__init__()
            self.training = training

    def __init__(self, given: dict[str, Any], root: Path | None) -> None:
        super().__init__()
        self.given, self.root = given, root
        values = initial_values(given, root)
        models = models_for(root, values["model"])
        self.rows = {
            knob.path: FieldRow(
                knob, values[knob.path], models if knob.ui.widget == "model" else ()
            )
            for knob in walk(ConsoleSettings)
        }
        self._current: FieldRow | None = None
        self._seen = dict(values)
        # What stands in the folders without having been chosen for this trigger.
        self._filled = {name: values[name] for name in folders_for("", root) if name not in given}
        self._reactions: dict[str, Callable[[], None]] = {
            "placeholder_token": self._fill_folders,
            "output_dir": self._tick_resume,
            "num_train_epochs": self._set_steps,
        }

    def compose(self) -> ComposeResult:
        """Show the fields in the order of their declaration, and the help of the one in focus."""
        yield Static(_TITLE, id="title")
        with VerticalScroll(id="fields", can_focus=False):
            yield from self.rows.values()
            with Horizontal(id="buttons"):
                yield Button("Train", id="train", variant="primary", compact=True)
                yield Button("Runs", id="runs", compact=True)
                yield Button("Cancel", id="leave", compact=True)
        yield Static(id="mistakes", markup=False)
        yield Static(id="help", markup=False)
        yield Static(_KEYS, id="keys", markup=False)  # Textual's Footer is made anew at each field

    def on_mount(self) -> None:
        """Show the hints of what the form opens with."""
        self._tick_resume()
        if "num_train_epochs" in self.given and "max_train_steps" not in self.given:
            self._set_steps()
        self._say([])

    def values(self) -> dict[str, Any]:
        """Read the whole form."""
        return {name: row.read() for name, row in self.rows.items()}

    @on(DescendantFocus)
    def _explain(self, event: DescendantFocus) -> None:
        row = next((one for one in event.widget.ancestors if isinstance(one, FieldRow)), None)
        if self._current:
            self._current.remove_class("current")
        if row:
            row.add_class("current")
        self._current = row
        self.query_one("#help", Static).update(row.knob.help if row else "", layout=False)

    @on(Input.Changed)
    @on(Checkbox.Changed)
    @on(RadioSet.Changed)
    @on(Slider.Changed)
    def _change(self, event: Any) -> None:
        row = next(one for one in event.control.ancestors if isinstance(one, FieldRow))
        name, value = row.knob.path, row.read()
        if value != self._seen[name]:  # a control also tells what it begins with
            self._seen[name] = value
            row.complain("")
            self._reactions.get(name, lambda: None)()
            self._hint()

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    @on(Button.Pressed)
    async def _press(self, event: Button.Pressed) -> None:
        if event.button.id == "train":
            self.action_train()
        else:
            await self.run_action(f"app.{event.button.id}")

    def action_train(self) -> None:
        """Say what is wrong, or ask what may be deleted, or train."""
        values = self.values()
        found = find_mistakes(values, self.root)
        for name, row in self.rows.items():
            row.complain(printable(found.get(name, "")))
        self._say(list(found.values()), between=found.get("", ""))
        if found:
            wrong = next((row for name, row in self.rows.items() if name in found), None)
            if wrong is not None:
                wrong.editor.focus()
            return
        settings = ConsoleSettings.build(values)
        output = Path(settings.output_dir).expanduser()
        old = [] if settings.resume else intermediates(output)
        replaced = [] if settings.resume else [*output.glob("learned_embeds.bin")]
        if not old and not replaced:
            self._start(settings, old)
            return
        self.app.push_screen(
            Question(_question(output, old)),
            lambda yes: self._start(settings, old) if yes else None,
        )

    def _start(self, settings: ConsoleSettings, old: Sequence[Path]) -> None:
        try:
            delete(old)
            remember(settings, self.root)
            training = Training.start(settings, self.root, self.given)
        except (TextualInversionError, OSError) as error:
            self._say([str(error)], between=printable(str(error)))
            return
        self.post_message(self.Started(training))

    def _say(self, mistakes: Sequence[str], *, between: str = "") -> None:
        """Tell the number of mistakes, and the one that is no field's."""
        line = self.query_one("#mistakes", Static)
        line.update(between or f"{_counted(len(mistakes), 'mistake')}, named by the fields")
        line.display = bool(mistakes)
        self._hint()

    def _write(self, name: str, value: Any) -> None:
        self.rows[name].write(value)
        self.rows[name].complain("")
        self._seen[name] = self.rows[name].read()

    def _fill_folders(self) -> None:
        """Fill in the folders that the user has not chosen."""
        trigger = self.rows["placeholder_token"].read()
        for name, folder in folders_for(trigger, self.root).items():
            if self.rows[name].read() in {"", self._filled.get(name)}:
                self._write(name, folder)
                self._filled[name] = folder
        self._tick_resume()

    def _tick_resume(self) -> None:
        output = self.rows["output_dir"].read()
        self._write("resume", newest_checkpoint_of(output) is not None)

    def _set_steps(self) -> None:
        values = self.values()
        pictures = count_pictures(values["train_data_dir"])
        if pictures:
            steps = steps_for_epochs(
                epochs=values["num_train_epochs"],
                pictures=pictures,
                repeats=DEFAULTS["repeats"],
                pictures_per_step=_pictures_per_step(values),
            )
            self._write("max_train_steps", steps)

    def _hint(self) -> None:
        values = self.values()
        trigger = strip_brackets(values["placeholder_token"]) or "..."
        pictures = count_pictures(values["train_data_dir"])
        checkpoint = newest_checkpoint_of(values["output_dir"])
        hints = {
            "placeholder_token": f"Trigger by using <{trigger}> in your prompts",
            "train_data_dir": f"{pictures} picture{'' if pictures == 1 else 's'}"
            if pictures
            else "",
            "resume": f"{checkpoint.name} is there" if checkpoint else "there is no checkpoint",
            "scale_lr": _scaled(values),
        }
        for name, row in self.rows.items():
            row.hint(hints.get(name, ""))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _pictures_per_step(values: dict[str, Any]) -> int:
    return values["train_batch_size"] * values["gradient_accumulation_steps"]


def _scaled(values: dict[str, Any]) -> str:
    try:
        rate = float(values["learning_rate"])
    except ValueError:
        return ""
    scaled = rate * _pictures_per_step(values) if values["scale_lr"] else rate
    return f"the rate is then {scaled:g}"


def _question(output: Path, old: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in old)
    deletes = f"deletes {names}, and " if names else ""
    return (
        f"{output} holds an earlier training. Starting anew {deletes}replaces its vectors. "
        "To go on with it, say no and tick the box to resume. Start anew?"
    )
