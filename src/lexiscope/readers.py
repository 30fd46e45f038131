"""Files and frames, each read into one Arrow table of plain columns.

A plain column holds booleans, 64-bit integers or floats, dates, times, microsecond timestamps or
strings; anything nested becomes a JSON string. NUL and lone surrogates, which UTF-8 files and
tokenizers do not take, become U+FFFD one for one, so that character offsets stay true.

Row numbers count data rows from 1: the header is not counted, nor are blank lines of csv, tsv and
jsonl files. In a workbook the first row that holds anything is the header, and empty rows between
others count. A formula gives the value that was stored with it when the workbook was saved.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import os
import re
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lexiscope.errors import LexiscopeError

Rank = Callable[[Sequence[str]], int]

UNPACKED_LIMIT = 2**30
"""Bytes that a workbook may unpack to."""
RATIO_LIMIT = 200
"""Times its own size that a workbook of more than 64 MiB unpacked may unpack to."""

WORKBOOKS = (".xlsx", ".xlsm")
"""File endings of workbooks."""

_RATIO_FLOOR = 2**26
_WORKBOOK_ROWS = 2**20
_UNSAFE = re.compile("[\0\ud800-\udfff]")
_WORKBOOK_ERRORS = {"", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"}
_WORKBOOK_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it was read, and what to tell a person about it.

    Attributes
    ----------
    table : pa.Table
        Plain columns under names that are unique and not empty.
    name : str
        The file's name without its folder, or "frame".
    listing : str
        The columns there are, for a message; of every sheet where there are several.
    typed : bool
        False where every column is a string because the format knows nothing else.
    notes : tuple of str
        Plain sentences about what was unusual.
    """

    table: pa.Table
    name: str
    listing: str
    typed: bool = True
    notes: tuple[str, ...] = ()


def read(source: object, rank: Rank) -> Sheet:
    """Read a file, a data frame, an Arrow table or a dataset.

    Parameters
    ----------
    source : str, path, or frame
        A path to an xlsx, csv, tsv, jsonl, parquet or txt file; or a pandas or Polars frame, an
        Arrow table or a `datasets.Dataset`.
    rank : callable
        How usable a sheet with these column names is, 0 for not at all. Of a workbook's sheets
        the first of the highest rank is read.

    Raises
    ------
    LexiscopeError
        If the source cannot be read; the message names the line or row at fault.
    """
    if not isinstance(source, str | os.PathLike):
        table = _frame(source)
        return Sheet(table, "frame", ", ".join(table.column_names))
    path = Path(source)
    ending = path.suffix.lower()
    known = ", ".join([*WORKBOOKS, *READERS])
    if path.is_dir() or not path.exists():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise LexiscopeError(f"{path} {what}; give a file ({known}).")
    if ending not in WORKBOOKS and ending not in READERS:
        raise LexiscopeError(
            f"{path.name} has an ending that is not known; save it as one of {known}."
        )
    try:
        return _workbook(path, rank) if ending in WORKBOOKS else READERS[ending](path)
    except OSError as error:
        raise LexiscopeError(f"{path} cannot be read: {error.strerror or error}.") from error


