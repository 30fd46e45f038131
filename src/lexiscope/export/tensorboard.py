"""An atlas as TensorBoard's Embedding Projector reads it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from lexiscope.atlas import Atlas
from lexiscope.export.choice import Choice, is_file
from lexiscope.export.written import Written
from lexiscope.tensorboard import Embedding, write_projector


def export_tensorboard(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> Written:
    """Write every space, and every layer of those in context, with their projections.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        The log directory for ``tensorboard --logdir``. An earlier export there is replaced;
        files of others are left alone.
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    Written
        The folder.

    Raises
    ------
    LexiscopeError
        When the folder cannot be written or holds another's projector configuration.
    """
    folder = Path(destination)
    is_file(folder, ())
    write_projector(folder, _embeddings(atlas, choice or Choice()))
    return Written([folder], [f"look with: tensorboard --logdir {shlex.quote(str(folder))}"])


def _embeddings(atlas: Atlas, choice: Choice) -> Iterator[Embedding]:
    for part in choice.parts(atlas):
        space = atlas[part.space]
        yield Embedding(
            part.name,
            space.matrices[part.layer],
            space.points,
            [atlas.projection(part.space, id, part.layer) for id in part.projections],
        )
