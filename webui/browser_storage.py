"""What the browser keeps between two visits, and the scripts that save it and put it back.

Nothing here depends on when the server answers: what was typed in the meantime counts more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

_PREFIX = "textual-inversion-"
_SECRET = "only-hides-from-a-glance"
_PUT_BACK = """(checked, ...values) => {
  window.formsAreRestored = true;
  const drawn = DRAWN, kept = checked.flat();
  // An empty text box may have been drawn with null.
  const untouched = at => JSON.stringify(values[at] ?? '') === JSON.stringify(drawn[at] ?? '');
  const back = values.map((_, at) => kept[at].length && untouched(at) ? kept[at][0] : undefined);
  const now = values.map((value, at) => back[at] ?? value);
  let at = 0;
  const saved = FORMS.map(paths => JSON.stringify(
    Object.fromEntries(paths.map(path => [path, now[at++]]))));
  return [...back, ...saved];
}"""


def stored(name: str, value: str, *, render: bool = True) -> gr.BrowserState:
    """Make the component that keeps a text in the browser under a name of this program's own.

    Text only: Gradio takes an object for a new one each time that it is read, and may then save it
    and tell of a change without end.
    """
    return gr.BrowserState(value, storage_key=_PREFIX + name, secret=_SECRET, render=render)


def save_script(paths: Sequence[str]) -> str:
    """Write the script that names values by their paths in JSON; no keystroke needs the server.

    Controls also tell of their first values, which must not replace what is kept.
    """
    named = f"Object.fromEntries({json.dumps(paths)}.map((path, at) => [path, values[at]]))"
    return f"(...values) => window.formsAreRestored ? JSON.stringify({named}) : undefined"


def put_back_script(forms: Sequence[Mapping[str, Any]]) -> str:
    """Write the script that puts values back where a control still has the value it was drawn with.

    It takes a list for each of `forms` (drawn values by path) of one-value or empty lists, and then
    the controls' values; after what is to be put back it returns for each form what is to be kept.
    """
    drawn = json.dumps([value for form in forms for value in form.values()])
    paths = json.dumps([list(form) for form in forms])
    return _PUT_BACK.replace("FORMS", paths).replace("DRAWN", drawn)
