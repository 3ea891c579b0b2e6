"""Whole processes timed in turn, so that a ratio holds while the machine's speed drifts."""

from __future__ import annotations

import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Timed:
    """Median wall time [s] and largest peak memory [MB] of several runs of one command."""

    seconds: float
    peak_mb: float


def in_turn(*commands: list[str], runs: int = 7) -> tuple[Timed, ...]:
    """Run each command once to warm caches, then all of them in turn, `runs` times."""
    times: list[list[float]] = [[] for _ in commands]
    peaks: list[list[float]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for index, command in enumerate(commands):
            seconds, peak = _run(command)
            if turn:
                times[index].append(seconds)
                peaks[index].append(peak)
    return tuple(Timed(statistics.median(t), max(p)) for t, p in zip(times, peaks, strict=True))


def python(code: str) -> list[str]:
    """Return the command that runs code in this Python."""
    return [sys.executable, "-c", code]


def _run(command: list[str]) -> tuple[float, float]:
    begin = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        command,
        dict(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - begin
    assert os.waitstatus_to_exitcode(status) == 0, f"{command} failed"
    return seconds, usage.ru_maxrss / 1024
