"""Vectors as NumPy's files, each with its points beside it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lexiscope.atlas import Atlas
from lexiscope.export.choice import Choice, fresh, placed
from lexiscope.export.csv import write_csv
from lexiscope.export.rows import about, as_json, beside


def export_npy(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> list[Path]:
    """Write one ``.npy`` file a layer or table, with a ``.csv`` and a ``.json`` of the same name.

    The matrix is (n_points, dim), float32, in C order; the csv has one row a point, in the order of
    the matrix; the JSON says where they come from.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        A ``.npy`` file for one layer or table, or a folder.
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    list of pathlib.Path
        The files, a matrix followed by its two companions.

    Raises
    ------
    LexiscopeError
        For several to one file, and when nothing can be written there.
    """
    written = []
    for part, path in placed((choice or Choice()).parts(atlas), Path(destination), ".npy"):
        matrix = atlas[part.space].matrices[part.layer]
        points, notes = path.with_suffix(".csv"), path.with_suffix(".json")
        # The companions first: where the matrix is, they are too.
        with fresh(points) as aside:
            write_csv(beside(atlas[part.space].points, {}), aside)
        with fresh(notes) as aside:
            described = about(atlas, part) | {"shape": matrix.shape, "dtype": "float32"}
            aside.write_text(as_json(described), encoding="utf-8", errors="replace")
        with fresh(path) as aside, aside.open("wb") as file:
            np.save(file, np.ascontiguousarray(matrix, dtype=np.float32))
        written += [path, points, notes]
    return written
