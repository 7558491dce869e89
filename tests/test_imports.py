"""The layers hold: light things stay light, and nothing imports upwards."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "transformers", "gradio", "webui")


def loaded(code):
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


@pytest.mark.parametrize(
    "module", ["settings", "knobs", "events", "runview", "jobs", "cli", "prompts"]
)
def test_the_light_modules_load_nothing_heavy(module):
    assert loaded(f"import textual_inversion.{module}").isdisjoint(HEAVY)


def test_help_loads_nothing_heavy():
    code = "from textual_inversion.cli import make_parser; make_parser().format_help()"
    assert loaded(code).isdisjoint({*HEAVY, "PIL", "numpy"})


def test_the_core_knows_no_page():
    assert loaded("import textual_inversion.run").isdisjoint({"gradio", "webui", "preprocessing"})


def test_preprocessing_needs_no_torch():
    assert loaded("import preprocessing").isdisjoint(HEAVY)
