"""Spaces as Parquet: points, vectors and projections, one file a space."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lexiscope.atlas import Atlas
from lexiscope.export.choice import Choice, Part, fresh, placed
from lexiscope.export.rows import about, as_json, beside, drawn
from lexiscope.export.written import Written

ROWS = 16_384  # of a row group: what is held twice in memory


def export_parquet(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> Written:
    """Write one Parquet file a space.

    A file has all columns of the points; ``vector``, or ``vector_06`` for layer 6, a list of
    float32 of fixed size; and of each projection ``tsne-2d_x``, ``tsne-2d_y``, ``tsne-2d_kept``,
    ``tsne-2d_trust``, with ``layer_06_`` before them where there are layers. Its metadata has,
    under ``lexiscope``, JSON that says where it comes from.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        A ``.parquet`` file for one space, or a folder.
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    LexiscopeError
        For several spaces to one file, and when nothing can be written there.
    """
    layers = {
        name: list(parts)
        for name, parts in groupby((choice or Choice()).parts(atlas), lambda part: part.space)
    }
    whole = [Part(name, None, ()) for name in layers]
    written = []
    for space, path in placed(whole, Path(destination), [".parquet"]):
        _write(atlas, layers[space.space], path)
        written.append(path)
    return Written(written, [f"read with: pandas.read_parquet({str(written[0])!r})"])


def _write(atlas: Atlas, parts: list[Part], path: Path) -> None:
    space = atlas[parts[0].space]
    ours: dict[str, pa.Array] = {}
    for part in parts:
        matrix = space.matrices[part.layer]
        name = "vector" if part.layer is None else f"vector_{part.layer:02d}"
        ours[name] = pa.FixedSizeListArray.from_arrays(
            pa.array(matrix.reshape(-1)), matrix.shape[1]
        )
    for part in parts:
        ours |= drawn(atlas, part, layered=True)
    table = beside(space.points, ours)
    notes = as_json([about(atlas, part) for part in parts])
    table = table.replace_schema_metadata({b"lexiscope": notes})
    # A dictionary of a vector's numbers, which are all different, would only be thrown away.
    repeat = [field.name for field in table.schema if not pa.types.is_fixed_size_list(field.type)]
    with fresh(path) as aside:
        pq.write_table(table, aside, row_group_size=ROWS, use_dictionary=repeat)
