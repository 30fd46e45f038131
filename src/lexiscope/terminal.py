"""How things look in a terminal: progress bars and tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from tqdm import tqdm

SHARE = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


class Bars:
    """Progress as one bar a stage, on standard error, and only where a person watches.

    An instance is a `lexiscope.workflow.Progress`.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""

    def __call__(self, stage: str, unit: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = tqdm(
                total=total,
                initial=done,
                desc=stage,
                unit=f" {unit}s",
                bar_format=SHARE if unit == "%" else None,
                leave=False,
                disable=None,
                dynamic_ncols=True,
            )
        self._bar.update(done - self._bar.n)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar, self._stage = None, ""


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, e.g. ``1 row`` or ``1,200 rows``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def numbers(values: Sequence[int]) -> str:
    """Return ascending numbers in short, e.g. ``0-6`` or ``0,3,6``."""
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{values[0]}-{values[-1]}"
    return ",".join(map(str, values))


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def as_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows with aligned columns; numbers to the right."""
    if not rows:
        return
    names = list(rows[0])
    cells = [[_cell(row[name]) for name in names] for row in rows]
    right = [all(isinstance(row[name], (int, float)) for row in rows) for name in names]
    widths = [
        max(len(name), *(len(row[column]) for row in cells)) for column, name in enumerate(names)
    ]

    def line(values: Sequence[str]) -> str:
        aligned = (
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(values, widths, right, strict=True)
        )
        return "  " + "  ".join(aligned).rstrip()

    click.secho(line([name.replace("_", " ") for name in names]), dim=True)
    for row in cells:
        click.echo(line(row))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
