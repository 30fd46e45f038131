"""An atlas as TensorBoard's Embedding Projector reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from lexiscope.atlas import Atlas
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
