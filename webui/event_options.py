"""How an event is wired that shows no progress, and keeps none."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
UNQUEUED: dict[str, Any] = {**QUIET, "queue": False}
# The last of many keystrokes wins.
WHILE_TYPING: dict[str, Any] = {**UNQUEUED, "trigger_mode": "always_last"}
# In drawn HTML: a button with `data-do` and `data-which` becomes a click with these two.
HEAR_BUTTONS = """
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-do]');
  if (button) trigger('click', {do: button.dataset.do, which: button.dataset.which});
});
"""


def hide_progress(page: gr.Blocks, unseen: Component) -> None:
    """Make the events that show no progress report it to `unseen`, a component that is not shown.

    Gradio 6 keeps a loading status of what an event fills, and of what it reads, and after each
    event renews every status there is, each with a search of the whole page. So what goes off by
    itself should read little, too: a form's one stored value rather than its eighty controls.
    """
    for event in page.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = [unseen]
