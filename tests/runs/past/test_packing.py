import zipfile

from tests.runs.past.conftest import make_run
from textual_inversion.runs.past.packing import file_name, pack_run


def test_a_run_is_packed_without_what_only_a_process_needs(log_dir, tmp_path):
    folder = make_run(log_dir, "cat", steps=2)
    for name in ("running.lock", "running.lock.check", "stop.request", ".abc.part"):
        (folder / name).touch()
    (folder / "images" / "link.png").symlink_to("/etc/hostname")
    with zipfile.ZipFile(pack_run(folder, tmp_path / file_name(folder, ".zip"))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert archive.filename.endswith("2026-01-01-cat.zip")
    assert names == [
        "cat/events.jsonl",
        "cat/images/cat-2.png",
        "cat/images/cat-without.png",
        "cat/settings.json",
    ]
