"""Points and their places as csv."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from lexiscope.atlas import Atlas
from lexiscope.contract.arrow import as_text
from lexiscope.export.choice import Choice, fresh, placed
from lexiscope.export.rows import beside, drawn
from lexiscope.export.written import Written


def export_csv(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> Written:
    """Write one csv file a layer or table: a row a point, its columns, its places.

    UTF-8, commas, with the columns' names in the first line. Text stands in quotes; a missing
    value is an empty cell without them, an empty text ``""``. Of each projection there are
    ``tsne-2d_x``, ``tsne-2d_y``, ``tsne-2d_kept`` and ``tsne-2d_trust``. Vectors are not in it:
    ``parquet`` and ``npy`` have them.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        A ``.csv`` file for one layer or table, or a folder.
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    LexiscopeError
        For several to one file, and when nothing can be written there.
    """
    written = []
    for part, path in placed((choice or Choice()).parts(atlas), Path(destination), [".csv"]):
        table = beside(atlas[part.space].points, drawn(atlas, part))
        with fresh(path) as aside:
            write_csv(table, aside)
        written.append(path)
    read = (
        f"read with: pandas.read_csv({str(written[0])!r}, dtype={{'label': str}}, "
        "keep_default_na=False, na_values=[''])"
    )
    return Written(written, [read, "vectors are not in it: an export as parquet or npy has them"])


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table; what is nested in it becomes JSON."""
    columns = {
        name: values if _is_written(values.type) else as_text(values)
        for name, values in zip(table.column_names, table.columns, strict=True)
    }
    pyarrow.csv.write_csv(pa.table(columns), path)


def _is_written(kind: pa.DataType) -> bool:
    """Tell whether Arrow writes values of a type as csv."""
    return not (pa.types.is_nested(kind) or pa.types.is_dictionary(kind) or pa.types.is_null(kind))
