"""The demonstration as a person starts it: the whole process of `lexiscope demo`."""

from __future__ import annotations

import sys
import tempfile
from statistics import median

from benchmarks import measure
from benchmarks.report import Options, Table, rounds

REPEATS = 1


def run(options: Options) -> list[Table]:
    """Run the demonstration into an empty folder."""
    repeats = options.repeats or REPEATS
    runs = [_demo() for _ in range(repeats)]
    row = {
        "first result, s": median(_first_result(each) for each in runs),
        "everything, s": median(each.seconds for each in runs),
        "peak memory, MB": median(each.peak_mb for each in runs),
    }
    note = (
        "`lexiscope demo --no-view`: the embedded checkpoint's tables, the example sentences at "
        f"every layer, PCA and t-SNE of each, and their quality; {rounds(repeats)}."
    )
    return [Table("The demonstration", note, [row])]


def _demo() -> measure.Process:
    with tempfile.TemporaryDirectory() as folder:
        return measure.run(
            [
                sys.executable,
                "-m",
                "lexiscope",
                "demo",
                "--no-view",
                "-o",
                f"{folder}/demo.atlas",
            ]
        )


def _first_result(process: measure.Process) -> float:
    return next(seconds for seconds, line in process.lines if line)
