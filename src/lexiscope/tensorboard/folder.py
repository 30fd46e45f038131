"""A log directory that TensorBoard's Embedding Projector shows, replaced as one set."""

from __future__ import annotations

import codecs
import contextlib
import importlib.util
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.projection.projection import Projection
from lexiscope.tensorboard.bookmarks import ROWS_SHOWN, write_bookmarks
from lexiscope.tensorboard.cells import label_column, write_metadata

logger = logging.getLogger(__name__)

CONFIG = "projector_config.pbtxt"
FOLDER = "lexiscope-projector"
TEMPORARY = ".lexiscope-projector-"

BLOCK_BYTES = 1 << 22
# How much of a tensor file the server decodes as text before it settles for raw numbers.
TEXT_PROBE = 1 << 24

HEADER = "# Written by lexiscope, which replaces what stands between its begin and end marks.\n"
_HEADER_LINE = re.compile(r"^# Written by lexiscope\b.*\n?", re.MULTILINE)
_BLOCK = re.compile(
    r"^# lexiscope begin: (?P<origin>exported|added) (?P<tag>\S+)\n.*?^# lexiscope end\n?",
    re.MULTILINE | re.DOTALL,
)
_NAME = re.compile(r"\btensor_name\s*:\s*[\"']([^\"']*)[\"']")
_PATH = re.compile(r"^ *(?:tensor|metadata|bookmarks)_path: \"([^\"]*)\"$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Embedding:
    """What one entry of the projector's list shows.

    Attributes
    ----------
    tag : str
        The entry's name. Characters that break the page's addresses are replaced, and a second
        entry of the same name gets a number.
    vectors : ndarray of shape (n, dim), float32
        Finite.
    metadata : pyarrow.Table
        One row a vector, columns of any type; the first text column is the label.
    projections : sequence of Projection
        Offered as bookmarks.
    """

    tag: str
    vectors: NDArray[np.float32]
    metadata: pa.Table
    projections: Sequence[Projection] = ()


def write_projector(logdir: str | os.PathLike[str], embeddings: Iterable[Embedding]) -> None:
    """Write a log directory for ``tensorboard --logdir``, in place of what was exported before.

    The embeddings are taken and written one by one; then all are put in place together. Files
    that are not of an earlier export stay, and so do entries that other programs or
    `add_embeddings` have added to the configuration since.

    A matrix of a single row or a single column, which the page hides, is left out with a
    warning in the log.

    Parameters
    ----------
    logdir : path
        Made when it does not exist.
    embeddings : iterable of Embedding

    Raises
    ------
    LexiscopeError
        For values that are not finite, shapes that do not fit, a configuration of another
        program's, or a directory that cannot be written. The directory is then as it was.
    """
    _write(Path(logdir), embeddings, origin="exported", replaces=None)


def add_embedding(logdir: Path, embedding: Embedding) -> None:
    """Add one embedding to a log directory, in place of an added one of the same tag."""
    _write(logdir, [embedding], origin="added", replaces=_clean(embedding.tag))


@dataclass(frozen=True)
class _Block:
    """One entry of ours in the configuration, with the marks around it."""

    origin: str
    tag: str
    text: str

    @property
    def name(self) -> str:
        found = _NAME.search(self.text)
        return found[1] if found else ""

    @property
    def stem(self) -> str:
        return Path(self.paths[0]).name.split(".")[0] if self.paths else ""

    @property
    def paths(self) -> list[str]:
        # Only files in the folder of ours are ever touched, whatever the text has become.
        return [path for path in _PATH.findall(self.text) if re.match(rf"{FOLDER}/[^/]+$", path)]


def _write(
    logdir: Path, embeddings: Iterable[Embedding], origin: str, replaces: str | None
) -> None:
    """Write embeddings in the place of those of the same origin: of one tag, or (None) of all."""
    made = not logdir.exists()
    try:
        logdir.mkdir(parents=True, exist_ok=True)
        kept, ours = _read_config(logdir / CONFIG)
        if origin == "exported" and kept and not _HEADER_LINE.search(kept):
            raise LexiscopeError(
                f"{logdir / CONFIG} was not written by lexiscope and would be lost; "
                "name another folder"
            )
        kept = _HEADER_LINE.sub("", kept).strip()
        replaced = [b for b in ours if b.origin == origin and replaces in (None, b.tag)]
        staying = [block for block in ours if block not in replaced]
        temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=logdir))
        try:
            names = set(_NAME.findall(kept)) | {block.name for block in staying}
            stems = {block.stem for block in staying}
            written = _write_all(temporary, embeddings, origin, names, stems)
            if not written:
                raise LexiscopeError(
                    f"{logdir}: nothing to show; TensorBoard needs at least two vectors "
                    "of two numbers"
                )
            config = HEADER + "".join(block.text for block in [*staying, *written])
            (temporary / CONFIG).write_text(config + (f"{kept}\n" if kept else ""), "utf-8")
            _swap(
                logdir,
                temporary,
                new=[path for block in written for path in block.paths],
                old=[path for block in replaced for path in block.paths],
            )
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        for left in logdir.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
    except OSError as error:
        raise LexiscopeError(f"{logdir}: cannot be written ({error.strerror or error})") from error
    finally:
        if made:
            with contextlib.suppress(OSError):
                logdir.rmdir()


