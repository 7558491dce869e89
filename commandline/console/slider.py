"""A slider for whole numbers: arrows go by steps, digits type a number, the mouse drags."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

_LARGE_STEPS = 5
_NUMBER_WIDTH = 7


class Slider(Widget, can_focus=True):
    """Chooses a whole number from `minimum` to `maximum`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Less", show=False),
        Binding("right", "move(1)", "More", show=False),
        Binding("pagedown", f"move(-{_LARGE_STEPS})", "Much less", show=False),
        Binding("pageup", f"move({_LARGE_STEPS})", "Much more", show=False),
        Binding("home", "edge(False)", "Least", show=False),
        Binding("end", "edge(True)", "Most", show=False),
        Binding("backspace", "erase", "Erase a digit", show=False),
    ]
    value: reactive[int] = reactive(0)

    class Changed(Message):
        """The user chose another number."""

        def __init__(self, slider: Slider) -> None:
            super().__init__()
            self.slider = slider

        @property
        def control(self) -> Slider:
            """The slider, for `on`."""
            return self.slider

    def __init__(self, value: int, *, minimum: int, maximum: int, step: int) -> None:
        super().__init__()
        self.minimum, self.maximum, self.step = minimum, maximum, step
        self._typed = ""
        self._is_dragged = False
        self.set_reactive(Slider.value, self.validate_value(value))

    def validate_value(self, value: int) -> int:
        """Keep a value between the ends."""
        return min(max(value, self.minimum), self.maximum)

    def render(self) -> Text:
        """Draw the track, and the number behind it."""
        width = self._track
        at = round((self.value - self.minimum) / max(1, self.maximum - self.minimum) * (width - 1))
        knob = self.get_component_rich_style("slider--knob")
        rest = self.get_component_rich_style("slider--rest")
        return Text.assemble(
            ("━" * at, knob), ("●", knob), ("─" * (width - 1 - at), rest),
            f"{self.value:>{_NUMBER_WIDTH}}",
        )  # fmt: skip

    COMPONENT_CLASSES: ClassVar[set[str]] = {"slider--knob", "slider--rest"}

    @property
    def _track(self) -> int:
        return max(2, self.content_size.width - _NUMBER_WIDTH)

    def action_move(self, steps: int) -> None:
        """Go to the next multiples of the step, or to an end."""
        whole, rest = divmod(self.value, self.step)
        up_from = whole + (1 if rest and steps < 0 else 0)
        self._choose((up_from + steps) * self.step)

    def action_edge(self, last: bool) -> None:  # noqa: FBT001
        """Go to an end."""
        self._choose(self.maximum if last else self.minimum)

    def action_erase(self) -> None:
        """Take the last digit away."""
        typed = (self._typed or str(self.value))[:-1]
        self._choose(int(typed or 0), typed=typed)

    def on_key(self, event: events.Key) -> None:
        """Type a number."""
        if event.character and event.character in "0123456789":
            event.stop()
            typed = self._typed + event.character
            self._choose(int(typed), typed=typed if int(typed) < self.maximum else "")

    def on_blur(self) -> None:
        """Begin a new number the next time."""
        self._typed = ""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the knob."""
        self._is_dragged = True
        self.capture_mouse()
        self._point(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the knob."""
        if self._is_dragged:
            self._point(event)

    def on_mouse_up(self) -> None:
        """Let the knob go."""
        self._is_dragged = False
        self.release_mouse()

    def _point(self, event: events.MouseEvent) -> None:
        offset = event.get_content_offset_capture(self)
        share = min(max(offset.x / (self._track - 1), 0), 1)
        wanted = self.minimum + share * (self.maximum - self.minimum)
        self._choose(self.maximum if share == 1 else round(wanted / self.step) * self.step)

    def _choose(self, value: int, *, typed: str = "") -> None:
        self._typed = typed
        before, self.value = self.value, self.validate_value(value)
        if self.value != before:
            self.post_message(self.Changed(self))