def as_text(value: object) -> str | None:
    """Write a cell's value as a person would: 7.0 as "7", midnight as its date, None as None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return str(value)


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bring an Arrow column of any type to a plain one of the same length."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(column.cast(kind.value_type))
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
        if pc.any(pc.match_substring(column, "\0")).as_py():
            return plain_values(column.to_pylist())
        return column
    if pa.types.is_uint64(kind) and (pc.max(column).as_py() or 0) >= 2**63:
        return column.cast(pa.string())
    for test, target in _PLAIN_TYPES:
        if test(kind):
            return column.cast(target, safe=False)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    return plain_values([as_text(value) for value in column.to_pylist()])


def plain_values(values: Sequence[object]) -> pa.ChunkedArray:
    """Bring Python values to a plain column: of their type where they agree, else as strings."""
    held = [None if isinstance(v, float) and math.isnan(v) else v for v in values]
    types = {type(v) for v in held if v is not None}
    target = None
    if types <= {int, float} and types:
        target = pa.int64() if types == {int} else pa.float64()
    elif types == {dt.datetime}:
        midnight = all(v.time() == dt.time() for v in held if isinstance(v, dt.datetime))
        target = pa.date32() if midnight else pa.timestamp("us")
    elif len(types) == 1:
        target = {bool: pa.bool_(), dt.date: pa.date32(), dt.time: pa.time64("us")}.get(*types)
    if target is not None:
        try:
            return _chunked(pa.array(held, target))
        except (pa.ArrowException, OverflowError):
            pass  # an integer of more than 64 bits
    texts = (as_text(v) for v in held)
    return _chunked(pa.array([t if t is None else _safe(t) for t in texts], pa.string()))


_PLAIN_TYPES: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (pa.types.is_boolean, pa.bool_()),
    (pa.types.is_integer, pa.int64()),
    (pa.types.is_floating, pa.float64()),
    (pa.types.is_decimal, pa.float64()),
    (pa.types.is_date, pa.date32()),
    (pa.types.is_time, pa.time64("us")),
)


def _chunked(array: Any) -> pa.ChunkedArray:
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _safe(text: str) -> str:
    return _UNSAFE.sub("\ufffd", text)


def _table(names: Iterable[object], columns: Iterable[pa.ChunkedArray]) -> pa.Table:
    return pa.table(list(columns), names=_unique(names))


def _unique(names: Iterable[object]) -> list[str]:
    """Names as strings, each once: an empty one is called after its place, a second one counted."""
    taken: list[str] = []
    for place, given in enumerate(names, start=1):
        base = _safe(as_text(given) or "").strip() or f"column_{place}"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.append(name)
    return taken


# Frames: told by what they offer, so that no frame library is imported to ask.


def _frame(source: object) -> pa.Table:
    modules = {kind.__module__.partition(".")[0] for kind in type(source).__mro__}
    reason = ""
    try:
        if "datasets" in modules:
            return _dataset(source)
        if "pandas" in modules and hasattr(source, "columns"):
            return _pandas(source)
        if hasattr(source, "__arrow_c_stream__"):
            return _arrow(pa.table(source))
    except pa.ArrowException as error:
        reason = f" ({str(error).splitlines()[0]})"
    raise LexiscopeError(
        f"A corpus cannot be read from this {type(source).__name__}{reason}; give a path, a pandas "
        "or Polars frame, an Arrow table or a datasets.Dataset."
    )


def _arrow(table: pa.Table) -> pa.Table:
    # Arrow takes strings on trust; a column that is not UTF-8 would fail much later.
    table.validate(full=True)
    return _table(table.column_names, (plain(column) for column in table.columns))


def _pandas(frame: Any) -> pa.Table:
    index = frame.index.names
    named = [frame.index.get_level_values(i) for i, name in enumerate(index) if name is not None]
    columns = [*named, *(frame.iloc[:, i] for i in range(frame.shape[1]))]
    names = [*(name for name in index if name is not None), *frame.columns]
    return _table(names, (_series(column) for column in columns))


def _series(series: Any) -> pa.ChunkedArray:
    try:
        return plain(_chunked(pa.Array.from_pandas(series)))
    except (pa.ArrowException, UnicodeEncodeError):  # values of several types, or surrogates
        missing = series.isna()
        pairs = zip(series, missing, strict=True)
        return plain_values([None if gone else value for value, gone in pairs])


def _dataset(source: Any) -> pa.Table:
    if isinstance(source, dict):
        raise LexiscopeError(
            f"The dataset has splits ({', '.join(map(str, source))}); give one of them."
        )
    if not hasattr(source, "__len__"):
        raise LexiscopeError(
            f"A {type(source).__name__} has no rows to number; give one datasets.Dataset."
        )
    table = source.with_format("arrow")[:]
    for place, (name, feature) in enumerate(source.features.items()):
        labels = getattr(feature, "names", None)
        if labels:
            values = [None if v is None or v < 0 else labels[v] for v in table[name].to_pylist()]
            table = table.set_column(place, name, pa.array(values, pa.string()))
    return _arrow(table)


# Files.


def _workbook(path: Path, rank: Rank) -> Sheet:
    _refuse_bomb(path)
    from openpyxl import load_workbook

    try:
        # openpyxl warns of styles and extensions it drops; none of them holds text.
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True)
            headers = {sheet.title: next(_cells(sheet), []) for sheet in book.worksheets}
            listing = "; ".join(
                f"sheet {title!r}: {', '.join(_unique(header)) or 'empty'}"
                for title, header in headers.items()
            )
            if not any(headers.values()):
                raise LexiscopeError(f"{path.name} is empty ({listing or 'no sheets'}).")
            best = max(headers, key=lambda title: rank(_unique(headers[title])))
            names, *rows = _cells(next(s for s in book.worksheets if s.title == best))
            book.close()
    except (LexiscopeError, OSError):
        raise
    except Exception as error:  # openpyxl raises whatever a broken part of the file leads it to
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise LexiscopeError(
            f"{path.name} is a broken workbook ({reason}); open it and save it anew."
        ) from error
    # One stray cell far out must not make a million empty columns of it.
    filled = {i for row in rows for i, value in enumerate(row) if value is not None}
    used = sorted(filled | {i for i, name in enumerate(names) if name})
    columns = ([row[i] if i < len(row) else None for row in rows] for i in used)
    table = _table((names[i] if i < len(names) else None for i in used), map(plain_values, columns))
    if len(headers) == 1:
        return Sheet(table, path.name, ", ".join(table.column_names))
    note = f"{path.name} has {len(headers)} sheets, of which {best!r} was read."
    return Sheet(table, path.name, listing, notes=(note,))


def _cells(sheet: Any) -> Iterator[list[object]]:
    """Rows of a worksheet from the first that holds anything to the last that does."""
    sheet.reset_dimensions()  # what a workbook says of its size is often wrong
    empty = 0
    started = False
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > _WORKBOOK_ROWS:
            raise ValueError(f"more than {_WORKBOOK_ROWS} rows")
        row = [_cell(value) if isinstance(value, str) else value for value in cells]
        while row and row[-1] is None:
            row.pop()
        if row:
            yield from ([] for _ in range(empty))
            yield row
            started, empty = True, 0
        elif started:
            empty += 1


def _cell(text: str) -> str | None:
    if "_x" in text:
        text = _WORKBOOK_ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)
    return None if text in _WORKBOOK_ERRORS else text


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise LexiscopeError(
            f"{path.name} is not an xlsx workbook, or is broken or has a password ({error}); "
            "open it and save it anew as xlsx or csv."
        ) from error
    ratio = unpacked / max(1, path.stat().st_size)
    if unpacked > UNPACKED_LIMIT or (unpacked > _RATIO_FLOOR and ratio > RATIO_LIMIT):
        raise LexiscopeError(
            f"{path.name} would unpack to {unpacked:,} bytes, {ratio:.0f} times its size; at most "
            f"{UNPACKED_LIMIT:,} bytes and {RATIO_LIMIT} times are read. Save it as csv or parquet."
        )


def _decode(path: Path) -> tuple[str, tuple[str, ...]]:
    """Text of a file without its byte order mark: UTF-8, UTF-16 with a mark, else cp1252."""
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ()
        except UnicodeDecodeError as error:
            raise LexiscopeError(f"{path.name} is broken UTF-16; save it as UTF-8.") from error
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        encoding = "cp1252"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1"
            text = data.decode(encoding)
    note = f"{path.name} is not UTF-8 (line {line}) and was read as {encoding}."
    return text, (note,)


def _delimited(path: Path) -> Sheet:
    text, notes = _decode(path)
    tabbed = path.suffix.lower() in (".tsv", ".tab")
    delimiter = "\t" if tabbed else _delimiter(text)
    try:
        records = _records(text, delimiter, csv.QUOTE_MINIMAL)
    except _UnreadError as error:
        if not tabbed:
            raise LexiscopeError(
                f"{path.name}: {error}. Put quotes around fields that hold quotes, "
                'and write each quote in them twice ("").'
            ) from error
        records = _records(text, delimiter, csv.QUOTE_NONE)
        notes = (*notes, f"{path.name}: quotes do not pair up and were read as plain characters.")
    if not records:
        raise LexiscopeError(f"{path.name} is empty; its first line must name the columns.")
    (_, header), *rest = records
    rows = [row for _, row in rest]
    ragged = []
    for line, row in rest:
        while len(row) > len(header) and not row[-1].strip():
            row.pop()
        if len(row) != len(header):
            ragged.append(f"line {line} ({len(row)})")
    if ragged:
        more = f" and {len(ragged) - 5} more" if len(ragged) > 5 else ""
        raise LexiscopeError(
            f"{path.name} has lines with more or fewer fields than the header's {len(header)}: "
            f"{', '.join(ragged[:5])}{more}. Put quotes around fields that hold {delimiter!r}."
        )
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    table = _table(header, (plain_values([v or None for v in column]) for column in columns))
    return Sheet(table, path.name, ", ".join(table.column_names), typed=False, notes=notes)


class _UnreadError(ValueError):
    """A line that the csv module cannot make out."""


def _records(text: str, delimiter: str, quoting: Literal[0, 3]) -> list[tuple[int, list[str]]]:
    """Return the records, each with the line of the file that it begins in."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True
    )
    limit = csv.field_size_limit(sys.maxsize)
    try:
        records, begins = [], 1
        for record in reader:
            if record:
                records.append((begins, record))
            begins = reader.line_num + 1
        return records
    except csv.Error as error:
        raise _UnreadError(f"line {reader.line_num} cannot be read ({error})") from error
    finally:
        csv.field_size_limit(limit)


