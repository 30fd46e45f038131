"""An atlas as TensorBoard's Embedding Projector reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lexiscope.atlas import MANIFEST, Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.space import Layer
from lexiscope.tensorboard import Embedding, write_projector


def export_tensorboard(atlas: Atlas, destination: str | os.PathLike[str]) -> None:
    """Write every space, and every layer of those in context, with their projections.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        The log directory for ``tensorboard --logdir``. An earlier export there is replaced;
        files of others are left alone.

    Raises
    ------
    LexiscopeError
        When the folder cannot be written or holds another's projector configuration.
    """
    if (Path(destination) / MANIFEST).exists():
        raise LexiscopeError(f"{destination} is an atlas; name another folder for TensorBoard")
    write_projector(destination, _embeddings(atlas))


def _embeddings(atlas: Atlas) -> Iterator[Embedding]:
    for name in atlas.spaces:
        space = atlas[name]
        layers: tuple[Layer, ...] = space.layers or (None,)
        for layer in layers:
            tag = name if layer is None else f"{name}_layer_{layer:02d}"
            yield Embedding(
                tag,
                space.matrices[layer],
                space.points,
                [atlas.projection(name, id, layer) for id in atlas.projections(name, layer)],
            )
