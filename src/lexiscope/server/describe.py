"""What an atlas holds, in the shapes of the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lexiscope.errors import LexiscopeError
from lexiscope.server.arrow import typed
from lexiscope.server.library import OpenAtlas, Shelf

Json = dict[str, Any]


def atlas_info(opened: OpenAtlas) -> Json:
    """Describe an atlas (`AtlasInfo`); one that cannot be read says why."""
    info: Json = {
        "id": opened.id,
        "name": opened.path.name,
        "model": None,
        "notes": [],
        "spaces": [],
        "unfinished": [],
        "building": None,
        "error": None,
    }
    try:
        atlas = opened.atlas()
        info["unfinished"] = list(atlas.unfinished)
        info["building"] = atlas.building
        if atlas.spaces:
            about = atlas.recipe(atlas.spaces[0])["checkpoint"]
            info["model"] = about["name"]
            missing = [
                f"no {kind} table: {table['reason']}"
                for kind, table in about["tables"].items()
                if table["reason"]
            ]
            info["notes"] = [*missing, *about["notes"]]
        info["spaces"] = [space_info(opened.space(name)) for name in atlas.spaces]
    except LexiscopeError as error:
        info["error"] = str(error)
    return info


def space_info(shelf: Shelf) -> Json:
    """Describe a space (`SpaceInfo`); read anew when it changed."""
    return shelf.opened.described(shelf, _space_info)


def _space_info(shelf: Shelf) -> Json:
    atlas, space, name = shelf.atlas, shelf.space, shelf.name
    layers = space.layers or (None,)
    own = set(atlas.own_columns(name))
    return {
        "name": name,
        "version": shelf.version,
        "kind": atlas.recipe(name)["kind"],
        "points": len(space),
        "dimensions": atlas.dimensions(name),
        "layers": list(space.layers),
        "columns": [
            column_info(column, space.points[column], column in own)
            for column in space.points.column_names
        ],
        "projections": {
            _key(layer): _projections(atlas.projections(name, layer)) for layer in layers
        },
        "graphs": {_key(layer): about for layer, about in atlas.graphs(name).items()},
        "live": atlas.recipe(name)["kind"] == "context",
    }


def column_info(name: str, values: pa.ChunkedArray, own: bool) -> Json:
    """Describe a column (`ColumnInfo`)."""
    column = typed(values)
    info: Json = {
        "name": name,
        "type": column.type,
        "categories": None,
        "range": None,
        "missing": column.values.null_count,
        "own": own,
    }
    if column.type == "category":
        names = column.values.dictionary.to_pylist()
        info["categories"] = [
            {"value": value, "count": count}
            for value, count in zip(names, column.counts, strict=True)
        ]
    elif column.type == "number":
        finite = column.values.filter(pc.is_finite(column.values))
        bounds = pc.min_max(finite).as_py()
        info["range"] = None if bounds["min"] is None else [bounds["min"], bounds["max"]]
        info["missing"] += pc.sum(pc.is_nan(column.values)).as_py() or 0
    return info


def _projections(known: Mapping[str, Json]) -> list[Json]:
    listed = [{"id": id} | plain(about) for id, about in known.items()]
    return sorted(listed, key=lambda about: about["method"] == "axes")


def _key(layer: int | None) -> str:
    return "" if layer is None else str(layer)


def plain(value: Any) -> Any:
    """Put null where a number is none, for JSON has neither NaN nor infinities."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