def _delimiter(text: str) -> str:
    """The delimiter that makes most columns of the header; a comma where several do."""

    def width(delimiter: str) -> int:
        header = csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter)
        return len(next(header, []))

    return max((",", ";", "\t", "|"), key=width)


def _json_lines(path: Path) -> Sheet:
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise LexiscopeError(f"{path.name} is not UTF-8, as JSON must be; save it anew.") from error
    records: list[dict[str, object]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LexiscopeError(f"{path.name}: line {number} is not JSON ({error}).") from error
        if not isinstance(record, dict):
            raise LexiscopeError(
                f"{path.name}: line {number} is not a JSON object; each line must be one, "
                'as {"text": "..."}.'
            )
        records.append(record)
    names = list(dict.fromkeys(name for record in records for name in record))
    if not names:
        raise LexiscopeError(f"{path.name} is empty; each line must be a JSON object.")
    columns = (plain_values([record.get(name) for record in records]) for name in names)
    table = _table(names, columns)
    return Sheet(table, path.name, ", ".join(table.column_names))


def _parquet(path: Path) -> Sheet:
    try:
        with path.open("rb") as file:
            table = _arrow(pq.ParquetFile(file).read())
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LexiscopeError(f"{path.name} is not a whole parquet file ({reason}).") from error
    return Sheet(table, path.name, ", ".join(table.column_names))


def _plain_text(path: Path) -> Sheet:
    text, notes = _decode(path)
    lines = [line.rstrip("\n") for line in io.StringIO(text, newline=None)]
    return Sheet(_table(["text"], [plain_values(lines)]), path.name, "text", notes=notes)


READERS: dict[str, Callable[[Path], Sheet]] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".tab": _delimited,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".txt": _plain_text,
}
"""The reader of each file ending that holds one table; workbooks hold several."""
