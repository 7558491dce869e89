"""Signals to a program whose main thread does not care for them."""

import signal
import subprocess
import sys
import time

import pytest

DEAF = """
import time
from commandline import interrupts
interrupts.GRACE_SECONDS = 1.0
interrupts.on_interrupt(lambda: print("asked", flush=True))
print("ready", flush=True)
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print("still here", flush=True)
"""
STUCK = """
import re
from commandline import interrupts
interrupts.GRACE_SECONDS = 1.0
interrupts.on_interrupt(lambda: print("asked", flush=True))
print("ready", flush=True)
try:
    __import__("ctypes").CDLL(None).pause()
    while True:
        __import__("ctypes").CDLL(None).sleep(60)
except KeyboardInterrupt:
    while True:
        __import__("ctypes").CDLL(None).sleep(60)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no TERM")
@pytest.mark.parametrize("program", [DEAF, STUCK])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_a_deaf_program_within_seconds(program, how):
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as deaf:
        assert deaf.stdout.readline() == "ready\n"
        deaf.send_signal(how)
        time.sleep(0.3)
        assert deaf.poll() is None
        start = time.perf_counter()
        deaf.send_signal(how)
        try:
            assert deaf.wait(timeout=8) == 130
        finally:
            deaf.kill()
        assert time.perf_counter() - start < 4
        assert "ended at once" in deaf.stderr.read()
