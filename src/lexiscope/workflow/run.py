"""Run: from a checkpoint and a corpus to an atlas, in one call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lexiscope.atlas import MANIFEST, Atlas, Progress
from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Columns, Corpus
from lexiscope.errors import LexiscopeError, StorageError
from lexiscope.workflow.maps import MAPS, build_maps
from lexiscope.workflow.spaces import Context, build_context, build_tables, check, silent


def build(
    model: str | os.PathLike[str],
    texts: Any = None,
    output: str | os.PathLike[str] | None = None,
    *,
    context: Context | None = None,
    maps: Sequence[str] = MAPS,
    trust_remote_code: bool = False,
    progress: Progress = silent,
    **columns: str | None,
) -> Atlas:
    """Build the atlas of a checkpoint, or add to it what is missing.

    What is there from an earlier run with the same inputs is kept, and an interrupted run is
    gone on with.

    Parameters
    ----------
    model : str or path
        A Hub name (``"bert-base-uncased"``, ``"org/name@revision"``), a local folder, or
        ``"embedded"``.
    texts : path, frame, Arrow table or Dataset, optional
        Texts with marked words; see `lexiscope.Corpus.read`.
    output : path, optional
        The atlas' folder; by default the model's name with ``.atlas`` in the current folder.
    context : Context, optional
        How words in context are built.
    maps : sequence of str
        Projections to compute for every space.
    trust_remote_code : bool
        Whether code that comes with a checkpoint may run.
    progress : callable, optional
        ``progress(stage, unit, done, total)``.
    **columns
        ``text``, ``target``, ``start``, ``end``, ``sense``, ``id``: names of the columns of
        `texts`, where they are not usual ones.

    Returns
    -------
    Atlas

    Raises
    ------
    LexiscopeError
        For input that is refused; nothing half-made is left in the atlas.

    Examples
    --------
    >>> import lexiscope as lx
    >>> atlas = lx.build("embedded", "examples/word-senses.csv")  # doctest: +SKIP
    """
    strange = set(columns) - set(Columns.__dataclass_fields__)
    if strange:
        raise TypeError(
            f"build() has no argument {sorted(strange)[0]!r}; columns are named with "
            f"{', '.join(Columns.__dataclass_fields__)}, how words are read with "
            "context=Context(match=..., encode=EncodeOptions(layers=..., pooling=...))"
        )
    context = context or Context()
    checkpoint = Checkpoint.open(os.fspath(model), trust_remote_code=trust_remote_code)
    corpus = None
    if texts is not None:
        corpus = Corpus.read(texts, columns=Columns(**columns), match=context.match)
    if corpus is not None:
        check(checkpoint, context)
    path = Path(output) if output is not None else default_path(model)
    is_new = not (path / MANIFEST).exists()
    atlas = Atlas.create(path)
    try:
        with atlas.writing(progress) as progress:
            build_tables(atlas, checkpoint, progress)
            if corpus is not None:
                build_context(atlas, checkpoint, corpus, context, progress)
            for name in atlas.spaces:
                build_maps(atlas, name, maps, progress)
    except StorageError:
        raise
    except LexiscopeError:
        if is_new:  # refused input leaves nothing behind
            atlas.discard()
        raise
    return atlas


def default_path(model: str | os.PathLike[str]) -> Path:
    """Return the folder an atlas goes to when none is named, e.g. ``bert-base-uncased.atlas``."""
    name = Path(str(model).partition("@")[0]).name or "model"
    return Path(f"{name}.atlas")
