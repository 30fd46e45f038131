"""Reports: tables of figures, as Markdown that also reads well in a terminal."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

VERSIONS = ("torch", "transformers", "scikit-learn", "faiss-cpu", "umap-learn", "openTSNE")


@dataclass(frozen=True)
class Options:
    """What the person asked for.

    Attributes
    ----------
    repeats : int or None
        Rounds of every benchmark; None for each one's own number.
    texts : str or None
        A corpus of the person's own for `benchmarks.encoding`.
    match : str
        Which of its words become points, see `lexiscope.Corpus.read`.
    """

    repeats: int | None = None
    texts: str | None = None
    match: str = "prefix"


@dataclass(frozen=True)
class Table:
    """Figures side by side.

    Attributes
    ----------
    title : str
    note : str
        What was measured, in a sentence or two.
    rows : list of dict
        One contender each, all with the same keys.
    """

    title: str
    note: str
    rows: Sequence[dict[str, Any]]

    def markdown(self) -> str:
        """Return the table as Markdown with aligned columns."""
        names = list(self.rows[0])
        cells = [[figure(row[name]) for name in names] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
        right = [any(isinstance(row[name], int | float) for row in self.rows) for name in names]
        rule = [
            "-" * (width - 1) + (":" if end else "-")
            for width, end in zip(widths, right, strict=True)
        ]
        lines = [
            "| "
            + " | ".join(
                cell.rjust(width) if end else cell.ljust(width)
                for cell, width, end in zip(line, widths, right, strict=True)
            )
            + " |"
            for line in (names, rule, *cells)
        ]
        return "\n".join(lines)


def rounds(repeats: int) -> str:
    """Say how often something was measured."""
    return "once" if repeats == 1 else f"median of {repeats}"


def figure(value: Any) -> str:
    """Write a number with three digits that count, and anything else as it is."""
    if value is None:
        return "-"
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def conditions() -> str:
    """Say when and on what the figures were taken, and how busy the machine was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    return (
        f"{datetime.date.today()}, {platform.system()} {platform.machine()}, {cores} cores, "
        f"load {os.getloadavg()[0]:.1f} before the run; "
        f"Python {platform.python_version()}, {versions}."
    )
