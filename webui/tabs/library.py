"""The Library tab: find an embedding, see where it works, change it, import, download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import escape

from textual_inversion.errors import EmbeddingError, TextualInversionError
from textual_inversion.jobs.runner import Runner
from webui.event_options import QUIET, UNQUEUED, WHILE_TYPING
from webui.jobs import warm
from webui.layout import lead, page_errors
from webui.polling import Watched
from webui.tabs import export
from webui.views.library import PAGE, Shelf, details_html, list_html

_LEAD = (
    "Everything in embeddings/ and its sub-folders, whoever made it. Choose one to see which "
    "programs load it, and what to type there."
)
_DROP = "Import .pt, .bin, .safetensors, or pictures"
# What is pressed in a list that may be drawn anew at any time.
_LISTEN = """
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  if (button.dataset.do === 'open')
    document.querySelectorAll('.ti-shelf button').forEach(one =>
      one.setAttribute('aria-pressed', one.dataset.which === button.dataset.which));
  trigger('click', {do: button.dataset.do, which: button.dataset.which});
});
"""
# Only a page from this machine or by HTTPS may use the clipboard's own interface.
_COPY = """
const byHand = text => {
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
};
element.addEventListener('click', async event => {
  const button = event.target.closest('button[data-copy]');
  if (!button) return;
  try { await navigator.clipboard.writeText(button.dataset.copy); }
  catch { byHand(button.dataset.copy); }
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
});
"""


class LibraryTab:
    """The drawn tab; `changed` comes when files in the folder have changed, by whomever."""

    def __init__(self, runner: Runner, page: gr.Blocks, tab: gr.Tab, base_model: Component) -> None:
        self._device = runner.device
        self.shelf = Shelf()
        self._model = base_model
        lead(_LEAD)
        # What is chosen: its key, and where it can be used its name; and how many are shown.
        self._key = gr.Textbox("", visible=False)
        self._name = gr.Textbox("", visible=False)
        self._limit = gr.Number(PAGE, visible=False)
        # Text, because JSON tells of a change with every poll.
        self._seen = gr.Textbox("", visible="hidden", elem_id="library-state")
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=5, min_width=320):
                self._draw_list()
            with gr.Column(scale=6, min_width=320):
                self._draw_details()
        self.changed = self._seen.change
        self._listen(page, tab)

    @property
    def parts(self) -> list[Watched]:
        """What tells pages that the folder has changed."""
        return [Watched(self._seen, lambda: str(self.shelf.state_key()), self.shelf.state_key)]

    def _draw_list(self) -> None:
        self._search = gr.Textbox(
            label="Search", placeholder="name, family, base model or file", elem_id="library-search"
        )
        self._only = gr.Checkbox(label="Only what fits the base model", elem_id="library-only")
        self._undo = gr.Button("Undo", size="sm", visible=False, elem_id="library-undo-button")
        self._list = gr.HTML(elem_id="library-list", js_on_load=_LISTEN, apply_default_css=False)
        self._drop = gr.File(label=_DROP, file_count="multiple", height=120, elem_id="library-drop")

    def _draw_details(self) -> None:
        with gr.Column(visible=False, elem_classes="ti-card") as self._actions:
            self._new_name = gr.Textbox(label="Name", elem_id="library-name")
            with gr.Row():
                self._rename = _small("rename", "Rename")
                self._duplicate = _small("duplicate", "Duplicate")
                self._delete = _small("delete", "Delete")
            export.draw(self._name, "library")
        self._details = gr.HTML(elem_id="library-details", js_on_load=_LISTEN + _COPY)

    def _listen(self, page: gr.Blocks, tab: gr.Tab) -> None:
        """Hear what is typed, pressed and dropped, and what changes in the folder."""
        query = [self._search, self._only, self._model, self._limit, self._key]
        drawn: dict[str, Any] = {"inputs": query, "outputs": [self._list, self._undo]}
        for typed in (self._search.input, self._only.input):
            typed(lambda: PAGE, None, self._limit, **UNQUEUED)
            typed(self._found, **drawn, **WHILE_TYPING)
        unasked = (page.load, tab.select, self._model.change, self._seen.change)  # pyright: ignore[reportAttributeAccessIssue]
        for moment in unasked:
            moment(self._found, **drawn, **WHILE_TYPING)
        shown = [self._details, self._actions, self._name, self._new_name]
        chosen: dict[str, Any] = {"inputs": [self._key, self._model], "outputs": shown}
        details: dict[str, Any] = {"inputs": [self._key, self._model], "outputs": self._details}
        for moment in (page.load, self._model.change):  # pyright: ignore[reportAttributeAccessIssue]
            moment(self._described, **details, **UNQUEUED)
        for source in (self._list, self._details):
            pressed = source.click(self._pressed, self._limit, [self._key, self._limit], **UNQUEUED)
            pressed.then(self._chosen, **chosen, **QUIET).then(self._found, **drawn, **UNQUEUED)
        for event in self._changes():
            event.success(self._chosen, **chosen, **QUIET).then(self._found, **drawn, **UNQUEUED)

    def _changes(self) -> list[Any]:
        """Connect what changes the folder; each gives the key of what is chosen then."""
        asked = {"inputs": [self._key, self._new_name], "outputs": self._key}
        return [
            self._rename.click(self._do_rename, **asked, **QUIET),
            self._new_name.submit(self._do_rename, **asked, **QUIET),
            self._duplicate.click(self._do_duplicate, **asked, **QUIET),
            self._delete.click(self._do_delete, self._key, self._key, **QUIET),
            self._undo.click(self._do_undo, None, self._key, **QUIET),
            self._drop.upload(self._do_import, self._drop, [self._key, self._drop], **QUIET),
        ]

    def _found(
        self, text: str | None, only: Any, model: str | None, limit: float, key: str | None
    ) -> tuple[str, Any]:
        """Draw the list, and the button that puts back what was deleted last."""
        drawn = list_html(
            self.shelf,
            text or "",
            model,
            only_fitting=bool(only),
            limit=int(limit),
            chosen=key or "",
        )
        deleted = self.shelf.library.deleted()[:1]
        label = f"Undo: put back {deleted[0].name}" if deleted else "Undo"
        return drawn, gr.update(value=label, visible=bool(deleted))

    def _pressed(self, limit: float, event: gr.EventData) -> tuple[Any, Any]:
        if event.do == "more":
            return gr.skip(), int(limit) + PAGE
        return str(event.which), gr.skip()

    def _described(self, key: str | None, model: str | None) -> str:
        if key:
            warm(self._device)
        return details_html(self.shelf, key or "", model)

    def _chosen(self, key: str | None, model: str | None) -> tuple[str, Any, str, str]:
        """Draw what is chosen, and what can be done with it."""
        entry = self.shelf.find(key or "")
        usable = entry.name if entry and not entry.problem else ""
        return (
            self._described(key, model),
            gr.update(visible=entry is not None),
            usable,
            entry.name if entry else "",
        )

    def _do_rename(self, key: str, new_name: str) -> str:
        from textual_inversion.embeddings.library.renaming import rename

        with page_errors():
            return self._key_at(rename(self.shelf.library, self._named(key), new_name))

    def _do_duplicate(self, key: str, new_name: str) -> str:
        with page_errors():
            name = self._named(key)
            wanted = "" if new_name.strip() == name else new_name
            return self._key_at(self.shelf.library.duplicate(name, wanted))

    def _do_delete(self, key: str) -> str:
        from textual_inversion.embeddings.library.renaming import refuse_while_trained

        with page_errors():
            entry = self.shelf.find(key)
            if entry is None:
                raise EmbeddingError("Choose an embedding first.")
            refuse_while_trained(entry.name)
            self.shelf.library.remove(entry)
            self.shelf.forget()
        return ""

    def _do_undo(self) -> str:
        with page_errors():
            return self._key_at(self.shelf.library.undelete())

    def _do_import(self, files: list[str] | None) -> tuple[Any, None]:
        """Import each dropped file that holds an embedding, and say what is wrong with others."""
        key = ""
        for file in map(Path, files or []):
            try:
                added = self.shelf.library.add(file)
            except TextualInversionError as error:
                said = str(error).replace(str(file), file.name)
                gr.Warning(escape(said), title="Not imported")
            else:
                key = added[0].key
            file.unlink(missing_ok=True)
        self.shelf.forget()
        return key or gr.skip(), None

    def _named(self, key: str) -> str:
        """Return the name of what is chosen, where it can be used."""
        entry = self.shelf.find(key)
        if entry is None or entry.problem:
            raise EmbeddingError((entry and entry.problem) or "Choose an embedding first.")
        return entry.name

    def _key_at(self, path: Path) -> str:
        """Return the key of the first embedding of a file that was just written."""
        self.shelf.forget()
        return next((one.key for one in self.shelf.entries() if one.path == path), "")


def _small(name: str, label: str) -> gr.Button:
    return gr.Button(label, size="sm", min_width=110, elem_id=f"library-{name}-button")
