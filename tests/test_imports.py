"""The layers hold: nothing imports upwards or in a circle, and light things stay light."""

import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

HEAVY = ("torch", "diffusers", "transformers", "gradio", "webui")
# Each may import those before it. `__main__` alone looks up, so that `python -m` works.
FRONT_TO_BACK = (("textual_inversion",), ("preprocessing",), ("commandline", "webui"))
CORE = (
    ("errors",),
    ("events", "names", "randomness"),
    ("background",),
    ("storage",),
    ("images",),
    ("settings",),
    ("prompts",),
    ("runs",),
    ("devices",),
    ("models",),
    ("jobs",),
    ("embeddings",),
    ("data",),
    ("generation",),
    ("training",),
    ("evaluation",),
    ("sweeps",),
)
LOOKS_UP = "textual_inversion.__main__"
MOST_MODULES = 15


@cache
def graph():
    """Read all imports, those inside functions and for type checkers included."""
    packages = [name for layer in FRONT_TO_BACK for name in layer]
    return grimp.build_graph(*packages, cache_dir=None)


def arrows():
    for module in graph().modules - {LOOKS_UP}:
        for imported in graph().find_modules_directly_imported_by(module):
            yield module, imported


def layer(name, layers):
    return next(i for i, names in enumerate(layers) if name in names)


def cycle(edges):
    """Give a circle among edges (importer, imported), or None."""
    before = {}
    for importer, imported in edges:
        before.setdefault(importer, set()).add(imported)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def package(module, depth=2):
    return ".".join(module.split(".")[:depth])


@pytest.mark.slow
def test_no_import_leads_up_from_a_core_to_a_front_end():
    up = [
        arrow
        for arrow in arrows()
        if package(arrow[0], 1) != package(arrow[1], 1)
        and layer(package(arrow[1], 1), FRONT_TO_BACK) >= layer(package(arrow[0], 1), FRONT_TO_BACK)
    ]
    assert up == []


def test_no_import_leads_up_inside_the_core():
    inside = [
        (importer, imported)
        for importer, imported in arrows()
        if package(importer, 1) == package(imported, 1) == "textual_inversion"
        and importer.count(".")
        and imported.count(".")
        and package(importer) != package(imported)
    ]
    up = [
        (importer, imported)
        for importer, imported in inside
        if layer(imported.split(".")[1], CORE) >= layer(importer.split(".")[1], CORE)
    ]
    assert (len(inside) > 100, up) == (True, [])


def test_nothing_imports_in_a_circle():
    assert cycle(arrows()) is None
    assert cycle((package(a), package(b)) for a, b in arrows() if package(a) != package(b)) is None


def test_a_circle_would_be_found():
    assert cycle([("a", "b"), ("b", "c"), ("c", "a")]) is not None


def test_no_package_is_too_large_to_be_overlooked():
    parents = {name.rpartition(".")[0] for name in graph().modules}
    files = graph().modules - parents
    sizes = Counter(name.rpartition(".")[0] for name in files if "." in name)
    assert {name: size for name, size in sizes.items() if size > MOST_MODULES} == {}


def loaded(code):
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "textual_inversion.settings",
        "textual_inversion.settings.knobs",
        "textual_inversion.events",
        "textual_inversion.runs.state",
        "textual_inversion.jobs.runner",
        "textual_inversion.prompts.placeholders",
        "textual_inversion.generation.grids.axes",
        "textual_inversion.generation.grids.votes",
        "commandline.main",
    ],
)
def test_the_light_modules_load_nothing_heavy(module):
    assert loaded(f"import {module}").isdisjoint(HEAVY)


@pytest.mark.slow
def test_the_list_of_commands_loads_none_of_them():
    code = "from commandline.main import make_parser; make_parser([]).format_help()"
    assert loaded(code).isdisjoint({*HEAVY, "PIL", "numpy", "rich", "filelock", "pydantic"})


@pytest.mark.slow
def test_the_flags_of_all_commands_load_nothing_heavy():
    code = "from commandline.main import make_parser; make_parser().format_help()"
    assert loaded(code).isdisjoint(HEAVY)


@pytest.mark.slow
def test_preprocessing_needs_no_torch():
    assert loaded("import preprocessing").isdisjoint(HEAVY)
