"""Table: rows of points as a file that a person takes away, or brings."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from lexiscope.contract import as_text
from lexiscope.server.library import Shelf
from lexiscope.server.refusal import RefusalError
from lexiscope.space import Layer

POINT, LABEL = "point", "label"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def written(shelf: Shelf, points: NDArray[np.int64], layer: Layer, *, vectors: bool) -> bytes:
    """Return points with all their columns, and their vectors where wanted, as csv.

    A column whose name is `point`, or that of a dimension (``d0``), has ``given_`` put before it.
    """
    rows, held = pa.array(points), shelf.space.points
    dimensions: dict[str, pa.Array] = {}
    if vectors:
        matrix = shelf.vectors(shelf.space.resolve_layer(layer), "raw")[points]
        dimensions = {f"d{n}": pa.array(part) for n, part in enumerate(matrix.T.copy())}
    columns = {POINT: rows}
    ours = {POINT, *dimensions}
    for name in held.column_names:
        free = name
        while free in ours or (free != name and free in held.column_names):
            free = f"given_{free}"
        columns[free] = as_text(held[name].take(rows))
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.table(columns | dimensions), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read(shelf: Shelf, content: bytes, delimiter: str) -> pa.Table:
    """Read a person's own columns, and bring them into the order of the points.

    The rows say which points they are about in a column `point`, of numbers, or `label`; with
    neither there has to be one row a point, in order.

    Parameters
    ----------
    shelf : Shelf
    content : bytes
        UTF-8, with the columns' names in the first line.
    delimiter : str

    Returns
    -------
    pyarrow.Table of n_points rows
        Numbers where all values are, text otherwise; null where a point has no row.

    Raises
    ------
    RefusalError
        For a file that is malformed, naming the line.
    """
    lines = _lines(content, delimiter)
    _, names = next(lines, (1, []))
    if not names or not all(name.strip() for name in names) or len(set(names)) < len(names):
        raise RefusalError(400, "line 1 has to name the columns, each differently")
    numbers, rows = [], []
    for number, row in lines:
        if len(row) != len(names):
            raise RefusalError(
                400, f"line {number} has {len(row)} values, but line 1 names {len(names)} columns"
            )
        numbers.append(number)
        rows.append(row)
    cells = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    if not cells:
        raise RefusalError(400, "there are no rows below the names of the columns")
    places, points = _owners(shelf, cells, numbers)
    mine = [name for name in names if name not in (POINT, LABEL)]
    if not mine:
        raise RefusalError(400, f"there is no column beside {POINT!r} and {LABEL!r}")
    chosen = np.full(len(shelf.space), -1)
    chosen[points] = places
    take = pa.array(chosen, mask=chosen < 0)
    return pa.table({name: _values(cells[name]).take(take) for name in mine})


def _lines(content: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each record's last line and its cells; blank lines are left out."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusalError(400, f"line {line} is not UTF-8; save the file as that") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise RefusalError(400, f"line {line} holds a NUL character: is this a text file?")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise RefusalError(400, f"line {reader.line_num} is malformed: {error}") from error
        if row is None:
            return
        if row:
            yield reader.line_num, row


def _owners(
    shelf: Shelf, cells: dict[str, tuple[str, ...]], numbers: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and the points they are about, side by side."""
    count = len(shelf.space)
    if POINT in cells:
        given = cells[POINT]
        for number, cell in zip(numbers, given, strict=True):
            if not _WHOLE.fullmatch(cell.strip()) or not 0 <= int(cell) < count:
                raise RefusalError(
                    400, f"line {number}: {cell[:50]!r} is no point; there are 0 to {count - 1}"
                )
        points = np.array([int(cell) for cell in given])
        _refuse_twice(points.tolist(), numbers)
        return np.arange(len(given)), points
    if LABEL in cells:
        given = cells[LABEL]
        _refuse_twice(given, numbers)
        labels = as_text(shelf.space.points[LABEL])
        known = pc.is_in(pa.array(given, pa.string()), value_set=labels)
        strange = np.flatnonzero(~known.to_numpy(False))
        if len(strange):
            line, cell = numbers[strange[0]], given[strange[0]]
            others = f", as in {len(strange) - 1:,} more lines" if len(strange) > 1 else ""
            raise RefusalError(
                400, f"line {line}: {cell[:50]!r} is no point's label{others}; take them out"
            )
        rows = pc.index_in(labels, value_set=pa.array(given, pa.string()))
        points = np.flatnonzero(rows.is_valid().to_numpy(False))
        return rows.drop_null().to_numpy().astype(np.int64), points
    if len(numbers) != count:
        raise RefusalError(
            400,
            f"there are {len(numbers):,} rows for {count:,} points: name the points in a column "
            f"{POINT!r} or {LABEL!r}, or give one row for each",
        )
    return np.arange(count), np.arange(count)


def _refuse_twice(values: Sequence[Any], numbers: Sequence[int]) -> None:
    first: dict[Any, int] = {}
    for value, number in zip(values, numbers, strict=True):
        if first.setdefault(value, number) != number:
            raise RefusalError(
                400, f"line {number}: {value!r} stands in line {first[value]} already"
            )


def _values(cells: Sequence[str]) -> pa.Array:
    """Return cells as numbers where all that are not empty are; empty ones are null."""
    held = pa.array([cell if cell.strip() else None for cell in cells], pa.string())
    for kind in (pa.int64(), pa.float64()):
        try:
            numbers = pc.utf8_trim_whitespace(held).cast(kind)
        except pa.ArrowInvalid:
            continue
        if numbers.null_count < len(numbers):
            return numbers
    return held
