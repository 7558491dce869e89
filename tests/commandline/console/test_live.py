"""The screen of a run: of one on disk, and of trainings that are started from the form."""

import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest
from textual.widgets import ProgressBar, Sparkline

from commandline.console.launch import Training
from commandline.console.live import LiveScreen
from tests.commandline.console.pilots import ROOT, drive, form, text_of, wait_for
from textual_inversion.events import Evaluated, Finished, Previewed, Started, Stepped, Warned
from textual_inversion.runs.folder import RunLog, new_run_folder, working_in

LONG = 300


@pytest.fixture(autouse=True)
def _this_checkout(monkeypatch):
    """Let trainings run what is tested."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def run(home):
    """A run of 40 steps, 20 of them done, with a preview."""
    from PIL import Image

    folder = new_run_folder(home / "runs", "cat")
    picture = folder / "images" / "cat-20.png"
    picture.parent.mkdir()
    Image.new("RGB", (64, 64), "red").save(picture)
    steps = [Stepped(n, 40, 1 / n, 1e-3, seconds=n / 2) for n in range(1, 21)]
    more = [Evaluated(10, 0.2, 0, 0, 0), Evaluated(20, 0.1, 0, 0, 0), Warned("All is grey.")]
    with RunLog(folder, start=0, steps_per_epoch=5) as log:
        for event in [Started("cat", 0, 40, str(folder)), *steps, *more]:
            log.keep(event)
        log.keep(Previewed(20, str(picture), "a photo of <cat>"))
    return folder


def end(folder):
    with RunLog(folder, start=20, steps_per_epoch=5) as log:
        log.keep(Finished(20, "stopped", "embeddings/cat.pt"))


def requests(folder):
    return {path.stem for path in folder.glob("*.request")}


@pytest.mark.slow
def test_a_run_of_another_process_is_shown(run):
    async def steps(pilot):
        assert text_of(pilot, "#title") == "cat: running"
        facts = text_of(pilot, "#facts").splitlines()
        assert {line[:14].strip(): line[14:] for line in facts} == {
            "step": "20 of 40", "loss": "0.0500", "fixed batch": "0.1000", "learning rate": "0.001",
            "speed": "2.00 steps a second", "time left": "10 s",
        }  # fmt: skip
        assert pilot.app.screen.query_one(ProgressBar).percentage == 0.5
        assert list(pilot.app.screen.query_one("#fixed", Sparkline).data) == [0.2, 0.1]
        assert len(pilot.app.screen.query_one("#losses", Sparkline).data) == 20
        assert text_of(pilot, "#preview-caption") == "step 20: a photo of <cat>"
        assert "All is grey." in text_of(pilot, "#notes")
        assert "#ff0000" in pilot.app.export_screenshot()

    with working_in(run):
        drive(steps, folder=run)


@pytest.mark.slow
def test_keys_ask_the_run_that_is_attached(run):
    async def steps(pilot):
        for key, asked in (("s", "save"), ("p", "sample"), ("q", "stop")):
            await pilot.press(key)
            assert asked in requests(run)
        await wait_for(pilot, lambda: text_of(pilot, "#title") == "cat: stopping")
        end(run)
        working.close()
        await wait_for(pilot, lambda: text_of(pilot, "#title") == "cat: stopped")
        assert "Result: embeddings/cat.pt" in text_of(pilot, "#notes")
        await pilot.press("q")

    with ExitStack() as working:
        working.enter_context(working_in(run))
        app = drive(steps, folder=run)
    assert app.return_code == 0


@pytest.mark.slow
def test_a_run_that_has_ended_is_asked_for_nothing(run):
    end(run)

    async def steps(pilot):
        assert text_of(pilot, "#title") == "cat: stopped"
        await pilot.press("s", "p", "d")
        assert requests(run) == set()

    drive(steps, folder=run)


@pytest.mark.slow
def test_a_damaged_preview_is_named(run):
    (run / "images" / "cat-20.png").write_bytes(b"half a picture")

    async def steps(pilot):
        assert "cat-20.png" in text_of(pilot, "#preview-caption")
        assert text_of(pilot, "#title") == "cat: killed"
        assert "The program ended meanwhile." in text_of(pilot, "#notes")

    drive(steps, folder=run)


@pytest.mark.slow
def test_a_run_is_chosen_from_the_list(run):
    async def steps(pilot):
        await pilot.press("ctrl+r")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert text_of(pilot, "#title") == "cat: running"
        await pilot.press("escape", "escape")
        assert pilot.app.screen is form(pilot)

    with working_in(run):
        drive(steps)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "is_deleted"), [("enter", False), ("y", True)])
def test_checkpoints_and_logs_are_deleted_only_after_a_question(run, home, key, is_deleted):
    end(run)
    output = home / "out"
    (output / "checkpoint-20").mkdir(parents=True)
    (output / "checkpoint-20" / "cat.ckpt").write_bytes(b"1")
    (output / "learned_embeds.bin").write_bytes(b"1")
    process = subprocess.Popen([sys.executable, "-c", ""])
    training = Training(process, output, home / "runs", home / "embeddings" / "cat.bin", 0)

    async def steps(pilot):
        process.wait()
        pilot.app.push_screen(LiveScreen(training=training))
        await pilot.pause()
        await pilot.press("d", key)
        await pilot.pause()

    drive(steps)
    assert (output / "checkpoint-20").exists() is run.exists() is not is_deleted
    assert (output / "learned_embeds.bin").exists()


@pytest.mark.slow
def test_a_training_that_cannot_start_says_why(home, pictures, stacks):
    broken = shutil.copytree(stacks["sd1"], home / "models" / "broken")
    for path in broken.glob("unet/*.safetensors"):
        path.unlink()

    async def steps(pilot):
        await pilot.press(*"cat", "ctrl+t")
        await pilot.pause()
        await wait_for(pilot, lambda: text_of(pilot, "#title") == "The training did not start.")
        assert "broken" in text_of(pilot, "#facts")
        assert not (home / "embeddings" / "cat").exists()

    drive(steps, given={"train_data_dir": "pictures", "model": "models/broken"})


@pytest.mark.slow
def test_the_form_trains_the_pocket_model_by_the_keyboard_alone(home):
    data = home / "text-inversion-training-data" / "dolphin"
    shutil.copytree(ROOT / "samples" / "dolphin", data)
    keys = {
        "initializer_token": ["backspace", *"animal"],
        "resolution": ["right", "right", "right", "space"],
        "mixed_precision": ["left", "space"],
        "max_train_steps": ["9", "9", "9"],
        "train_batch_size": ["2"],
        "gradient_accumulation_steps": ["1"],
        "validation_prompt": [*["backspace"] * len("a photo of [name]"), *"[name]"],
    }

    async def steps(pilot):
        await pilot.press(*"dolphin")
        for name, pressed in keys.items():
            while not form(pilot).rows[name].editor.has_focus:
                await pilot.press("ctrl+n")
            await pilot.press(*pressed)
        await pilot.press("ctrl+t")
        await pilot.pause()
        screen = pilot.app.screen
        await wait_for(
            pilot, lambda: screen.follower and screen.follower.run.step >= 2, seconds=300
        )
        assert pilot.app.left_running == [screen.follower.folder]
        await pilot.press("p")
        await wait_for(
            pilot, lambda: "<dolphin>" in text_of(pilot, "#preview-caption"), seconds=300
        )
        await pilot.press("q")
        await wait_for(pilot, lambda: text_of(pilot, "#title") == "dolphin: stopped")
        await wait_for(pilot, lambda: screen.training.has_ended)

    app = drive(steps)
    assert app.left_running == []
    assert (home / "embeddings" / "dolphin" / "learned_embeds.bin").is_file()
    assert list((home / "text-inversion-output" / "dolphin").glob("checkpoint-*/*.ckpt"))
