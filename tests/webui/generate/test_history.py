from pathlib import Path

import pytest
from PIL import Image

from textual_inversion.events import Progressed
from textual_inversion.jobs.runner import Runner
from webui.generate.history import known_picture, newest_pictures


@pytest.fixture
def made(home):
    for name in ("2026-01-02/00002-1.png", "2026-01-02/00010-1.png", "2026-01-03/00000-1.png"):
        path = home / "outputs" / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    return home / "outputs"


def names(paths):
    return ["/".join(path.parts[-2:]) for path in paths]


def test_the_newest_come_first_by_day_and_number(made):
    (made / "2026-01-03" / "notes.png").touch()
    (made / "other").mkdir()
    newest = ["2026-01-03/00000-1.png", "2026-01-02/00010-1.png", "2026-01-02/00002-1.png"]
    assert names(newest_pictures()) == newest
    assert names(newest_pictures(1)) == newest[:1]


def test_there_may_be_none(home):
    (home / "outputs").rmdir()
    assert newest_pictures() == []


def test_only_pictures_that_the_program_wrote_are_known(made, tmp_path):
    runner = Runner()
    path = str(Path("outputs") / "2026-01-03" / "00000-1.png")
    assert known_picture(runner, path) == Path(path)
    outside = tmp_path / "2026-01-03" / "00000-1.png"
    outside.parent.mkdir()
    outside.touch()
    for asked in (
        "",
        str(outside),
        "outputs/2026-01-03/../../secret.png",
        path + "x",
        "/etc/passwd",
    ):
        assert known_picture(runner, asked) is None


def test_pictures_of_the_present_job_are_known_wherever_they_lie(made, tmp_path):
    elsewhere = tmp_path / "elsewhere.png"
    elsewhere.touch()
    runner = Runner()
    runner.start("generate", lambda _: iter([Progressed(1, 1, str(elsewhere))]))
    runner.join("generate")
    assert known_picture(runner, str(elsewhere)) == elsewhere
