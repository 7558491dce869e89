"""A field of the form: a knob's label, its control, a hint and what is wrong with its value."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Checkbox, Input, RadioButton, RadioSet, Static

from commandline.console.slider import Slider
from textual_inversion.settings.knobs import Knob

_IN_A_ROW = 4


class PathSuggester(Suggester):
    """Completes the name of a folder; the right arrow key takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first folder that begins with what is typed."""
        typed = Path(value).expanduser()
        parent, start = (typed, "") if value.endswith("/") else (typed.parent, typed.name)
        try:
            names = [path.name for path in parent.iterdir() if path.is_dir()]
        except OSError:
            return None
        found = sorted(name for name in names if name.startswith(start) and name != start)
        return value + found[0][len(start) :] if found else None


class Choice(RadioSet):
    """One of a few words; arrows move, space chooses."""

    def __init__(self, choices: tuple[str, ...], chosen: str, *, is_list: bool) -> None:
        words = choices if chosen in choices else (chosen, *choices)
        super().__init__(
            *(RadioButton(word, value=word == chosen, name=word, compact=True) for word in words),
            compact=True,
            classes="list" if is_list else "grid" if len(words) > _IN_A_ROW else "row",
        )
        self._start = words.index(chosen)

    def on_mount(self) -> None:
        """Stand on the word that is chosen; the first one is where a set begins."""
        for _ in range(self._start):
            self.action_next_button()

    @property
    def chosen(self) -> str:
        """The word."""
        pressed = self.pressed_button
        return (pressed.name if pressed else None) or ""

    def choose(self, word: str) -> None:
        """Press the button of a word."""
        for button in self.query(RadioButton):
            if button.name == word:
                button.value = True


class FieldRow(Vertical):
    """One field of the form."""

    DEFAULT_CLASSES: ClassVar[str] = "field"

    def __init__(self, knob: Knob, value: Any, choices: tuple[str, ...] = ()) -> None:
        super().__init__(id=f"field-{knob.path}")
        self.knob = knob
        self.editor = _editor(knob, value, choices or knob.choices)
        self._hint = Static(classes="hint", markup=False)
        self._mistake = Static(classes="mistake", markup=False)

    def compose(self) -> ComposeResult:
        """Put the label before the control, and what there is to say below."""
        with Horizontal(classes="line"):
            yield Static(self.knob.ui.label, classes="label", markup=False)
            yield self.editor
        yield self._hint
        yield self._mistake

    def read(self) -> Any:
        """Return the value as it stands in the control."""
        match self.editor:
            case Choice():
                return self.editor.chosen
            case Input():
                return self.editor.value.strip()
            case Checkbox() | Slider():
                return self.editor.value
            case _:
                raise AssertionError(self.editor)

    def write(self, value: Any) -> None:
        """Put a value into the control; nobody is told."""
        with self.editor.prevent(Input.Changed, Checkbox.Changed, RadioSet.Changed):
            if isinstance(self.editor, Choice):
                self.editor.choose(value)
            elif isinstance(self.editor, Input | Checkbox | Slider):
                self.editor.value = value  # pyright: ignore[reportAttributeAccessIssue]

    def hint(self, text: str) -> None:
        """Show a hint below the control; an empty one takes no room."""
        self._hint.update(text)
        self._hint.display = bool(text)

    def complain(self, text: str) -> None:
        """Show what is wrong below the control; an empty text takes it away."""
        self._mistake.update(text)
        self._mistake.display = bool(text)
        self.set_class(bool(text), "wrong")


def _editor(knob: Knob, value: Any, choices: tuple[str, ...]) -> Widget:
    if knob.kind == "bool":
        return Checkbox(value=bool(value), compact=True)
    if choices:
        return Choice(choices, str(value), is_list=knob.ui.widget == "model")
    if knob.ui.widget == "slider":
        low, high = int(knob.minimum or 0), int(knob.maximum or 0)
        return Slider(int(value), minimum=low, maximum=high, step=int(knob.ui.step or 1))
    suggester = PathSuggester() if knob.ui.widget == "folder" else None
    return Input(str(value), suggester=suggester, compact=True, select_on_focus=False)
