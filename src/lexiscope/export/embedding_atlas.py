"""A layer or table as the file that Apple's Embedding Atlas opens as it is."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import Choice, Part, check_free, fresh, placed
from lexiscope.export.rows import about, as_json, beside
from lexiscope.export.written import Written
from lexiscope.space import Space
from lexiscope.workflow import region_labels

K = 15
# What `embedding-atlas` is told by name on its command line.
X, Y, NEIGHBORS, TEXT = "projection_x", "projection_y", "neighbors", "text"


def export_embedding_atlas(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> Written:
    """Write one Parquet file a layer or table, with places, neighbours and texts.

    ``projection_x`` and ``projection_y`` are those of the projection in the plane that keeps most
    neighbours, or of the first chosen. ``neighbors`` has of each point the 15 nearest by cosine,
    their row numbers as ``ids`` and 1 - cosine as ``distances``. ``text`` is the sentence of a word
    in context, the label of a table's row. A ``.labels.parquet`` beside it has the names of the
    map's regions, for ``--labels``.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        A ``.parquet`` file for one layer or table, or a folder.
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    LexiscopeError
        For several to one file, where there is no projection in the plane, where a file of
        another's would be replaced by the names, and when nothing can be written there.
    """
    parts = (choice or Choice()).parts(atlas)
    flat = {part: _plane(atlas, part) for part in parts}
    chosen = placed(parts, Path(destination), [".parquet"])
    for _, path in chosen:
        check_free([_beside(path)])
    written = []
    for part, path in chosen:
        notes = {b"lexiscope": as_json(about(atlas, part))}
        table = _table(atlas, part, flat[part]).replace_schema_metadata(notes)
        names = _names(atlas, part, flat[part]).replace_schema_metadata(notes)
        # Both or none: names that are not of this map would stand on it.
        with fresh(_beside(path)) as for_names, fresh(path) as aside:
            pq.write_table(names, for_names)
            pq.write_table(table, aside)
        written += [path, _beside(path)]
        if not names.num_rows:
            written.pop().unlink()
    return Written(written, [_look(written)])


def _beside(path: Path) -> Path:
    """Return where the names of regions go."""
    return path.with_suffix(".labels.parquet")


def _look(written: list[Path]) -> str:
    """Return the command that opens the first file."""
    file = written[0]
    named = f" --labels {shlex.quote(str(_beside(file)))}" if _beside(file) in written else ""
    columns = f"--x {X} --y {Y} --neighbors {NEIGHBORS} --text {TEXT}"
    return f"look with: embedding-atlas {shlex.quote(str(file))} {columns}{named}"


def _names(atlas: Atlas, part: Part, id: str) -> pa.Table:
    """Return the names of regions: the coarser are seen from afar, of two the larger."""
    found = region_labels(atlas, part.space, id, part.layer)
    columns = {
        "x": pa.array([each["place"][0] for each in found], pa.float64()),
        "y": pa.array([each["place"][1] for each in found], pa.float64()),
        "text": pa.array([each["text"] for each in found], pa.string()),
        "level": pa.array([each["level"] for each in found], pa.int64()),
        "priority": pa.array([each["size"] for each in found], pa.int64()),
    }
    return pa.table(columns)


def _plane(atlas: Atlas, part: Part) -> str:
    """Return the id of the projection that is shown."""
    known = atlas.projections(part.space, part.layer)
    for id in part.projections:
        if known[id]["dims"] == 2:
            return id
    raise LexiscopeError(
        f"{part.name} has no projection in the plane: compute one with lexiscope project "
        f"{atlas.path} {part.space} tsne, or leave it out with --space"
    )


def _table(atlas: Atlas, part: Part, id: str) -> pa.Table:
    space = atlas[part.space]
    places = atlas.projection(part.space, id, part.layer).coordinates
    ours = {X: pa.array(places[:, 0].copy()), Y: pa.array(places[:, 1].copy())}
    ours[NEIGHBORS] = _neighbors(space if part.layer is None else space.layer(part.layer))
    if TEXT not in space.points.column_names or part.layer is None:
        ours[TEXT] = space.points["label"].combine_chunks().cast(pa.string())
    return beside(space.points, ours)


def _neighbors(space: Space) -> pa.StructArray:
    """Return of each point its nearest ones' row numbers and distances; none of a lonely point."""
    k = min(K, len(space) - 1)
    offsets = pa.array(np.arange(len(space) + 1, dtype=np.int32) * max(k, 0))
    ids, distances = np.empty(0, np.int64), np.empty(0, np.float32)
    if k > 0:
        graph = space.graph(k).first(k)  # a kept one may have more
        ids = graph.indices.astype(np.int64).reshape(-1)
        # Of equal vectors the similarity may be rounded to a little more than 1.
        distances = np.maximum(1 - graph.similarities, 0).reshape(-1)
    return pa.StructArray.from_arrays(
        [pa.ListArray.from_arrays(offsets, pa.array(each)) for each in (ids, distances)],
        ["ids", "distances"],
    )
