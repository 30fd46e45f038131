"""Importing: from vectors of other programs' files to an atlas."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lexiscope.atlas import MANIFEST, Atlas, Progress
from lexiscope.errors import LexiscopeError, StorageError
from lexiscope.vectors import Source, Vectors, find_sources, space_name
from lexiscope.workflow.maps import MAPS, build_maps
from lexiscope.workflow.spaces import silent

# Raised when other points or vectors are made of the same files.
RECIPE = 1


def import_vectors(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    name: str | None = None,
    points: str | os.PathLike[str] | None = None,
    label: str | None = None,
    vectors: str | None = None,
    ordered: bool | None = None,
    replace: bool = False,
    maps: Sequence[str] = MAPS,
    progress: Progress = silent,
) -> Atlas:
    """Make an atlas of vectors from a file, or add them to one of imported vectors.

    What is there from an earlier run with the same files and options is kept, and an
    interrupted run is gone on with.

    Parameters
    ----------
    path : path
        word2vec (text or binary), GloVe or fastText ``.vec``, packed with gzip or not; ``.npy``;
        parquet with a column of vectors; a log directory of TensorBoard's projector.
    output : path, optional
        The atlas' folder; by default the file's name with ``.atlas`` in the current folder.
    name : str, optional
        Of the space; by default after the file. Each embedding of a log directory is a space,
        called as it is there.
    points : path, optional
        Of an ``.npy`` file: csv, tsv, jsonl, parquet or xlsx, one row a vector, in order. By
        default a file of the same name with such an ending, else points are numbered.
    label : str, optional
        The column that holds the points' labels; by default ``label``, ``token``, ``word``,
        ``text``, ``name`` or ``title``, else the first of text.
    vectors : str, optional
        Which column of a parquet file holds the vectors, where several do; or which embedding
        of a log directory is wanted.
    ordered : bool, optional
        Whether words go from frequent to rare; by default those of word2vec and GloVe do.
    replace : bool
        Whether a space of the same name made from other files is given up.
    maps : sequence of str
        Projections to compute for every space.
    progress : callable, optional
        ``progress(stage, unit, done, total)``.

    Returns
    -------
    Atlas

    Raises
    ------
    LexiscopeError
        For input that is refused, naming the line or row at fault; nothing half-made is left.

    Examples
    --------
    >>> import lexiscope as lx
    >>> atlas = lx.import_vectors("glove.6B.100d.txt")  # doctest: +SKIP
    """
    source = Path(path)
    found = find_sources(source, points=None if points is None else Path(points), vectors=vectors)
    folder = Path(output) if output is not None else _default_path(source)
    asked = [
        _Asked(each, space, label, each.by_frequency if ordered is None else ordered)
        for each, space in zip(found, _space_names(found, name), strict=True)
    ]
    keys = [each.key(_stage(progress, "checking", each.source.name)) for each in asked]
    is_new = not (folder / MANIFEST).exists()
    atlas = Atlas.create(folder)
    try:
        with atlas.writing(progress) as progress:
            new = [pair for pair in zip(asked, keys, strict=True) if _is_new(atlas, *pair, replace)]
            if len(new) > 1:  # of several one that is refused refuses all, before any is there
                for each, _ in new:
                    _check(each, progress)
            for each, key in new:
                _add(atlas, each, key, progress)
            for each in asked:
                build_maps(atlas, each.space, maps, progress)
    except StorageError:
        raise
    except LexiscopeError:
        if is_new:  # refused input leaves nothing behind
            atlas.discard()
        raise
    return atlas


@dataclass(frozen=True)
class _Asked:
    """A source, and what is to be made of it."""

    source: Source
    space: str
    label: str | None
    ordered: bool

    def key(self, share: Callable[[float], None]) -> str:
        inputs = {
            "import": RECIPE,
            "format": self.source.format,
            "content": self.source.hash(share),
            "part": self.source.part,
            "label": self.label,
            "ordered": self.ordered,
        }
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _is_new(atlas: Atlas, asked: _Asked, key: str, replace: bool) -> bool:
    """Tell whether a space is to be made; refuse where another is in its place."""
    origin = atlas.origin
    if origin is not None and not origin.imported:
        raise LexiscopeError(
            f"{atlas.path} is the atlas of the model {origin.name}; name another folder with -o"
        )
    if atlas.key(asked.space) == key:
        return False
    if asked.space in atlas and not replace:
        held = atlas.recipe(asked.space)["source"]["name"]
        raise LexiscopeError(
            f"{atlas.path} already has a space {asked.space!r}, imported from {held} as it was "
            "or with other options; keep both with --name NAME, or give it up with --replace"
        )
    return True


def _check(asked: _Asked, progress: Progress) -> None:
    """Read a source from end to end; refuse what cannot be imported."""
    stage = _stage(progress, "checking", asked.source.name)
    for _ in asked.source.read(asked.label, stage).blocks(asked.source.name):
        pass


def _add(atlas: Atlas, asked: _Asked, key: str, progress: Progress) -> None:
    """Put the vectors of a source into the atlas."""
    source = asked.source
    read = source.read(asked.label, _stage(progress, "reading", source.name))
    writer, done, zeros = atlas.writer(asked.space, key), 0, 0
    advance = _stage(progress, "writing", asked.space)
    for points, matrix in read.blocks(source.name):
        zeros += int((~matrix.any(axis=1)).sum())
        if done >= writer.rows:  # what an interrupted run wrote is there
            writer.append(points, {None: matrix})
        done += len(matrix)
        advance(done / len(read))
    notes = [*read.notes, *_notes(asked, read, zeros)]
    writer.finish(
        {
            "kind": _kind(asked, read),
            "source": {
                "name": source.name,
                "format": source.format,
                "files": [path.name for path in source.files],
                "dtype": str(read.matrix.dtype),
                "label": asked.label,
                "ordered": asked.ordered,
                "notes": notes,
            },
        }
    )


def _kind(asked: _Asked, read: Vectors) -> str:
    """Return what is measured of it, see `lexiscope.findings.kinds`."""
    if not read.words:
        return "imported points"
    return "word" if asked.ordered else "imported words"


def _notes(asked: _Asked, read: Vectors, zeros: int) -> list[str]:
    notes = []
    if zeros:
        notes.append(f"{zeros:,} {'vector is' if zeros == 1 else 'vectors are'} zero")
    if asked.ordered and read.words:
        notes.append(
            "rows are taken to go from frequent to rare words, as is usual in such files; if "
            "these do not, import with --unordered"
        )
    elif asked.ordered:
        notes.append("the labels are no words, so nothing is said of how frequent they are")
    return notes


def _space_names(found: Sequence[Source], name: str | None) -> list[str]:
    """Return what the spaces are called."""
    if name is not None:
        if len(found) > 1:
            several = ", ".join(each.stem for each in found)
            raise LexiscopeError(
                f"--name {name}: there are several embeddings, {several}; choose one with "
                "--vectors, or leave the name out"
            )
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise LexiscopeError(f"space name {name!r}: use letters, digits, - and _")
        return [name]
    names: list[str] = []
    for each in found:
        wanted = space_name(each.stem)
        free, copy = wanted, 2
        while free in names:
            free, copy = f"{wanted}-{copy}", copy + 1
        names.append(free)
    return names


def _default_path(source: Path) -> Path:
    name = source.resolve().name if source.is_dir() else source.name.removesuffix(".gz")
    stem = name if source.is_dir() else name.rpartition(".")[0] or name
    return Path(f"{stem}.atlas")


def _stage(progress: Progress, doing: str, what: Any) -> Callable[[float], None]:
    return lambda share: progress(f"{doing} {what}", "%", round(100 * share), 100)
