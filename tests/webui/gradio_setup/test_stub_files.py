"""Gradio is imported without the stub files that it writes for editors."""

import subprocess
import sys

import pytest

COUNTED = """
import ast
parsed = []
parse = ast.parse
ast.parse = lambda *args, **options: parsed.append(args) or parse(*args, **options)
{first}
import gradio
print(len(parsed), hasattr(gradio.Button, "click"))
"""


def imported(first):
    """Import Gradio after `first` in a fresh process: sources parsed, and whether it has events."""
    code = COUNTED.format(first=first)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    parsed, has_events = ran.stdout.split()
    return int(parsed), has_events


@pytest.mark.slow
def test_no_source_is_parsed_for_stub_files():
    parsed, has_events = imported("import webui")
    plain, _ = imported("")
    assert (parsed < plain / 5, has_events) == (True, "True")
