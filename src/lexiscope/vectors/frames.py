"""A parquet file with a column of vectors."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.readers import plain
from lexiscope.vectors.points import as_points, each_once
from lexiscope.vectors.vectors import Share, Vectors, check, ragged, space_name

UNNAMED = "__index_level_0__"
QUANTIZED = 16  # whole numbers, of every point as many: a vector that was rounded to them


def vector_column(path: Path, asked: str | None) -> str:
    """Return the name of the column that holds the vectors.

    Raises
    ------
    LexiscopeError
        For a file that cannot be read, a column that holds none, and when several do and none
        is asked for.
    """
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LexiscopeError(f"{path.name} is not a whole parquet file ({reason})") from error
    names = _names(schema)
    there = [name for name, kind in zip(names, schema.types, strict=True) if _holds_vectors(kind)]
    if asked is not None and asked not in there:
        has = f"there are {', '.join(there)}" if there else "there is none"
        raise LexiscopeError(f"{path.name} has no column {asked!r} of vectors; {has}")
    if not there:
        raise LexiscopeError(
            f"{path.name} has no column of vectors, lists of numbers; it has "
            f"{', '.join(names) or 'no column'}"
        )
    if asked is None and len(there) > 1:
        raise LexiscopeError(
            f"{path.name} has several columns of vectors ({', '.join(there)}); choose one with "
            f"--vectors, such as --vectors {there[0]}"
        )
    return asked or there[0]


def read_parquet(path: Path, column: str, label: str | None, share: Share) -> Vectors:
    """Read the vectors of one column, and all columns that hold none as the points'.

    Parameters
    ----------
    path : pathlib.Path
    column : str
    label : str, optional
        The column that holds the labels.
    share : callable
        Called with the share done.

    Raises
    ------
    LexiscopeError
        For vectors of several lengths or a row without one, naming it.
    """
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LexiscopeError(f"{path.name} is not a whole parquet file ({reason})") from error
    names = _names(table.schema)
    renamed = [
        f"the column {old!r} is called {new!r} here"
        for old, new in zip(table.column_names, names, strict=True)
        if old not in (new, UNNAMED)
    ]
    table = table.rename_columns(names)
    share(0.7)
    matrix = _matrix(table[column], f"{path.name}, column {column!r}")
    check(f"{path.name}, column {column!r}", matrix)
    rest = [field for field in table.schema if field.name != column]
    vectors = [field.name for field in rest if _are_vectors(table[field.name])]
    others = [field.name for field in rest if field.name not in vectors]
    left_out = [
        f"the vectors of column {name!r} are left out: --vectors {shlex.quote(name)} --name "
        f"{space_name(name)} imports them into the same atlas"
        for name in vectors
    ]
    held = (
        pa.table({name: plain(table[name]) for name in others})
        if others
        else _without_columns(len(matrix))
    )
    points, words, notes = as_points(held, label, path.name)
    share(1.0)
    return Vectors(matrix, points, words, (*renamed, *left_out, *notes))


def _names(schema: pa.Schema) -> list[str]:
    return each_once(["index" if name == UNNAMED else name for name in schema.names])


def _without_columns(rows: int) -> pa.Table:
    return pa.table({"row": pa.array(range(rows), pa.int64())})


def _holds_vectors(kind: pa.DataType) -> bool:
    nested = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not (nested or pa.types.is_fixed_size_list(kind)):
        return False
    value = kind.value_type
    return bool(pa.types.is_floating(value) or pa.types.is_integer(value))


def _are_vectors(column: pa.ChunkedArray) -> bool:
    """Tell vectors from a point's own lists, such as the ids or the scores of its tokens."""
    if not _holds_vectors(column.type) or column.null_count:
        return False
    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    if len(lengths) != 1:
        return False
    return not pa.types.is_integer(column.type.value_type) or lengths[0] >= QUANTIZED


def _matrix(column: pa.ChunkedArray, name: str) -> NDArray[np.number]:
    """Return a column of equally long lists as a matrix."""
    gone = pc.is_null(column).to_numpy()
    if gone.any():
        raise LexiscopeError(f"{name}, row {int(gone.argmax()) + 1:,}: no vector")
    lengths = pc.list_value_length(column).to_numpy()
    if not len(lengths):
        return np.empty((0, 0), np.float32)
    other = np.flatnonzero(lengths != lengths[0])
    if len(other):
        row = int(other[0])
        raise ragged(f"{name}, row {row + 1:,}", int(lengths[row]), int(lengths[0]))
    # What is null among the numbers becomes NaN, which is named when it is written.
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    numbers: NDArray[np.number] = np.concatenate(parts)
    return numbers.reshape(len(lengths), int(lengths[0]))
