"""One run folder has one process at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from textual_inversion.runs.folder import is_own_file, is_running

STARTS = """
import sys
from pathlib import Path
from textual_inversion.errors import TrainingError
from textual_inversion.runs.folder import working_in
print("ready", flush=True)
sys.stdin.readline()
try:
    with working_in(Path(sys.argv[1])):
        print("runs", flush=True)
        sys.stdin.readline()
except TrainingError as error:
    print(error, flush=True)
"""


@pytest.mark.slow
def test_two_processes_started_at_once_give_one_run_and_one_sentence(tmp_path):
    both = [
        subprocess.Popen(
            [sys.executable, "-c", STARTS, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for _ in range(2)
    ]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
    answers = sorted(process.stdout.readline() for process in both)
    running = is_running(tmp_path)
    for process in both:
        process.communicate("end\n", timeout=10)
    assert running
    assert not is_running(tmp_path)
    assert answers == [
        f"A training runs in {tmp_path} already; wait for the end of that run, or stop it "
        "with: ti stop.\n",
        "runs\n",
    ]


@pytest.mark.parametrize(
    ("name", "is_own"),
    [("events.jsonl", True), ("running.lock", False), ("stop.request", False), (".a.part", False)],
)
def test_what_the_process_keeps_in_a_folder_is_not_of_the_run(name, is_own):
    assert is_own_file(Path(name)) is is_own
