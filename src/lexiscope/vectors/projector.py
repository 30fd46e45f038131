"""A log directory of TensorBoard's Embedding Projector, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.tensorboard.cells import NOTHING, as_it_was
from lexiscope.tensorboard.folder import CONFIG, HEADER
from lexiscope.vectors.points import as_points, numbered, typed
from lexiscope.vectors.vectors import Share, Source, Vectors, check, ragged
from lexiscope.vectors.words import NUMBER, parsed

FORMAT = "TensorBoard projector"
# What is named of a folder that is no log directory: files that may hold vectors.
FILES = (".bin", ".gz", ".npy", ".parquet", ".txt", ".vec")
LISTED = 5
PLUGIN = "plugins/org_tensorflow_tensorboard_projector"

_TOKEN = re.compile(
    r"""\s+|#[^\n]*|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<word>[\w.+-]+)|(?P<mark>[{}<>:,;\[\]])"""
)


@dataclass(frozen=True)
class Entry:
    """One entry of the projector's list.

    Attributes
    ----------
    name : str
    config : pathlib.Path
        The configuration that names it; paths are relative to its folder.
    tensor, metadata : pathlib.Path or None
    shape : tuple of int
        Empty where it is not written down.
    ours : bool
        Whether Lexiscope wrote it, so that labels can be turned back.
    """

    name: str
    config: Path
    tensor: Path | None = None
    metadata: Path | None = None
    shape: tuple[int, ...] = ()
    ours: bool = field(default=False, compare=False)


def find_embeddings(logdir: Path, asked: str | None) -> tuple[Source, ...]:
    """Find the embeddings of a log directory, those of its runs too.

    Parameters
    ----------
    logdir : pathlib.Path
    asked : str, optional
        The name of the only one wanted.

    Raises
    ------
    LexiscopeError
        When there is none, a configuration cannot be read, or files are missing.
    """
    configs = sorted(path for path in logdir.rglob(CONFIG) if not _is_hidden(path, logdir))
    # As TensorBoard does: where a run has one in the plugin's folder, that at its root is hidden.
    configs = [path for path in configs if not (path.parent / PLUGIN / CONFIG).exists()]
    if not configs:
        files = [path.name for path in sorted(logdir.iterdir()) if path.suffix.lower() in FILES]
        shown = ", ".join(files[:LISTED]) + (", ..." if len(files) > LISTED else "")
        raise LexiscopeError(
            f"{logdir} is a folder without a {CONFIG}, in it or below, so no log directory of "
            "TensorBoard's Embedding Projector; name "
            + (f"one of its files ({shown})" if files else "such a directory, or a file")
        )
    found = {}
    for config in configs:
        run = config.parent.relative_to(logdir).as_posix().removesuffix(PLUGIN).strip("./")
        for number, entry in enumerate(read_config(config), start=1):
            name = entry.name or f"embedding {number}"
            name = f"{run}/{name}" if run and len(configs) > 1 else name
            found[name] = replace(entry, name=name)
    if asked is not None:
        if asked not in found:
            raise LexiscopeError(f"{logdir} has no embedding {asked!r}; it has {', '.join(found)}")
        found = {asked: found[asked]}
    readable = [each for each in found.values() if each.tensor is not None]
    if not readable:
        what = ", ".join(found) or "nothing"
        raise LexiscopeError(
            f"{logdir} names {what}, but no file of vectors: they are in a checkpoint of "
            "TensorFlow's, which is not read; save them as tsv with a tensor_path"
        )
    for entry in readable:
        for path in (entry.tensor, entry.metadata):
            if path is not None and not path.is_file():
                raise LexiscopeError(
                    f"{entry.config}: {entry.name} names {path}, which is not there"
                )
    missed = [name for name, each in found.items() if each.tensor is None]
    return tuple(_source(logdir, entry, missed) for entry in readable)


def _is_hidden(path: Path, above: Path) -> bool:
    """Tell whether a file lies in a hidden folder below one: environments, caches, histories."""
    return any(part.startswith(".") for part in path.relative_to(above).parts[:-1])


def _source(logdir: Path, entry: Entry, missed: list[str]) -> Source:
    assert entry.tensor is not None
    files = (entry.tensor,) if entry.metadata is None else (entry.tensor, entry.metadata)
    name = f"{logdir.resolve().name}, {entry.name}"
    return Source(
        name,
        entry.name,
        FORMAT,
        files,
        False,
        entry.name,
        partial(_read, entry, name, tuple(_notes(logdir, entry, missed))),
    )


def read_config(path: Path) -> Iterator[Entry]:
    """Yield the entries of a projector's configuration.

    Raises
    ------
    LexiscopeError
        For what is no such configuration.
    """
    try:
        text = path.read_text(encoding="utf-8")
        fields = _message(_tokens(text), ends=False)
    except (OSError, ValueError) as error:
        raise LexiscopeError(f"{path} is no projector configuration ({error})") from error
    for each in fields.get("embeddings", []):
        if not isinstance(each, dict):
            raise LexiscopeError(f"{path} is no projector configuration (embeddings is no message)")
        said = {name: values[-1] for name, values in each.items()}
        shape = tuple(int(size) for size in each.get("tensor_shape", []) if str(size).isdecimal())
        yield Entry(
            str(said.get("tensor_name", "")),
            path,
            _beside(path, said.get("tensor_path")),
            _beside(path, said.get("metadata_path")),
            shape,
            text.startswith(HEADER.split(",")[0]),
        )


def _beside(config: Path, path: Any) -> Path | None:
    return config.parent / str(path) if path else None


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"line {text.count(chr(10), 0, at) + 1}: {text[at]!r}")
        if found.lastgroup:
            yield found[0]
        at = found.end()


