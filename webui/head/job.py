"""The training at the head of every tab: how far it is, Stop, and word of it outside the page.

The browser tab's title tells the progress, and a notification the end. Whether notifications may be
shown is asked once, when somebody presses Train.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from webui.event_options import UNQUEUED
from webui.polling import Part
from webui.views.status import badge_html

_SCRIPT = """() => {
  const ASKED = 'ti-notifications-asked', title = document.title;
  let running = '';
  const look = () => {
    const badge = document.querySelector('#badge [data-state]');
    document.title = badge?.dataset.title || title;
    if (!badge) return;
    const {run, name, ended} = badge.dataset;
    if (!ended) { running = name; return; }
    // Only of an end that this page has seen coming.
    if (running !== name) return;
    running = '';
    if (window.Notification?.permission === 'granted') {
      new Notification(name, {body: ended, tag: run});
    }
  };
  new MutationObserver(look).observe(
    document.querySelector('#badge'), {childList: true, subtree: true, attributes: true});
  document.addEventListener('click', event => {
    if (!event.target.closest('#train-start-button, #start-train-button')) return;
    if (!window.Notification) return;
    if (Notification.permission !== 'default' || localStorage.getItem(ASKED)) return;
    localStorage.setItem(ASKED, 'yes');
    Notification.requestPermission();
  }, true);
  look();
}"""


def draw(runner: Runner) -> list[Part]:
    """Draw the badge and its Stop button."""
    with gr.Row(elem_classes="ti-job"):
        badge = gr.HTML(elem_id="badge")
        stop = gr.Button(
            "Stop",
            variant="stop",
            size="sm",
            min_width=72,
            visible=False,
            elem_id="head-stop-button",
        )
    stop.click(lambda: runner.stop("train"), **UNQUEUED)
    return [
        Part("train", badge, badge_html),
        Part("train", stop, _stop_button, lambda run: run.state),
    ]


def listen(page: gr.Blocks) -> None:
    """Make the browser follow the badge."""
    page.load(None, None, None, js=_SCRIPT, **UNQUEUED)


def _stop_button(run: Run | None) -> Any:
    is_active = run is not None and run.is_active
    is_stopping = run is not None and run.state == "stopping"
    return gr.update(visible=is_active, interactive=not is_stopping)
