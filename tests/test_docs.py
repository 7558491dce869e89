"""Documents are held true by tests."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import options_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CLUSTER = sorted(path for path in (ROOT / "docs" / "cluster").iterdir() if path.suffix != ".md")
MANY_RUNS = ROOT / "docs" / "many-runs.md"


def test_the_options_table_is_fresh():
    assert options_table.PATH.read_text(encoding="utf-8") == options_table.render()


@pytest.mark.slow
def test_the_table_of_files_is_fresh():
    from tools import files_table

    assert files_table.PATH.read_text(encoding="utf-8") == files_table.render()


def test_every_picture_and_file_that_readme_names_is_there():
    names = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_ci_runs_readmes_own_test_command():
    command = 'pip install -e ".[test]" && pytest'
    assert command in README
    assert 'readme_command "pytest"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_flag_that_readme_shows_exists():
    from commandline.main import make_parser

    commands = make_parser()._subparsers._group_actions[0].choices
    shown = re.findall(r"^ti (\w+)(.*)$", README.replace("\\\n", " "), flags=re.MULTILINE)
    assert {name for name, _ in shown} >= {"create", "preprocess", "train", "generate"}
    for name, rest in shown:
        known = {flag for action in commands[name]._actions for flag in action.option_strings}
        assert known.issuperset(re.findall(r"--[a-z-]+", rest))


def test_every_flag_beside_another_trainers_word_exists():
    from commandline.main import make_parser

    commands = make_parser(["create", "train", "export"])._subparsers._group_actions[0].choices
    known = {flag for one in commands.values() for flag in one._option_string_actions}
    text = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")
    tables = text[text.index("## AUTOMATIC1111") :]
    ours = [row.split("|")[2] for row in tables.splitlines() if row.startswith("| ")]
    shown = {flag for cell in ours for flag in re.findall(r"--[a-z-]+", cell)} - {"---"}
    assert len(shown) > 40
    assert shown - known == set()


def shell_of(path):
    """Give what a file of docs/cluster runs in a shell."""
    import yaml

    text = path.read_text(encoding="utf-8")
    if path.suffix not in {".yml", ".yaml"}:
        return text
    task = yaml.safe_load(text)
    return "\n".join([*task.get("commands", ()), task.get("setup", ""), task.get("run", "")])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("path", CLUSTER, ids=lambda path: path.name)
def test_what_a_cluster_runs_is_a_shell_script(path):
    script = shell_of(path)
    quoted = re.findall(r"^job='$(.*?)^'$", script, flags=re.MULTILINE | re.DOTALL)
    for part in (script, *quoted):
        done = subprocess.run(["bash", "-n"], input=part, text=True, capture_output=True)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", [*CLUSTER, MANY_RUNS], ids=lambda path: path.name)
def test_every_training_that_is_shown_for_many_machines_can_be_read(path):
    from commandline.main import make_parser

    parser = make_parser(["create", "train", "sweep", "batch"])
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    shown = re.findall(r"(?:[\s`]ti|-m textual_inversion) ((?:train|sweep|batch) [^`\n]+)", text)
    assert shown
    for line in shown:
        assert parser.parse_args(shlex.split(line)).command in line
