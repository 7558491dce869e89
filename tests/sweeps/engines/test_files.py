"""Files as values: what a training reads of a data set is sent, and nothing else."""

import os

import pytest

from textual_inversion.sweeps.engines.files import File, pack, pack_dataset, unpack


def test_files_are_written_as_they_were_with_their_times(tmp_path):
    for name in ("a.txt", "in/b.bin"):
        path = tmp_path / "from" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        os.utime(path, ns=(5, 1_700_000_000_123_456_789))
    source = tmp_path / "from"
    files = pack(source, [source / "a.txt", source / "in" / "b.bin"])
    assert files[1] == File("in/b.bin", b"in/b.bin", 1_700_000_000_123_456_789)
    unpack(files, tmp_path / "to")
    paths = [path for path in (tmp_path / "to").rglob("*") if path.is_file()]
    assert pack(tmp_path / "to", sorted(paths)) == files


def test_of_a_data_set_goes_what_a_training_reads(pictures):
    (pictures / "0.mask.png").write_bytes((pictures / "0.png").read_bytes())
    (pictures / "3_side").mkdir()
    (pictures / "3_side" / "7.png").write_bytes((pictures / "0.png").read_bytes())
    (pictures / ".latents").mkdir()
    (pictures / ".latents" / "ab.safetensors").write_bytes(b"latents")
    (pictures / "notes.md").write_text("not for training")
    assert sorted(file.path for file in pack_dataset("pictures")) == [
        ".latents/ab.safetensors",
        *("0.mask.png", "0.png", "0.txt", "1.png", "1.txt", "2.png", "2.txt", "3_side/7.png"),
    ]


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_a_folder_without_pictures_is_left_to_the_run_that_names_it(home, name):
    (home / "empty").mkdir()
    assert pack_dataset(name) == ()
