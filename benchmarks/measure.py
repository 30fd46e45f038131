"""Measuring: functions in processes of their own, contenders in turn."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

# What the operating system counts a process's peak memory in.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Process:
    """A process that has ended.

    Attributes
    ----------
    seconds : float
        From its start to its end.
    peak_mb : float
        The most memory (resident set) it held, in millions of bytes.
    lines : tuple of (float, str)
        What it printed, each line with the seconds after which it came.
    """

    seconds: float
    peak_mb: float
    lines: tuple[tuple[float, str], ...]

    @property
    def value(self) -> Any:
        """What a function run by `fresh` returned."""
        return json.loads(self.lines[-1][1])


def run(command: Sequence[str]) -> Process:
    """Run a command to its end.

    Its peak memory is right only while this very process is small, for on Linux a process
    starts with the peak of the one it was forked from. So benchmarks import NumPy and all else
    inside the functions that they hand to `fresh`.

    Raises
    ------
    RuntimeError
        When it fails, with the end of what it wrote to standard error.
    """
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as child:
            assert child.stdout is not None
            lines = tuple((time.perf_counter() - begin, line.rstrip()) for line in child.stdout)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - begin
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)}\n{errors.read().decode()[-2000:]}")
    return Process(seconds, usage.ru_maxrss * PEAK_UNIT / 1e6, lines)


def fresh(function: Callable[..., Any], *arguments: Any) -> Process:
    """Call a module's function in a new interpreter; arguments and result must be JSON."""
    name = f"{function.__module__}:{function.__qualname__}"
    return run([sys.executable, "-m", "benchmarks.measure", name, json.dumps(arguments)])


def in_turn(repeats: int, contenders: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Call every contender `repeats` times, one after the other in each round.

    So what else the machine does at the time falls on all of them.
    """
    results: dict[str, list[T]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            results[name].append(contender())
    return results


def seconds(function: Callable[[], Any]) -> float:
    """Call a function and return how long it took."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def main() -> None:
    """Call the function named on the command line and print its result."""
    module, _, function = sys.argv[1].partition(":")
    # What libraries print must not mix with the result.
    with contextlib.redirect_stdout(sys.stderr):
        value = getattr(importlib.import_module(module), function)(*json.loads(sys.argv[2]))
    print(json.dumps(value))


if __name__ == "__main__":
    main()