def _write_all(
    folder: Path, embeddings: Iterable[Embedding], origin: str, names: set[str], stems: set[str]
) -> list[_Block]:
    """Write the files of all embeddings that can be shown, and return their entries."""
    written: list[_Block] = []
    for embedding in embeddings:
        _check(embedding)
        n, dim = embedding.vectors.shape
        if n < 2 or dim < 2:
            logger.warning(
                "%s is left out: TensorBoard shows no matrix of a single row or column "
                "(this one is %d x %d)",
                embedding.tag,
                n,
                dim,
            )
            continue
        if n > ROWS_SHOWN:
            logger.warning(
                "%s: TensorBoard shows the first %s of its %s points",
                embedding.tag,
                f"{ROWS_SHOWN:,}",
                f"{n:,}",
            )
        name = _unique(_clean(embedding.tag), names)
        stem = _unique(_stem(name), stems)
        written.append(_write_embedding(folder, stem, name, embedding, origin))
    return written


def _read_config(path: Path) -> tuple[str, list[_Block]]:
    """Return the text that is not ours (our first line included) and our entries."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "", []
    except UnicodeDecodeError as error:
        raise LexiscopeError(
            f"{path} is no projector configuration; name another folder"
        ) from error
    blocks = [_Block(found["origin"], found["tag"], found[0]) for found in _BLOCK.finditer(text)]
    return _BLOCK.sub("", text).strip(), blocks


def _check(embedding: Embedding) -> None:
    tag, vectors = embedding.tag, embedding.vectors
    if vectors.ndim != 2:
        raise LexiscopeError(f"{tag}: vectors must be a matrix, not of shape {vectors.shape}")
    n = len(vectors)
    if embedding.metadata.num_rows != n:
        raise LexiscopeError(
            f"{tag}: {n:,} vectors but {embedding.metadata.num_rows:,} rows of metadata"
        )
    for projection in embedding.projections:
        shape = projection.coordinates.shape
        if shape not in ((n, 2), (n, 3)):
            raise LexiscopeError(
                f"{tag}: projection {projection.method} has shape {shape}, not ({n}, 2) or ({n}, 3)"
            )
        if not np.isfinite(projection.coordinates).all():
            raise LexiscopeError(f"{tag}: projection {projection.id} has coordinates that are NaN")


def _clean(tag: str) -> str:
    """Return a tag that stands in an address and in the configuration as it is."""
    return re.sub(r"[^\w./=,-]+", "_", tag) or "embedding"


def _stem(name: str) -> str:
    """Return a file name's beginning, the same on file systems that ignore case."""
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower())[:100].strip("-") or "embedding"


def _unique(wanted: str, taken: set[str]) -> str:
    """Return `wanted`, numbered if it is taken, and take it."""
    candidate, copy = wanted, 2
    while candidate in taken:
        candidate, copy = f"{wanted}-{copy}", copy + 1
    taken.add(candidate)
    return candidate


