"""The commands of README and of docs/: run as they are written, or at least parsed."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
from pathlib import Path

import pytest

from commandline.main import main, make_parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

# What takes too long as it is written; of a flag that stands twice the last one counts.
SHORTER = {
    "train": "--max-steps 2 --save-image-every 0",
    "generate": "--steps 2 --num-images 1",
    "evaluate": "--steps 2 --num-prompts 2 --num-snapshots 0",
}
# Asks a training that runs.
ASKS = {"save", "sample", "stop"}


def blocks(text):
    """Read the code blocks of a page, continued lines joined."""
    return [
        block.replace("\\\n", " ") for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    ]


def in_blocks():
    """List the `ti` commands of README's code blocks, in order."""
    return [line for block in blocks(README) for line in re.findall(r"^ti .*$", block, re.M)]


def written():
    """List the `ti` commands of all pages, those inside sentences included."""
    texts = [path.read_text(encoding="utf-8") for path in DOCS]
    inline = [found for text in texts for found in re.findall(r"`(ti [^`]+)`", text)]
    blocked = [line for text in texts for block in blocks(text) for line in block.splitlines()]
    commands = [*inline, *(line for line in blocked if line.startswith("ti "))]
    return sorted({" ".join(command.split()) for command in commands})


# A sentence names a command by its first words: these need more, or are of no parser.
NAMED_ONLY = {
    "ti",
    "ti check",
    "ti completion",
    "ti convert",
    "ti create",
    "ti delete",
    "ti duplicate",
    "ti import",
    "ti rename",
    "ti diffusers",
    "ti diffusers-sdxl",
    "ti doctor",
    "ti export",
    "ti fetch",
    "ti generate",
    "ti inspect",
    "ti preprocess",
    "ti publish",
    "ti sample",
    "ti save",
    "ti stop",
    "ti train",
}


@pytest.mark.parametrize("command", [c for c in written() if c not in NAMED_ONLY])
def test_every_command_that_a_page_shows_is_parsed(command):
    argv = shlex.split(command)[1:]
    if "--help" in argv:
        with pytest.raises(SystemExit) as caught:
            make_parser().parse_args(argv)
        assert caught.value.code == 0
    else:
        assert vars(make_parser().parse_args(argv))


def test_the_pages_show_commands():
    assert len(in_blocks()) >= 9
    assert {"ti captioners", "ti train --help", "ti status"} < {*written()}


@pytest.mark.slow
def test_readmes_commands_do_the_main_job(home, pictures):
    pictures.rename(home / "photos")
    for command in in_blocks():
        name, *rest = shlex.split(command)[1:]
        if name in ASKS:
            assert main([name, *rest]) == 1  # nothing runs any more
            continue
        steps = "--max-steps 3" if "--queue" in rest else ""
        more = f"{SHORTER.get(name, '')} {steps}".split()
        assert main([name, *rest, *more]) == 0, command
    assert list((home / "runs").glob("*/my-pet/checkpoints/my-pet-3.ckpt"))
    assert list((home / "outputs").rglob("*.png"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the tracked files, and a fresh environment that sees what is installed here."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", "venv"], cwd=folder, check=True)
    (packages,) = folder.glob("venv/lib/*/site-packages")
    (packages / "seen.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder


def environment(folder, **more):
    """Activate the copy's environment, as its `activate` does."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    path = os.pathsep.join([str(folder / "venv" / "bin"), kept["PATH"]])
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**kept, "VIRTUAL_ENV": str(folder / "venv"), "PATH": path, **quiet, **more}


def command_of_readme(ending):
    (command,) = re.findall(rf"^pip install .* && {re.escape(ending)}$", README, re.M)
    return command


def skip_without_index(output):
    """Leave out what cannot be tried: pip wants the build backend from its index."""
    if "No matching distribution found for hatchling" in output:
        pytest.skip("pip cannot reach its index, from which it takes hatchling")


@pytest.mark.slow
def test_readmes_test_command_installs_and_tests(checkout):
    done = subprocess.run(
        ["bash", "-c", command_of_readme("pytest")],
        cwd=checkout,
        env=environment(checkout, PYTEST_ADDOPTS="-p no:cacheprovider tests/test_names.py"),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    skip_without_index(done.stderr)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"Successfully installed .*textual-inversion-webui", done.stdout)
    assert "passed" in done.stdout


@pytest.mark.slow
def test_readmes_first_command_installs_and_opens_the_page(checkout, tmp_path):
    said = tmp_path / "said.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            ["bash", "-c", command_of_readme("python app.py")],
            cwd=checkout,
            env=environment(checkout, PYTHONUNBUFFERED="1"),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = address_in(said, process)
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.status == 200
            assert b"Textual Inversion" in answer.read()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait(30)


def address_in(said, process):
    """Wait for the address that the page prints."""
    end = time.monotonic() + 400
    while time.monotonic() < end:
        text = said.read_text()
        if found := re.search(r"http://[\d.]+:\d+", text):
            return found[0]
        if process.poll() is not None:
            skip_without_index(text)
            break
        time.sleep(0.2)
    pytest.fail(said.read_text()[-2000:])
