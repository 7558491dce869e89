"""Hundreds of hostile files in one folder: said in a sentence each, in little time and memory."""

import json
import subprocess
import sys

import pytest
import torch

from tests.embeddings.formats.hostile import fill

MAX_MB = 500
TOOK = ("cold_s", "warm_s", "slowest_s", "mb", "good")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc for its own memory")
def test_hundreds_of_hostile_files_are_listed_in_seconds_and_none_runs(tmp_path):
    folder, proof = tmp_path / "embeddings", tmp_path / "proof"
    count = fill(folder, proof)
    torch.save({"emb_params": torch.ones(2, 768)}, folder / "honest.pt")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.embeddings.formats.hostile_run", str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    said = json.loads(ran.stdout)
    sys.stdout.write(f"{count} files: {[said[key] for key in TOOK]}")
    assert count >= 300
    assert not proof.exists()
    assert "honest" in said["good"]
    assert said["mb"] < MAX_MB
    assert (said["cold_s"] < 60, said["warm_s"] < 1, said["slowest_s"] < 5) == (True, True, True)
    assert len(said["messages"]) == count + 1
    assert [text for text in said["messages"] if not text.isprintable() or len(text) > 500] == []
