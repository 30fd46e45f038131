"""What an atlas holds, in the shapes of the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lexiscope.atlas import Atlas
from lexiscope.contract.arrow import typed
from lexiscope.errors import LexiscopeError
from lexiscope.space import Space

Json = dict[str, Any]


def atlas_id(path: Path) -> str:
    """Return what an atlas is called in addresses: its folder's name, without the ending."""
    return path.resolve().name.removesuffix(".atlas") or "atlas"


def blank_info(id: str, name: str) -> Json:
    """Describe an atlas of which nothing is known (`AtlasInfo`)."""
    return {
        "id": id,
        "name": name,
        "model": None,
        "notes": [],
        "spaces": [],
        "unfinished": [],
        "building": None,
        "error": None,
    }


def atlas_info(id: str, atlas: Atlas, spaces: Sequence[Json]) -> Json:
    """Describe an atlas (`AtlasInfo`) by its spaces (`SpaceInfo`)."""
    info = blank_info(id, atlas.path.resolve().name)
    info |= {"unfinished": list(atlas.unfinished), "building": atlas.building}
    if atlas.origin:
        info |= {"model": atlas.origin.name, "notes": list(atlas.origin.notes)}
    return info | {"spaces": list(spaces)}


def space_info(atlas: Atlas, space: Space, version: str) -> Json:
    """Describe a space (`SpaceInfo`)."""
    name = space.name
    layers = space.layers or (None,)
    own = set(atlas.own_columns(name))
    return {
        "name": name,
        "version": version,
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


def findings_info(atlas: Atlas) -> Json:
    """Describe what was measured of an atlas (`Findings`); of a damaged report, what is wrong."""
    try:
        kept, error = atlas.report, None
    except LexiscopeError as damage:
        kept, error = None, str(damage)
    keys = {name: atlas.key(name) for name in atlas.spaces}
    return {
        "findings": [each.as_json() for each in atlas.findings] if kept else [],
        "outdated": kept is not None and dict(kept.spaces) != keys,
        "running": None,
        "error": error,
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
