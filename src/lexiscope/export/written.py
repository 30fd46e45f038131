"""Written: the files of an export, and what a person is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class Written(list[Path]):
    """The files that an export wrote.

    Parameters
    ----------
    files : iterable of pathlib.Path
    notes : iterable of str
        What is in them, what was left out and how they are read, a plain sentence each.

    Attributes
    ----------
    notes : tuple of str
    """

    def __init__(self, files: Iterable[Path], notes: Iterable[str] = ()) -> None:
        super().__init__(files)
        self.notes = tuple(notes)


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, e.g. ``1 map`` or ``12 maps``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
