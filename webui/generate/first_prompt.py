"""The prompt that stands on the Generate tab until somebody writes another one.

Only the browser can tell: it remembers what was filled in last, and any other prompt is somebody's
own. So the server proposes, and what is typed while its answer comes stays.
"""

from __future__ import annotations

from typing import Any

from gradio.components import Component

from webui.event_options import UNQUEUED

_FILL_IN = """(prompt, words) => {
  const KEY = 'ti-first-prompt', written = (prompt || '').trim();
  if (!words || (written && written !== localStorage.getItem(KEY))) return undefined;
  localStorage.setItem(KEY, words);
  return words;
}"""
# Of the embedding that is chosen, or else of the first one; words that name it already stay.
_CHOOSE = f"""(chosen, prompt, first) => {{
  const fillIn = {_FILL_IN}, name = chosen || first;
  const isNamed = name && (prompt || '').includes(`<${{name}}>`);
  const words = name && !isNamed ? fillIn(prompt, `a photo of <${{name}}>`) : undefined;
  return [chosen || !first ? undefined : first, words];
}}"""


def propose(moment: Any, prompt: Component, words: Component) -> None:
    """Fill in `words` after an event, unless somebody has written a prompt."""
    moment.then(None, [prompt, words], prompt, js=_FILL_IN, **UNQUEUED)


def choose_first(moment: Any, chosen: Component, prompt: Component, first: Component) -> None:
    """Choose the embedding `first` after an event where none is chosen, and fill in its prompt."""
    moment.then(None, [chosen, prompt, first], [chosen, prompt], js=_CHOOSE, **UNQUEUED)
