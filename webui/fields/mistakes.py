"""What is wrong with a form's values, drawn so that the browser finds the field.

`browser_scripts/mistakes.js` repeats each sentence at its field, and leads there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from markupsafe import Markup

from textual_inversion.errors import (
    EmbeddingError,
    ModelError,
    SettingsError,
    TextualInversionError,
)
from webui.fields.wording import in_labels, named_path
from webui.form import Form
from webui.html import render


class Mistake(NamedTuple):
    """A sentence, the id of its field's control, and of the folded group in which that stands."""

    sentence: str
    field: str = ""
    group: str = ""


def mistakes_of(error: TextualInversionError, form: Form[Any]) -> list[Mistake]:
    """Take an error apart into what is wrong with each field, in the page's words."""
    if isinstance(error, SettingsError) and error.mistakes:
        return [_mistake(path, text, form) for path, text in error.mistakes]
    if isinstance(error, SettingsError | EmbeddingError):
        return [_mistake("", str(error), form)]
    if isinstance(error, ModelError):
        return [_mistake("model", str(error), form)]
    return [Mistake(in_labels(str(error), form.model))]


def mistakes_html(error: TextualInversionError, form: Form[Any] | None) -> Markup:
    """Draw an error; without a form as one sentence that leads nowhere."""
    found = mistakes_of(error, form) if form else [Mistake(str(error))]
    return render("fields/mistakes", mistakes=found)


def _mistake(path: str, text: str, form: Form[Any]) -> Mistake:
    named = path if path in form.by_path else named_path(text, form.model)
    sentence = in_labels(text, form.model).rstrip(".") + "."
    if named not in form.by_path:
        return Mistake(sentence)
    knob = next(knob for knob in form.knobs if knob.path == named)
    group = form.groups.get(knob.ui.group) if knob.ui.advanced else None
    field = form.by_path[named].elem_id or ""
    return Mistake(sentence, field, (group.elem_id or "") if group else "")