def _write_embedding(
    folder: Path, stem: str, name: str, embedding: Embedding, origin: str
) -> _Block:
    """Write an embedding's files and return its entry for the configuration."""
    n, dim = embedding.vectors.shape
    files = {"tensor": _write_vectors(folder, stem, embedding)}
    files["metadata"] = f"{stem}.metadata.tsv"
    columns = write_metadata(folder / files["metadata"], embedding.metadata)
    if embedding.projections:
        files["bookmarks"] = f"{stem}.bookmarks.json"
        write_bookmarks(
            folder / files["bookmarks"],
            embedding.vectors,
            embedding.projections,
            label_column(embedding.metadata, columns),
        )
    paths = "".join(f'  {kind}_path: "{FOLDER}/{file}"\n' for kind, file in files.items())
    tag = _clean(embedding.tag)
    text = (
        f"# lexiscope begin: {origin} {tag}\n"
        "embeddings {\n"
        f'  tensor_name: "{name}"\n'
        f"  tensor_shape: {n}\n"
        f"  tensor_shape: {dim}\n"
        f"{paths}"
        "}\n"
        "# lexiscope end\n"
    )
    return _Block(origin, tag, text)


def _write_vectors(folder: Path, stem: str, embedding: Embedding) -> str:
    """Write the vectors and return the file's name: raw numbers wherever the server takes them."""
    vectors = embedding.vectors
    rows = max(1, BLOCK_BYTES // (4 * vectors.shape[1]))
    raw = folder / f"{stem}.vectors.f32"
    with raw.open("wb") as file:
        for start in range(0, len(vectors), rows):
            block = np.ascontiguousarray(vectors[start : start + rows], dtype="<f4")
            if not np.isfinite(block).all():
                raise LexiscopeError(
                    f"{embedding.tag}: its vectors hold NaN or infinite numbers, "
                    "which TensorBoard cannot show"
                )
            file.write(block.data)
    if not _is_taken_for_text(raw):
        return raw.name
    raw.unlink()
    text = folder / f"{stem}.vectors.tsv"
    with text.open("w", encoding="ascii") as lines:
        for start in range(0, len(vectors), rows):
            # Nine digits give every float32 back exactly.
            np.savetxt(lines, vectors[start : start + rows], fmt="%.9g", delimiter="\t")
    return text.name


def _is_taken_for_text(path: Path) -> bool:
    """Tell whether the server would try to read raw numbers as text, and fail.

    It reads the file as UTF-8 lines and takes an error in decoding for the sign of raw numbers.
    By itself it decodes the first 16 MiB before it looks at any line; beside an installed
    TensorFlow it decodes line by line, so there the first line must hold the error.
    """
    with path.open("rb") as file:
        head = file.read(TEXT_PROBE)
        complete = not file.read(1)
    if importlib.util.find_spec("tensorflow") is not None:
        head, newline, _ = head.lstrip(b"\n").partition(b"\n")
        complete = complete or bool(newline)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=complete)
    except UnicodeDecodeError:
        return False
    return True


def _swap(logdir: Path, temporary: Path, new: list[str], old: list[str]) -> None:
    """Put new files in the place of old ones, the configuration last; all of it or nothing."""
    folder = logdir / FOLDER
    aside = temporary / "old"
    aside.mkdir()
    folder.mkdir(exist_ok=True)
    done: list[tuple[Path, Path]] = []
    try:
        for path in dict.fromkeys([*old, *new]):
            if (logdir / path).exists():
                _move(logdir / path, aside / Path(path).name, done)
        for path in new:
            _move(temporary / Path(path).name, logdir / path, done)
        os.replace(temporary / CONFIG, logdir / CONFIG)
    except OSError:
        for source, target in reversed(done):
            with contextlib.suppress(OSError):
                os.replace(target, source)
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise


def _move(source: Path, target: Path, done: list[tuple[Path, Path]]) -> None:
    os.replace(source, target)
    done.append((source, target))
