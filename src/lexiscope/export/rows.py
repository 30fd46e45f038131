"""Rows: points and what is known of them as the columns of one table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

import lexiscope
from lexiscope.atlas import Atlas
from lexiscope.contract.describe import plain
from lexiscope.export.choice import Part

AXES = "xyz"


def beside(points: pa.Table, ours: Mapping[str, pa.Array]) -> pa.Table:
    """Put columns of ours behind those of the points.

    A column of the points that has the name of one of ours gets ``given_`` put before it, so that
    what we write can be relied on and nothing is lost. Capitals make no difference: to a database
    they make none either.
    """
    taken = {name.casefold() for name in ours}
    theirs = {name.casefold() for name in points.column_names}
    names: list[str] = []
    for name in points.column_names:
        free = name
        while free.casefold() in taken or (free != name and free.casefold() in theirs):
            free = f"given_{free}"
        if free != name:
            taken.add(free.casefold())
        names.append(free)
    table = points.rename_columns(names)
    for name, values in ours.items():
        table = table.append_column(name, values)
    return table


def drawn(atlas: Atlas, part: Part, *, layered: bool = False) -> dict[str, pa.Array]:
    """Return the places of a part's points in its projections, and what these keep of each.

    Parameters
    ----------
    atlas : Atlas
    part : Part
    layered : bool
        Whether the names say which layer it is, for a table that holds several.

    Returns
    -------
    dict of str to pyarrow.Array
        Of each projection, such as ``tsne-2d``: ``tsne-2d_x``, ``tsne-2d_y`` (``_z``), and where
        it was measured ``tsne-2d_kept`` and ``tsne-2d_trust`` in [0, 1], NaN where not; all
        float32. With `layered` ``layer_06_tsne-2d_x`` and so on.
    """
    before = "" if not layered or part.layer is None else f"layer_{part.layer:02d}_"
    found: dict[str, pa.Array] = {}
    for id in part.projections:
        made = atlas.projection(part.space, id, part.layer)
        for axis, places in zip(AXES, made.coordinates.T, strict=False):
            found[f"{before}{id}_{axis}"] = pa.array(np.ascontiguousarray(places))
        if made.quality is not None:
            found[f"{before}{id}_kept"] = pa.array(made.quality.kept_per_point)
            found[f"{before}{id}_trust"] = pa.array(made.quality.trustworthiness_per_point)
    return found


def about(atlas: Atlas, part: Part) -> dict[str, Any]:
    """Describe where a part comes from, as JSON values."""
    return {
        "lexiscope": lexiscope.__version__,
        "atlas": atlas.path.name,
        "space": part.space,
        "layer": part.layer,
        "points": len(atlas[part.space]),
        "recipe": atlas.recipe(part.space),
        "projections": {
            id: atlas.projections(part.space, part.layer)[id] for id in part.projections
        },
    }


def as_json(value: Any) -> bytes:
    """Return JSON as it is written into a file beside data, or into its metadata."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False, default=str)
    return text.encode("utf-8", "replace")  # a folder's name may hold what is no Unicode
