"""A person's own columns of a space's dataset: added, dropped, and tagged into."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope import columns
from lexiscope.errors import LexiscopeError

LONGEST = 100
# Versions that a reader may still be at are left alone for so long.
READERS = timedelta(hours=1)


def add(data: Any, space: str, table: pa.Table) -> None:
    """Add columns to the dataset of a space; see `Atlas.add_columns`."""
    points = data.count_rows()
    if table.num_rows != points:
        raise LexiscopeError(
            f"{table.num_rows:,} rows for the {points:,} points of {space}: give one a point"
        )
    names = table.column_names
    if not names or len(set(names)) < len(names):
        raise LexiscopeError("columns: give at least one, each under its own name")
    for column in names:
        _check_name(column, data.schema)
    _write(data, {column: _plain(column, table[column]) for column in names})


def drop(data: Any, names: Sequence[str]) -> None:
    """Remove columns from a dataset; see `Atlas.drop_columns`."""
    mine = columns.own(data.schema)
    for column in names:
        if column not in mine:
            has = ", ".join(mine) or "none"
            raise LexiscopeError(f"column {column!r}: your own columns here are {has}")
    if names:
        data.drop_columns([mine[column] for column in dict.fromkeys(names)])


def tag(data: Any, column: str, value: str, points: Sequence[int] | NDArray[np.integer]) -> None:
    """Write a value into a column at some points; see `Atlas.tag`."""
    _check_name(column, data.schema)
    stored = columns.own(data.schema).get(column)
    if stored is None:
        old = pa.nulls(data.count_rows(), pa.string())
    else:
        old = data.to_table(columns=[stored]).column(0).combine_chunks()
    _write(data, {column: tagged(old, value, points, column)})


def _write(data: Any, values: Mapping[str, pa.Array]) -> None:
    # The new columns are seen with the first commit, in place of the old, which the second
    # takes away: nothing is lost between them.
    data.add_columns(columns.own_table(data.schema, values).to_reader())
    old = columns.superseded(data.schema)
    if old:
        data.drop_columns(old)
        data.cleanup_old_versions(READERS)


def _check_name(name: str, schema: pa.Schema) -> None:
    """Refuse a name that a column of a person's own cannot have."""
    if not name or name != name.strip() or len(name) > LONGEST:
        raise LexiscopeError(
            f"column name {name[:LONGEST]!r}: give 1 to {LONGEST} characters, without blanks "
            "before or after"
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise LexiscopeError(f"column name {name!r}: leave the control characters out")
    if name in schema.names or columns.is_ours(name):
        raise LexiscopeError(
            f"column {name!r} belongs to the space, not to you; choose another name"
        )


def _plain(name: str, column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array of text, numbers or truth values."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column, kind = column.cast(pa.string()), pa.string()
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if not (is_number or pa.types.is_string(kind) or pa.types.is_boolean(kind)):
        raise LexiscopeError(f"column {name!r} holds {kind}; give text, numbers, or true and false")
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)


def tagged(
    column: pa.Array, value: str, points: Sequence[int] | NDArray[np.integer], name: str
) -> pa.Array:
    """Return a column with `value` at some points; an empty value clears them.

    Parameters
    ----------
    column : pyarrow.Array of string, length n_points
    value : str
    points : sequence of int
    name : str
        The column's, for what is said of a refusal.

    Returns
    -------
    pyarrow.Array of string, length n_points

    Raises
    ------
    LexiscopeError
        For points that are not there, or a column that holds no text.
    """
    if not pa.types.is_string(column.type):
        raise LexiscopeError(f"column {name!r} holds {column.type}; tags go into a column of text")
    chosen = np.asarray(points)
    if chosen.size and (chosen.ndim != 1 or not np.issubdtype(chosen.dtype, np.integer)):
        raise LexiscopeError("points: give a list of point numbers")
    chosen = chosen.astype(np.int64)
    wrong = chosen[(chosen < 0) | (chosen >= len(column))]
    if len(wrong):
        raise LexiscopeError(f"point {wrong[0]}: there are #0 to #{len(column) - 1}")
    values = np.array(column.to_numpy(zero_copy_only=False), dtype=object)
    values[chosen] = value or None
    return pa.array(values, pa.string(), from_pandas=True)
