"""Standard output holds what the program says, in its order, and nothing a compiled library prints."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, os
from agog_capacity.commitments.quiet import quiet_output

print("before")
with quiet_output():
    os.write(1, b"past Python\\n")
    with quiet_output():
        ctypes.CDLL(None).puts(b"held back by C")
    ctypes.CDLL(None).puts(b"still inside")
print("after")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the C library has another name")
def test_only_what_python_says_reaches_standard_output():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nafter\n"
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell is needed")
def test_without_standard_output_nothing_is_done():
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, PROGRAM.replace("os.write(", "print(")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
