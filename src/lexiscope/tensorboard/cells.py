"""A table of any Arrow types as the tab-separated text that the projector's page reads right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

NOTHING = "(none)"

# The page decodes its text in pieces of this many bytes, each by itself.
PIECE = 1_000_000
# A piece boundary inside a character can be moved off it by this many bytes at most.
PADDING = 8

BLOCK = 8192
# JavaScript keeps every integer of up to this many digits.
EXACT_DIGITS = 15

# What ends a line or a cell, what a decoder swallows at the start of a piece (U+FEFF), and
# other characters that have no shape.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")

# The texts that JavaScript's Number() takes for numbers, white space around them included.
_NUMBER = re.compile(
    r"\s*(?:[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)\s*"
)

# What `shown_text` makes of texts in which nothing can be seen.
_UNSEEN = re.compile(r"(?: |\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*")


def shown_text(text: str) -> str:
    """Return a label as it is written: unchanged wherever the page would leave it unchanged.

    Control characters are escaped. What cannot be seen, and what the page would turn into a
    number (``7``, ``007``, ``0x1f``), stands in double quotes.
    """
    if text.isascii() and text.isalpha() and text != "Infinity":
        return text
    text = _CONTROL.sub(lambda found: _escaped(found[0]), text)
    if not any(character.isprintable() and not character.isspace() for character in text):
        return '"' + "".join(c if c == " " else _escaped(c) for c in text) + '"'
    if _NUMBER.fullmatch(text):
        return f'"{text}"'
    return text


def as_it_was(cell: str) -> str:
    """Return the text that `shown_text` wrote as this, as far as that can be told.

    Quotes around numbers and around what cannot be seen are taken off. Escapes of control
    characters stay: a text may hold a backslash and an n by itself.
    """
    inner = cell[1:-1]
    if not (len(cell) > 1 and cell[0] == cell[-1] == '"'):
        return cell
    if _NUMBER.fullmatch(inner):
        return inner
    return inner.encode("ascii").decode("unicode_escape") if _UNSEEN.fullmatch(inner) else cell


def write_metadata(path: Path, table: pa.Table) -> list[str]:
    """Write one line a point under a line of column names.

    There are always two columns or more (a single one would have no header, and a blank label
    in it would shift all that follow), no cell is empty, and numeric columns stay numeric.

    Parameters
    ----------
    path : pathlib.Path
    table : pyarrow.Table
        One row a point, any types.

    Returns
    -------
    list of str
        The columns' names as written.
    """
    if table.num_columns == 0:
        table = pa.table({"label": pa.array([f"#{row}" for row in range(table.num_rows)])})
    if table.num_columns == 1:
        table = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    names = _unique_names(table.column_names)
    with path.open("wb") as file:
        header = "\t".join(names).encode()
        file.write(header)
        # The first row follows the header, which takes no padding: it would be a column more.
        end, padding = len(header), 0
        for row in _rows(table):
            line = row.encode()
            start = end + 1
            pad = _pad(start, line, padding)
            file.write(b"\t" * pad + b"\n" + line)
            end = start + pad + len(line)
            padding = PADDING
        # Without an end of line in the last piece the page never stops reading.
        file.write(b"\n")
    return names


def label_column(table: pa.Table, names: list[str]) -> str:
    """Name of the column that the page labels points by: the first that is not numeric."""
    for field, name in zip(table.schema, names, strict=False):
        if not _is_numeric(field.type):
            return name
    return names[0]


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _unique_names(names: list[str]) -> list[str]:
    """Names that are shown, differ from each other and hold no tab."""
    unique: list[str] = []
    for number, name in enumerate(names, start=1):
        wanted = _CONTROL.sub(" ", name).strip() or f"column {number}"
        candidate, copy = wanted, 2
        while candidate in unique:
            candidate, copy = f"{wanted} ({copy})", copy + 1
        unique.append(candidate)
    return unique


def _rows(table: pa.Table) -> Iterator[str]:
    for start in range(0, table.num_rows, BLOCK):
        block = table.slice(start, BLOCK)
        columns = [_cells(column) for column in block.columns]
        yield from map("\t".join, zip(*columns, strict=True))


def _cells(column: pa.ChunkedArray) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    numeric = _is_numeric(column.type)
    if _is_nested(column.type):
        values = [
            None if value is None else json.dumps(value, ensure_ascii=False, default=str)
            for value in column.to_pylist()
        ]
    else:
        try:
            values = pc.cast(column, pa.string()).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            values = [None if value is None else str(value) for value in column.to_pylist()]
    if numeric:
        integer = pa.types.is_integer(column.type)
        return [
            NOTHING
            if value is None
            else f'"{value}"'
            if integer and len(value.lstrip("-")) > EXACT_DIGITS
            else value
            for value in values
        ]
    return [NOTHING if value is None else shown_text(value) for value in values]


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind))


def _pad(start: int, line: bytes, most: int) -> int:
    """Bytes to move a line by, so that no piece of the page's begins inside a character.

    They are written as tabs at the end of the line before: cells beyond the last column, which
    the page leaves out.
    """
    for pad in range(most + 1):
        first = -(start + pad) % PIECE
        if all(line[at] & 0xC0 != 0x80 for at in range(first, len(line), PIECE)):
            return pad
    return 0