def _message(tokens: Iterator[str], *, ends: bool) -> dict[str, list[Any]]:
    """Read fields up to the end of a message: every name with all its values."""
    fields: dict[str, list[Any]] = {}
    name, listed = None, False
    for token in tokens:
        if token in "}>":
            if not ends or name is not None:
                raise ValueError(f"a {token} too many")
            return fields
        if token in "[]":  # several values of one name
            listed = token == "["
            name = name if listed else None
        elif token in ":,;":
            continue
        elif name is None:
            if token in "{<":
                raise ValueError(f"a {token} without a name")
            name = token
        else:
            value = _message(tokens, ends=True) if token in "{<" else _unquoted(token)
            fields.setdefault(name, []).append(value)
            name = name if listed else None
    if ends:
        raise ValueError("it ends within a message")
    return fields


def _unquoted(token: str) -> str:
    inner = token[1:-1] if token[0] in "\"'" else token
    if "\\" not in inner:
        return inner
    raw = re.sub(r"\\([0-7]{1,3})", lambda octal: chr(int(octal[1], 8)), inner)
    raw = re.sub(r"""\\(["'\\])""", r"\1", raw)
    # Protocol buffers write bytes of UTF-8 as octal escapes.
    try:
        return raw.encode("latin-1").decode()
    except UnicodeError:
        return raw


def _notes(logdir: Path, entry: Entry, missed: list[str]) -> Iterator[str]:
    where = entry.config.relative_to(logdir).parent
    if where.parts and where.as_posix() != PLUGIN:
        yield f"found in {where.as_posix()}"
    if missed:
        yield f"left out, their vectors being in TensorFlow's checkpoint: {', '.join(missed)}"


def _read(
    entry: Entry, name: str, notes: tuple[str, ...], label: str | None, share: Share
) -> Vectors:
    assert entry.tensor is not None
    matrix = _tensor(entry.tensor, entry.shape)
    share(0.6)
    if entry.metadata is None:
        if label is not None:
            raise LexiscopeError(f"{name} comes without metadata, so there is no column {label!r}")
        check(name, matrix)
        return Vectors(matrix, numbered(len(matrix)), False, notes)
    table = _metadata(entry.metadata, len(matrix), ours=entry.ours)
    check(name, matrix)
    points, words, more = as_points(table, label, entry.metadata.name)
    share(1.0)
    return Vectors(matrix, points, words, (*notes, *more))


def _tensor(path: Path, shape: tuple[int, ...]) -> NDArray[np.number]:
    """Read raw float32 numbers where they are as many as the shape says, and text otherwise."""
    is_text = path.suffix.lower() in (".tsv", ".txt")
    if not is_text and len(shape) == 2 and path.stat().st_size == 4 * shape[0] * shape[1]:
        mapped: NDArray[np.number] = np.memmap(path, "<f4", "r", shape=(shape[0], shape[1]))
        return mapped
    lines = enumerate(path.read_bytes().split(b"\n"), start=1)
    rows = [(number, line.rstrip(b"\r\t ")) for number, line in lines if line.strip()]
    if not rows:
        raise LexiscopeError(f"{path.name} is empty")
    dim = rows[0][1].count(b"\t") + 1
    for number, row in rows:
        if row.count(b"\t") != dim - 1:
            raise ragged(f"{path.name}, line {number:,}", row.count(b"\t") + 1, dim)
    try:
        return parsed([row for _, row in rows], b"\t").reshape(len(rows), dim)
    except (pa.ArrowInvalid, ValueError):
        for number, row in rows:
            for each in row.split(b"\t"):
                if not NUMBER.fullmatch(each):
                    shown = each[:40].decode("utf-8", "backslashreplace")
                    sized = f" and is no float32 of {shape}" if shape else ""
                    raise LexiscopeError(
                        f"{path.name}, line {number:,}: {shown!r} is no number{sized}"
                    ) from None
        raise


def _metadata(path: Path, n: int, *, ours: bool) -> pa.Table:
    """Read labels, one a line, or columns below their names."""
    text = path.read_bytes().decode("utf-8-sig", "backslashreplace")
    lines = text.removesuffix("\n").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    if "\t" not in lines[0]:
        names, rows = ["label"], [[line] for line in lines]
        what = "labels (a file of one column has no line of names)"
    else:
        names, *rows = (line.split("\t") for line in lines)
        what = "rows below the names of its columns"
    if len(rows) != n:
        raise LexiscopeError(f"{path.name} has {len(rows):,} {what}, for {n:,} vectors")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            cells = f"{len(row):,} cell{'s' if len(row) != 1 else ''}"
            raise LexiscopeError(
                f"{path.name}, line {number:,}: {cells}, {len(names):,} expected; a tab stands "
                "between two"
            )
    made = {}
    for at, name in enumerate(names):
        column = [row[at] for row in rows]
        free, copy = name or f"column {at + 1}", 2
        while free in made:
            free, copy = f"{name} ({copy})", copy + 1
        made[free] = _column(column, ours=ours)
    return pa.table(made)


def _column(cells: list[str], *, ours: bool) -> pa.ChunkedArray:
    if not ours:
        held = [cell or None for cell in cells]
        return typed(pa.chunked_array([pa.array(held, pa.string())]))
    held = [None if cell == NOTHING else cell for cell in cells]
    values = pa.chunked_array([pa.array(held, pa.string())])
    numbers = typed(values)
    if numbers is not values:
        return numbers
    texts = [None if cell is None else as_it_was(cell) for cell in held]
    return pa.chunked_array([pa.array(texts, pa.string())])
