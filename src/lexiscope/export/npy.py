"""Vectors as NumPy's files, each with its points beside it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lexiscope.atlas import Atlas
from lexiscope.export.choice import Choice, check_free, fresh, placed
from lexiscope.export.csv import write_csv
from lexiscope.export.rows import about, as_json
from lexiscope.export.written import Written


def export_npy(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> Written:
    """Write one ``.npy`` file a layer or table, ``word.npy`` with ``word.csv`` beside it.

    The matrix is (n_points, dim), float32, in C order; the csv has one row a point, in the order of
    the matrix. ``word.npy.json`` says where they come from.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        A ``.npy`` file for one layer or table, or a folder.
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    Written
        The files, a matrix followed by its two companions.

    Raises
    ------
    LexiscopeError
        For several to one file, where a file of another's would be replaced by a companion, and
        when nothing can be written there.
    """
    written = []
    chosen = placed((choice or Choice()).parts(atlas), Path(destination), [".npy"])
    for _, path in chosen:
        check_free(_beside(path))
    for part, path in chosen:
        matrix = atlas[part.space].matrices[part.layer]
        points, notes = _beside(path)
        described = about(atlas, part) | {"shape": matrix.shape, "dtype": "float32"}
        # All three or none: they belong together row for row.
        with fresh(notes) as for_notes, fresh(points) as for_points, fresh(path) as for_matrix:
            for_notes.write_bytes(as_json(described))
            write_csv(atlas[part.space].points, for_points)
            with for_matrix.open("wb") as file:
                np.save(file, np.ascontiguousarray(matrix, dtype=np.float32))
        written += [path, points, notes]
    read = f"read with: numpy.load({str(written[0])!r}); row for row its points are in the .csv"
    return Written(written, [read])


def _beside(path: Path) -> tuple[Path, Path]:
    """Return where the points go, and where what is told of a matrix."""
    return path.with_suffix(".csv"), path.with_name(f"{path.name}.json")
