"""The same files for a person who already has a SummaryWriter."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.projection.projection import Projection
from lexiscope.tensorboard.folder import CONFIG, Embedding, add_embedding

PLUGIN_FOLDER = Path("plugins", "org_tensorflow_tensorboard_projector")


def add_embeddings(
    writer: Any,
    vectors: Any,
    metadata: Any = None,
    tag: str = "default",
    projections: Sequence[Projection] = (),
) -> None:
    """Show vectors in the Embedding Projector, beside all else that a SummaryWriter logs.

    Does what ``writer.add_embedding`` does, in the raw format that is written and loaded in a
    fraction of the time. A second call with the same tag replaces the first one's vectors.

    Parameters
    ----------
    writer : SummaryWriter
        Of ``torch.utils.tensorboard`` or ``tensorboardX``, or anything with ``get_logdir()``,
        ``log_dir`` or ``logdir``.
    vectors : array-like or tensor of shape (n, dim)
        Finite; converted to float32.
    metadata : optional
        What is known of each vector: a sequence of labels, of tuples, or of dictionaries; a
        dictionary of columns; an Arrow table or any data frame. Without it points are numbered.
    tag : str
        The entry's name in the projector.
    projections : sequence of Projection
        Offered as bookmarks.

    Raises
    ------
    LexiscopeError
        For vectors that are no finite matrix of at least 2 x 2, metadata of another length, or
        a directory that cannot be written.
    """
    logdir = _logdir(writer)
    # A configuration there hides the one at the run's root.
    if (logdir / PLUGIN_FOLDER / CONFIG).exists():
        logdir = logdir / PLUGIN_FOLDER
    matrix = _matrix(vectors, tag)
    table = _table(metadata, len(matrix), tag)
    add_embedding(logdir, Embedding(tag, matrix, table, tuple(projections)))


def _logdir(writer: Any) -> Path:
    get = getattr(writer, "get_logdir", None)
    found = get() if callable(get) else None
    for name in ("log_dir", "logdir"):
        found = found or getattr(writer, name, None)
    if not isinstance(found, (str, os.PathLike)):
        raise LexiscopeError(
            f"{type(writer).__name__} names no log directory; give a SummaryWriter of "
            "torch.utils.tensorboard or tensorboardX"
        )
    return Path(found)


def _matrix(vectors: Any, tag: str) -> NDArray[np.float32]:
    if hasattr(vectors, "detach"):
        vectors = vectors.detach().cpu().float().numpy()
    try:
        # A number beyond float32 becomes infinite, which is refused when it is written.
        with np.errstate(over="ignore"):
            matrix = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise LexiscopeError(f"{tag}: vectors are no matrix of numbers ({error})") from error
    if matrix.ndim != 2:
        raise LexiscopeError(f"{tag}: vectors must be a matrix, not of shape {matrix.shape}")
    return matrix


def _table(metadata: Any, n: int, tag: str) -> pa.Table:
    if metadata is None:
        return pa.table({"label": pa.array([f"#{row}" for row in range(n)])})
    try:
        return _columns(metadata)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError) as error:
        raise LexiscopeError(f"{tag}: metadata cannot be read as columns ({error})") from error


def _columns(metadata: Any) -> pa.Table:
    if isinstance(metadata, pa.Table):
        return metadata
    if isinstance(metadata, Mapping):
        return pa.table({str(name): _column(values) for name, values in metadata.items()})
    if hasattr(metadata, "__arrow_c_stream__") and hasattr(metadata, "columns"):
        return pa.table(metadata)
    rows = _plain(metadata)
    if rows and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return pa.table({str(name): _column([row.get(name) for row in rows]) for name in names})
    if rows and all(isinstance(row, (tuple, list)) for row in rows):
        width = max(map(len, rows))
        names_of = ["label", *(f"column {number}" for number in range(2, width + 1))]
        return pa.table(
            {
                name: _column([row[at] if at < len(row) else None for row in rows])
                for at, name in enumerate(names_of[:width])
            }
        )
    return pa.table({"label": _column(rows)})


def _plain(values: Any) -> list[Any]:
    """Return Python objects, out of tensors, arrays and series too."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"a {type(values).__name__} where a list is needed")
    return list(values)


def _column(values: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    plain = _plain(values)
    try:
        return pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if value is None else str(value) for value in plain])
