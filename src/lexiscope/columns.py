"""How vectors, graphs and projections lie in a space's Lance dataset, as columns.

``vector``, ``neighbors``, ``similarities`` (a table's) or ``vector:3`` and so on (layer 3's);
``map:tsne-2d`` or ``map:3:tsne-2d`` with ``kept:`` and ``trust:`` beside it. What describes a
graph or a projection is JSON in its field's metadata, so that one commit writes both.

A person's own column is ``own:7``, a fresh number each time it is written; its name, which may
be any, is in the metadata, and the highest number of a name counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.neighbors import NeighborGraph
from lexiscope.projection import Projection, Quality

Layer = int | None
PREFIXES = ("vector", "neighbors", "similarities", "map", "kept", "trust", "own")
NOTE = b"lexiscope"


def name(prefix: str, layer: Layer, id: str | None = None) -> str:
    """Return a column's name, e.g. ``map:3:tsne-2d``."""
    parts = (prefix, None if layer is None else str(layer), id)
    return ":".join(part for part in parts if part is not None)


def is_ours(column: str) -> bool:
    """Tell whether a column holds something by a name of ours, not a point's data by its own."""
    return column in PREFIXES[:3] or (column.partition(":")[0] in PREFIXES and ":" in column)


def _layers(schema: pa.Schema, prefix: str) -> list[Layer]:
    found: list[Layer] = []
    for column in schema.names:
        if column == prefix:
            found.append(None)
        elif column.startswith(f"{prefix}:"):
            found.append(int(column.partition(":")[2]))
    return sorted(found, key=lambda layer: -1 if layer is None else layer)


def layers(schema: pa.Schema) -> list[Layer]:
    """Return the layers whose vectors a dataset holds; ``[None]`` for a table."""
    return _layers(schema, "vector")


def dimensions(schema: pa.Schema, layer: Layer) -> int:
    """Return the size of one layer's vectors."""
    return int(schema.field(name("vector", layer)).type.list_size)


def graph_layers(schema: pa.Schema) -> list[Layer]:
    """Return the layers whose neighbour graph a dataset holds."""
    return _layers(schema, "neighbors")


def graph_columns(schema: pa.Schema, layer: Layer) -> list[str]:
    """Return the names of the columns of a kept graph, or none."""
    wanted = [name("neighbors", layer), name("similarities", layer)]
    return [column for column in wanted if column in schema.names]


def graphs(schema: pa.Schema) -> dict[Layer, dict[str, Any]]:
    """Return the descriptions of the graphs that a dataset holds, by layer."""
    found = {}
    for layer in graph_layers(schema):
        field = schema.field(name("neighbors", layer))
        found[layer] = {**json.loads(field.metadata[NOTE]), "k": int(field.type.list_size)}
    return found


def vector_column(layer: Layer, matrix: NDArray[np.float32]) -> tuple[pa.Field, pa.Array]:
    """Return the field and the values of one layer's vectors."""
    values = _rows(matrix)
    return pa.field(name("vector", layer), values.type), values


def read_matrix(data: Any, layer: Layer) -> NDArray[np.float32]:
    """Read one layer's vectors; shape (n_points, dim), float32."""
    return _matrix(data, name("vector", layer), np.float32)


def graph_table(layer: Layer, graph: NeighborGraph) -> pa.Table:
    """Return a graph as two columns."""
    near = _rows(graph.indices)
    alike = _rows(graph.similarities)
    note = {NOTE: json.dumps({"method": graph.method, "recall": graph.recall})}
    return pa.table(
        [near, alike],
        schema=pa.schema(
            [
                pa.field(name("neighbors", layer), near.type, metadata=note),
                pa.field(name("similarities", layer), alike.type),
            ]
        ),
    )


def read_graph(data: Any, layer: Layer) -> NeighborGraph:
    """Read a kept graph."""
    column = name("neighbors", layer)
    note = json.loads(data.schema.field(column).metadata[NOTE])
    return NeighborGraph(
        _matrix(data, column, np.int32),
        _matrix(data, name("similarities", layer), np.float32),
        note["method"],
        note["recall"],
    )


