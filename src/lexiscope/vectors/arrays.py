"""A NumPy array, with the table of its points beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.vectors.points import as_points, numbered, read_points
from lexiscope.vectors.vectors import Share, Vectors, check

BESIDE = (".csv", ".tsv", ".jsonl", ".parquet")


def beside(path: Path) -> Path | None:
    """Return the table of the points: a file of the same name with another ending."""
    return next((found for end in BESIDE if (found := path.with_suffix(end)).is_file()), None)


def read_array(path: Path, points: Path | None, label: str | None, share: Share) -> Vectors:
    """Read an ``.npy`` file, mapped into memory, with its points.

    Parameters
    ----------
    path : pathlib.Path
    points : pathlib.Path, optional
        One row a vector, in order; by default points are numbered.
    label : str, optional
        The column that holds the labels.
    share : callable
        Called with the share done.

    Raises
    ------
    LexiscopeError
        For an array that is no matrix of numbers, and another number of points.
    """
    matrix = _mapped(path)
    check(path.name, matrix)
    if points is None:
        if label is not None:
            raise LexiscopeError(
                f"{path.name} comes without a table, so there is no column {label!r}; name the "
                "table with --points"
            )
        share(1.0)
        return Vectors(matrix, numbered(len(matrix)), False)
    table, notes = read_points(points)
    if table.num_rows != len(matrix):
        raise LexiscopeError(
            f"{path.name} has {len(matrix):,} vectors and {points.name} {table.num_rows:,} rows: "
            "there has to be one row a vector, in order (the first line of a csv or tsv names the "
            "columns)"
        )
    share(1.0)
    made, words, more = as_points(table, label, points.name)
    return Vectors(matrix, made, words, (*notes, *more))


def _mapped(path: Path) -> NDArray[np.number]:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        reason = "Python objects" if "bject" in str(error) else f"no array ({error})"
        raise LexiscopeError(
            f"{path.name} holds {reason}: save an array of numbers with numpy.save"
        ) from error
    except (EOFError, OSError) as error:
        raise LexiscopeError(f"{path.name} cannot be read: {error}") from error
    array: NDArray[np.number] = found
    return array
