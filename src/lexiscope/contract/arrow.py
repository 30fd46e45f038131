"""Columns for the page: of three types, as one batch of an Arrow stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lexiscope.readers import plain

FEW = 60
MANY = 2000


@dataclass(frozen=True, eq=False)
class Column:
    """A column of points as the page takes it.

    Attributes
    ----------
    type : {"category", "number", "text"}
    values : pyarrow.Array
        int32 or float64, utf8, or utf8 in a dictionary, most frequent first, with int32 indices:
        types that JavaScript reads as numbers and strings.
    counts : tuple of int
        Of each category; empty for the other types.
    """

    type: Literal["category", "number", "text"]
    values: pa.Array
    counts: tuple[int, ...] = ()


def typed(column: pa.ChunkedArray) -> Column:
    """Bring a column of any Arrow type to one that the page takes.

    A text is a category when it has few different values: up to 60, or up to 2,000 where each
    stands four times on average.
    """
    values = _one_array(plain(column))
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.string())
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return Column("number", _number(values))
    values = values.cast(pa.string())
    counted = values.drop_null().value_counts()
    if len(counted) > FEW and not len(counted) <= min(MANY, len(values) / 4):
        return Column("text", values)
    names, counts = counted.field("values"), counted.field("counts")
    order = pc.sort_indices(
        pa.table({"counts": counts, "names": names}),
        sort_keys=[("counts", "descending"), ("names", "ascending")],
    )
    names = names.take(order)
    coded = pa.DictionaryArray.from_arrays(pc.index_in(values, value_set=names), names)
    return Column("category", coded, tuple(counts.take(order).to_pylist()))


def as_text(column: pa.ChunkedArray) -> pa.Array:
    """Return a column's values as a person reads them."""
    return _one_array(plain(column)).cast(pa.string())


def _number(values: pa.Array) -> pa.Array:
    if not pa.types.is_integer(values.type):
        return values.cast(pa.float64())
    bounds = pc.min_max(values).as_py()
    if bounds["min"] is None or (bounds["min"] >= -(2**31) and bounds["max"] < 2**31):
        return values.cast(pa.int32())
    return values.cast(pa.float64(), safe=False)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    # Arrow gives no array for a column without chunks.
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found


def coordinates(places: np.ndarray[Any, Any]) -> dict[str, pa.Array]:
    """Return a layout's columns x, y and, in space, z."""
    return {
        axis: pa.array(np.ascontiguousarray(places[:, number], dtype=np.float32))
        for number, axis in enumerate("xyz"[: places.shape[1]])
    }


def stream(columns: Mapping[str, pa.Array]) -> bytes:
    """Return columns as an Arrow IPC stream of one uncompressed batch."""
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content
