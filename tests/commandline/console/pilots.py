"""Textual's pilot at the form, without a terminal."""

import asyncio
import time
from pathlib import Path

from commandline.console.app import ConsoleApp
from commandline.console.form import FormScreen

ROOT = Path(__file__).resolve().parents[3]


def drive(steps, *, given=None, folder=None, size=(110, 50)):
    """Open the console and take the steps, a coroutine of the pilot; return the app."""
    app = ConsoleApp(given or {}, Path("runs"), folder=folder)

    async def run():
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(pilot)

    asyncio.run(run())
    return app


async def go_to(pilot, name):
    """Put the cursor into a field."""
    form(pilot).rows[name].editor.focus()
    await pilot.pause()


def form(pilot):
    """Return the form, wherever it lies in the stack of screens."""
    return next(s for s in pilot.app.screen_stack if isinstance(s, FormScreen))


def mistakes(pilot):
    """Return what stands in red below the fields."""
    found = {name: row.query_one(".mistake") for name, row in form(pilot).rows.items()}
    return {name: str(line.render()) for name, line in found.items() if line.display}


def text_of(pilot, selector):
    """Return the text of a widget of the topmost screen."""
    return str(pilot.app.screen.query_one(selector).render())


async def wait_for(pilot, is_true, *, seconds=60):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        await pilot.pause(0.2)


def earlier(home):
    """Leave an earlier training of the trigger "cat" behind."""
    folder = home / "text-inversion-output" / "cat"
    for step in (500, 1000):
        (folder / f"checkpoint-{step}").mkdir(parents=True)
        (folder / f"checkpoint-{step}" / "cat.ckpt").write_bytes(b"1")
    (folder / "learned_embeds-steps-500.bin").write_bytes(b"1")
    (folder / "learned_embeds.bin").write_bytes(b"1")
    (folder / "my notes.txt").write_text("keep")
    return folder
