"""Vectors as a file has them, and the source they are read from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError

Share = Callable[[float], None]

HASHED = 1 << 24
# Numbers converted at once, so that a file that is mapped into memory never is there whole.
BLOCK = 1 << 24


def space_name(wanted: str) -> str:
    """Return the name of a space that is called after a file, an embedding or a column.

    Examples
    --------
    >>> space_name("my vectors (2)")
    'my-vectors-2'
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-_")[:100] or "vectors"


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors out of a file, and the points they belong to.

    Attributes
    ----------
    matrix : ndarray of shape (n, dim)
        Any real numbers; may be mapped from a file.
    points : pyarrow.Table of n rows
        Begins with `label`.
    words : bool
        Whether the labels are words, each the name of one point.
    notes : tuple of str
        Plain sentences about what was unusual.
    """

    matrix: NDArray[np.number]
    points: pa.Table
    words: bool
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.matrix)

    def blocks(self, name: str) -> Iterator[tuple[pa.Table, NDArray[np.float32]]]:
        """Yield the points with their vectors, float32, some at a time.

        Raises
        ------
        LexiscopeError
            For a vector that is not finite, naming its point.
        """
        rows = max(1, BLOCK // self.matrix.shape[1])
        for first in range(0, len(self), rows):
            points = self.points.slice(first, rows)
            with np.errstate(over="ignore"):  # it is infinite then, and named
                block = np.ascontiguousarray(self.matrix[first : first + rows], dtype=np.float32)
            wrong = np.flatnonzero(~np.isfinite(block).all(axis=1))
            if len(wrong):
                row, label = int(wrong[0]), points["label"][int(wrong[0])]
                held = self.matrix[first + row]
                what = "NaN" if np.isnan(held).any() else "a number beyond those of 32 bits"
                what = "an infinite number" if np.isinf(held).any() else what
                more = f", and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
                raise LexiscopeError(
                    f"{name}: the vector of {label.as_py()!r} (row {first + row + 1:,}{more}) "
                    f"holds {what}; take such rows out or mend them"
                )
            yield points, block


@dataclass(frozen=True, eq=False)
class Source:
    """Where vectors are, before they are read.

    Attributes
    ----------
    name : str
        What a person calls it, e.g. ``"glove.txt"``.
    stem : str
        What its space is called when no name is given.
    format : str
        E.g. ``"GloVe text"``.
    files : tuple of pathlib.Path
        All that `read` reads.
    by_frequency : bool
        Whether files of the format begin with what is frequent.
    part : str
        Which part of the files it is, of those that hold several.
    read : callable
        ``read(label, share)`` gives the `Vectors`; `label` names the column of the labels, or
        is None; ``share`` is called with the share done.
    """

    name: str
    stem: str
    format: str
    files: tuple[Path, ...]
    by_frequency: bool
    part: str
    read: Callable[[str | None, Share], Vectors]

    def hash(self, share: Share) -> str:
        """Return the hash of its files' contents: sha256, hex."""
        total, done = max(1, sum(path.stat().st_size for path in self.files)), 0
        digest = hashlib.sha256()
        for path in self.files:
            digest.update(f"{path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                while block := file.read(HASHED):
                    digest.update(block)
                    done += len(block)
                    share(min(1.0, done / total))
        return digest.hexdigest()


def ragged(where: str, held: int, expected: int) -> LexiscopeError:
    """Return what is said of a vector that is longer or shorter than the others."""
    counted = f"{held:,} number{'' if held == 1 else 's'}"
    return LexiscopeError(f"{where}: {counted}, {expected:,} expected")


def check(name: str, matrix: NDArray[np.generic], points: int | None = None) -> None:
    """Refuse what is no matrix of numbers with a row a point.

    Raises
    ------
    LexiscopeError
    """
    if matrix.ndim != 2:
        raise LexiscopeError(
            f"{name} has the shape {matrix.shape}: a matrix is read, one row a point; of an array "
            "with layers save each by itself, such as array[0], and import them one by one"
        )
    if matrix.dtype.kind not in "fiu":
        raise LexiscopeError(f"{name} holds {matrix.dtype}: floats or integers are read")
    n, dim = matrix.shape
    if not n or dim < 2:
        raise LexiscopeError(
            f"{name} has {n:,} vectors of {dim:,} numbers: at least 1 of 2 is needed"
        )
    if points is not None and points != n:
        raise LexiscopeError(f"{name} has {n:,} vectors, but there are {points:,} points")
