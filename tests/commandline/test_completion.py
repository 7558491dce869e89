import shutil
import subprocess

import pytest

from commandline.main import main

CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.mark.parametrize("shell", list(CHECKS))
def test_a_script_knows_commands_and_flags(home, capsys, shell):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("publish", "max-steps", "completion", "lr_warmup_steps"))
    if shutil.which(shell):
        (home / "script").write_text(script)
        subprocess.run([*CHECKS[shell], "script"], check=True)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_a_flag(home, capsys):
    assert main(["completion", "bash"]) == 0
    ask = "COMP_WORDS=(ti train --max-st); COMP_CWORD=2; _shtab_ti; echo ${COMPREPLY[@]}"
    (home / "script").write_text(capsys.readouterr().out + "\n" + ask)
    ended = subprocess.run(["bash", "script"], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["--max-steps"]