def projection_table(layer: Layer, made: Sequence[Projection]) -> pa.Table:
    """Return projections as columns, each with its quality per point beside it."""
    fields, arrays = [], []
    for each in made:
        quality = each.quality
        note = {
            "method": each.method,
            "dims": each.dims,
            "parameters": dict(each.parameters),
            "seed": each.seed,
            "details": dict(each.details),
            "quality": None
            if quality is None
            else {
                "k": quality.k,
                "kept": quality.kept,
                "trustworthiness": quality.trustworthiness,
            },
        }
        places = _rows(each.coordinates)
        fields.append(
            pa.field(name("map", layer, each.id), places.type, metadata={NOTE: json.dumps(note)})
        )
        arrays.append(places)
        if quality is not None:
            for prefix, values in (
                ("kept", quality.kept_per_point),
                ("trust", quality.trustworthiness_per_point),
            ):
                fields.append(pa.field(name(prefix, layer, each.id), pa.float32()))
                arrays.append(pa.array(values))
    return pa.table(arrays, schema=pa.schema(fields))


def projections(schema: pa.Schema, layer: Layer) -> dict[str, dict[str, Any]]:
    """Return the descriptions of one layer's projections, by id."""
    found = {}
    for field in schema:
        parts = field.name.split(":")
        if parts[0] == "map" and parts[1:-1] == ([] if layer is None else [str(layer)]):
            found[parts[-1]] = json.loads(field.metadata[NOTE])
    return found


def read_projection(data: Any, layer: Layer, id: str, note: Mapping[str, Any]) -> Projection:
    """Read one projection with its coordinates and its quality per point."""
    quality = None
    if note["quality"]:
        per_point = data.to_table(columns=[name("kept", layer, id), name("trust", layer, id)])
        quality = Quality(
            **note["quality"],
            kept_per_point=per_point.column(0).to_numpy(),
            trustworthiness_per_point=per_point.column(1).to_numpy(),
        )
    return Projection(
        note["method"],
        _matrix(data, name("map", layer, id), np.float32),
        note["parameters"],
        note["seed"],
        quality,
        note["details"],
    )


def own(schema: pa.Schema) -> dict[str, str]:
    """Return the columns that hold a person's own, by the names given to them, in their order."""
    notes = _own_notes(schema)
    newest = {note["name"]: column for column, note in notes.items()}
    return dict(sorted(newest.items(), key=lambda item: notes[item[1]]["place"]))


def superseded(schema: pa.Schema) -> list[str]:
    """Return the columns of a person's own that newer ones stand for."""
    current = set(own(schema).values())
    return [column for column in _own_notes(schema) if column not in current]


def own_table(schema: pa.Schema, values: Mapping[str, pa.Array]) -> pa.Table:
    """Return a person's own columns under fresh numbers; one that was there keeps its place."""
    notes = _own_notes(schema)
    known = own(schema)
    number = max((int(column.partition(":")[2]) for column in notes), default=0)
    place = max((note["place"] for note in notes.values()), default=0)
    fields = []
    for column, array in values.items():
        number += 1
        if column in known:
            note = {"name": column, "place": notes[known[column]]["place"]}
        else:
            place += 1
            note = {"name": column, "place": place}
        fields.append(pa.field(name("own", number), array.type, metadata={NOTE: json.dumps(note)}))
    return pa.table(list(values.values()), schema=pa.schema(fields))


def _own_notes(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """Return the notes of a person's own columns, oldest first."""
    mine = [field for field in schema if field.name.startswith("own:")]
    mine.sort(key=lambda field: int(field.name.partition(":")[2]))
    return {field.name: json.loads(field.metadata[NOTE]) for field in mine}


def _rows(matrix: NDArray[Any]) -> pa.FixedSizeListArray:
    flat = pa.array(np.ascontiguousarray(matrix).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])


def _matrix(data: Any, column: str, kind: type[Any]) -> NDArray[Any]:
    values = data.to_table(columns=[column]).column(0).combine_chunks()
    width = values.type.list_size
    return np.asarray(values.flatten().to_numpy(), dtype=kind).reshape(-1, width)
