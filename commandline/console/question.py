"""A question before something is deleted: no is the default."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class Question(ModalScreen[bool]):
    """Asks; Enter and Escape say no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right,ctrl+n,ctrl+p", "app.focus_next", "Next", show=False),
    ]
    AUTO_FOCUS = "#no"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        """Show the text above two buttons."""
        with Vertical(id="question"):
            yield Static(self.text, markup=False)
            with Horizontal():
                yield Button("No", id="no", variant="primary", compact=True)
                yield Button("Yes", id="yes", variant="error", compact=True)

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001
        """Answer by a key."""
        self.dismiss(yes)
