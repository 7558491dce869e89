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
    for (const [field, {value}] of [...typed]) {
      if (!field.isConnected || read(field) === value) continue;
      typed.delete(field);
      if (toggles(field)) { field.click(); continue; }
      field.value = value;
      field.dispatchEvent(new Event('input', {bubbles: true}));
    }
    if (performance.now() < until) requestAnimationFrame(watch);
  };
  // Anything else that is pressed, such as an option or a button, may fill fields in on purpose.
  const end = () => { typed = new Map(); until = 0; };
  document.addEventListener('pointerdown', event => {
    if (!event.target.closest('input, textarea, label')) end();
  }, true);
  document.addEventListener('keydown', event => { if (event.key === 'Enter') end(); }, true);
  document.addEventListener('click', event => {
    if (!event.target.closest('button.label-wrap, button[role=tab]')) return;
    typed = new Map();
    until = performance.now() + WATCHED_MS;
    requestAnimationFrame(watch);
  }, true);
  // A key may come before the frame in which the check above would have seen the old value.
  document.addEventListener('beforeinput', event => {
    const field = event.target, before = typed.get(field);
    if (!before || performance.now() >= until || read(field) === before.value) return;
    field.value = before.value;
    if (before.at !== null) field.setSelectionRange(before.at, before.at);
  }, true);
  document.addEventListener('input', event => {
    const field = event.target;
    if (performance.now() >= until || field.role) return;
    typed.set(field, {value: read(field), at: field.selectionStart ?? null});
    until = Math.max(until, performance.now() + WATCHED_MS);
  }, true);
}"""


def keep_what_is_typed(page: gr.Blocks) -> None:
    """Write what was typed into a part just opened again, where Gradio has replaced it."""
    page.load(None, None, None, js=_KEEP_TYPED, **UNQUEUED)
