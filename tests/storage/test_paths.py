"""Folders by day: the newest first, and no further looked than asked."""

import os
from itertools import islice
from pathlib import Path

from textual_inversion.storage.paths import by_day


def write(folder, key, age):
    path = folder / key / "made.json"
    path.parent.mkdir(parents=True)
    path.touch()
    os.utime(path, (10**9 - age, 10**9 - age))


def test_the_newest_day_and_in_it_the_newest_file_come_first(tmp_path):
    for age, key in enumerate(["2026-02-01/b", "2026-02-01/a", "2026-01-31/c"]):
        write(tmp_path, key, age)
    (tmp_path / "2026-03-01" / "unfinished").mkdir(parents=True)
    (tmp_path / "file").touch()
    assert [folder.name for folder in by_day(tmp_path, "made.json")] == ["b", "a", "c"]


def test_who_wants_the_newest_looks_at_no_earlier_day(tmp_path, monkeypatch):
    for age, key in enumerate(["2026-02-01/b", "2026-01-31/c"]):
        write(tmp_path, key, age)
    looked, glob = [], Path.glob
    monkeypatch.setattr(Path, "glob", lambda self, *a: looked.append(self.name) or glob(self, *a))
    (newest,) = islice(by_day(tmp_path, "made.json"), 1)
    assert newest.name == "b"
    assert looked == [tmp_path.name, "2026-02-01"]
