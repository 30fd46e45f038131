"""Sources: which format a file is in, told by what it holds."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from lexiscope.errors import LexiscopeError
from lexiscope.tensorboard.folder import CONFIG
from lexiscope.vectors.arrays import beside, read_array
from lexiscope.vectors.frames import read_parquet, vector_column
from lexiscope.vectors.projector import find_embeddings
from lexiscope.vectors.vectors import Share, Source, Vectors
from lexiscope.vectors.words import (
    BOM,
    HEADER,
    numbers_at_end,
    opened,
    read_binary,
    read_text,
)

HEAD = 1 << 20
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
READ = (
    "word2vec (text and binary), GloVe and fastText .vec, packed with gzip or not; .npy with a "
    "csv, tsv, jsonl or parquet of its points; parquet with a column of vectors; a log directory "
    "of TensorBoard's projector"
)
FORMAT_NPY = "an .npy file"
FORMAT_CHOICE = "a parquet file or a log directory with several"
# By how they begin: what some files are that are often taken for these.
OTHERS = (
    (b"\xba\x16\x4f\x2f", "a binary model of fastText; import the .vec file that comes with it"),
    (b"PK\x03\x04", "a zip archive; of an .npz save one array with numpy.save, else unpack it"),
    (b"\x80", "a pickle; save a gensim model's vectors with save_word2vec_format"),
    (b"\x89HDF", "an HDF5 file; save its array with numpy.save"),
    (b"ARROW1", "an Arrow file; save the table as parquet"),
)


def find_sources(
    path: Path, *, points: Path | None = None, vectors: str | None = None
) -> tuple[Source, ...]:
    """Find out what a file or a folder holds.

    Parameters
    ----------
    path : pathlib.Path
    points : pathlib.Path, optional
        The table of an array's points.
    vectors : str, optional
        Which column of a parquet file, or which embedding of a log directory.

    Returns
    -------
    tuple of Source
        Several only of a log directory.

    Raises
    ------
    LexiscopeError
        For what is not there or in no format that is read, and for what the format has no use
        for.
    """
    if not path.exists():
        raise LexiscopeError(f"{path} does not exist; read are: {READ}")
    try:
        if path.is_dir() or path.name == CONFIG:
            _refuse(points, "--points", FORMAT_NPY)
            return find_embeddings(path if path.is_dir() else path.parent, vectors)
        return (_file(path, points, vectors),)
    except OSError as error:
        raise LexiscopeError(f"{path} cannot be read: {error.strerror or error}") from error


def _file(path: Path, points: Path | None, vectors: str | None) -> Source:
    with path.open("rb") as file:
        begins = file.read(8)
    stem = path.name.removesuffix(".gz").rpartition(".")[0] or path.name
    if begins.startswith(b"\x93NUMPY"):
        _refuse(vectors, "--vectors", FORMAT_CHOICE)
        table = points or beside(path)
        if table is not None and not table.is_file():
            raise LexiscopeError(f"{table} is not there, or no file: name the table of the points")
        files = (path,) if table is None else (path, table)
        return Source(path.name, stem, "npy", files, False, "", partial(read_array, path, table))
    _refuse(points, "--points", FORMAT_NPY)
    if begins.startswith(b"PAR1"):
        column = vector_column(path, vectors)
        return Source(
            path.name, stem, "parquet", (path,), False, column, partial(read_parquet, path, column)
        )
    _refuse(vectors, "--vectors", FORMAT_CHOICE)
    return _words(path, stem)


def _words(path: Path, stem: str) -> Source:
    with opened(path, path.name) as (file, _):
        head = file.read(HEAD)
    if not head.strip():
        raise LexiscopeError(f"{path.name} is empty")
    whole = len(head) < HEAD
    lines = head.removeprefix(BOM).split(b"\n")[: None if whole else -1] or [b""]
    header = HEADER.fullmatch(lines[0])
    if header is None:
        if b"\0" not in head and any(numbers_at_end(line) > 1 for line in lines[:10]):
            return _source(path, stem, "GloVe text", binary=False)
        known = (what for begins, what in OTHERS if head.startswith(begins))
        what = next(known, f"in no format that is read; these are: {READ}")
        raise LexiscopeError(f"{path.name} is {what}")
    # Numbers in binary hold bytes that no text does, unless there are very few of them.
    second = head.split(b"\n", 2)[1] if b"\n" in head else b""
    is_text = numbers_at_end(second) > 0 or not CONTROL.search(head)
    return _source(path, stem, f"word2vec {'text' if is_text else 'binary'}", binary=not is_text)


def _source(path: Path, stem: str, format: str, *, binary: bool) -> Source:
    notes = path.with_name(f"{stem}.json")
    ours = _told(notes)
    labels = None if ours is None else {str(a): str(b) for a, b in ours["labels"].items()}
    by_frequency = ours is None or ours["recipe"].get("kind") == "word"

    def read(label: str | None, share: Share) -> Vectors:
        _refuse(label, "--label", "files with a table of points")
        return (read_binary if binary else read_text)(path, labels, share)

    files = (path,) if ours is None else (path, notes)
    return Source(path.name, stem, format, files, by_frequency, "", read)


def _told(notes: Path) -> dict[str, dict[str, Any]] | None:
    """Return what Lexiscope wrote beside an export: what was exported, and labels rewritten."""
    if not notes.is_file():
        return None
    with notes.open("rb") as file:
        if b'"lexiscope"' not in file.read(100):
            return None
    try:
        found = json.loads(notes.read_bytes())
    except ValueError:
        return None
    parts = [found.get(name) if isinstance(found, dict) else None for name in ("recipe", "labels")]
    return found if all(isinstance(part, dict) for part in parts) else None


def _refuse(given: object, option: str, use: str) -> None:
    if given is not None:
        raise LexiscopeError(f"{option} {given}: this is for {use}")
