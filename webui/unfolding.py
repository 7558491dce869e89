"""What is typed right after a tab or an accordion was opened stays.

Gradio draws a closed part only when it is opened, and writes the drawn values into it once more one
frame after it can be seen, which on a busy machine is a second later.
"""

from __future__ import annotations

import gradio as gr

from webui.event_options import UNQUEUED

_KEEP_TYPED = """() => {
  const WATCHED_MS = 3000;
  let typed = new Map(), until = 0;
  const toggles = field => ['checkbox', 'radio'].includes(field.type);
  const read = field => toggles(field) ? field.checked : field.value;
  const watch = () => {
    for (const [field, value] of [...typed]) {
      if (!field.isConnected || read(field) === value) continue;
      typed.delete(field);
      if (toggles(field)) { field.click(); continue; }
      field.value = value;
      field.dispatchEvent(new Event('input', {bubbles: true}));
    }
    if (performance.now() < until) requestAnimationFrame(watch);
  };
  document.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) return;
    // Any other button may fill fields in on purpose.
    typed = new Map();
    const opens = button.matches('.label-wrap, [role=tab]');
    until = opens ? performance.now() + WATCHED_MS : 0;
    if (opens) requestAnimationFrame(watch);
  }, true);
  document.addEventListener('input', event => {
    const field = event.target;
    if (performance.now() < until && !field.role) typed.set(field, read(field));
  }, true);
}"""


def keep_what_is_typed(page: gr.Blocks) -> None:
    """Write what was typed into a part just opened again, where Gradio has replaced it."""
    page.load(None, None, None, js=_KEEP_TYPED, **UNQUEUED)
