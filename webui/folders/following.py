"""The destination follows the source, until somebody writes one of their own."""

from __future__ import annotations

import gradio as gr
from gradio.components import Component

from webui.event_options import UNQUEUED

_FOLLOW = """(source, destination, before) => {
  const last = path => (path ?? '').trim().replace(/[\\/\\\\]+$/, '').split(/[\\/\\\\]/).pop();
  const follows = path => {
    const name = last(path);
    if (!name || /^[.~]/.test(name)) return '';
    return /^prepared[\\/\\\\]/.test(path.trim()) ? `prepared/${name}-2` : `prepared/${name}`;
  };
  const free = !(destination ?? '').trim() || destination === follows(before);
  return [free && follows(source) ? follows(source) : undefined, source];
}"""


def follow(source: Component, destination: Component, first: str) -> None:
    """Fill `destination` after `source`; `first` is the source that the form was drawn with."""
    before = gr.Textbox(first, visible=False)
    changed = source.change  # pyright: ignore[reportAttributeAccessIssue]
    inputs, outputs = [source, destination, before], [destination, before]
    changed(None, inputs, outputs, js=_FOLLOW, **UNQUEUED)
