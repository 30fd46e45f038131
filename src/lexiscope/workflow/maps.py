"""Maps: the projections of an atlas' spaces, taken from it or computed and kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.atlas import Atlas, Progress
from lexiscope.neighbors import NeighborGraph
from lexiscope.projection import METHODS, Projection, quality
from lexiscope.space import Layer, Space
from lexiscope.workflow.spaces import silent

log = logging.getLogger(__name__)

Share = Callable[[float], None]
Watch = Callable[[NDArray[np.float64]], None]

MAPS = ("pca", "tsne")
# Beyond so many points only the last layer gets the slow maps by itself, and an aligned map is
# not compared with what its layer would keep alone.
EVERY_LAYER_LIMIT = 5000


def build_maps(
    atlas: Atlas, name: str, methods: Sequence[str] = MAPS, progress: Progress = silent
) -> None:
    """Compute the projections that a space has not yet, each with its quality.

    Every layer gets the first method; the others come for every layer of up to 5,000 points,
    and for the last layer of more. The last layer comes first, and each is aligned with the
    one above, see `project`.
    """
    space = atlas[name]
    layers: Sequence[Layer] = space.layers[::-1] or (None,)
    for done, layer in enumerate(layers):
        wanted = methods
        if len(space) > EVERY_LAYER_LIMIT and layer != layers[0]:
            wanted = methods[:1]
        asked = [_Asked(each) for each in wanted if each == "pca" or len(space) >= 4]
        _add(atlas, name, layer, asked, _stage(progress, name, layer, done, len(layers)))
    if len(space) > EVERY_LAYER_LIMIT and len(layers) > 1 and len(methods) > 1:
        log.info(
            "%s has %d points: %s of its layers below the last come on demand, with "
            "lexiscope project --layer",
            name,
            len(space),
            " and ".join(methods[1:]),
        )


def project(
    atlas: Atlas,
    name: str,
    method: str,
    *,
    layer: int | None = None,
    dims: int = 2,
    seed: int = 0,
    progress: Progress = silent,
    watch: Watch | None = None,
    **parameters: Any,
) -> Projection:
    """Return a projection of a space from the atlas, computing and keeping it when it is new.

    In a space with layers, a new t-SNE or UMAP starts from the same projection of the nearest
    layer that has it, of two the one above, and is turned onto it; of a new PCA only signs are
    changed. So points move little from layer to layer. Its `details` then have ``aligned``:
    ``to``, the layer, and ``kept_alone`` and ``trustworthiness_alone``, what this layer keeps
    when it is laid out by itself (None beyond 5,000 points).

    Parameters
    ----------
    atlas : Atlas
    name : str
        Name of a space.
    method : str
        A key of `lexiscope.projection.METHODS`.
    layer : int, optional
        By default the last.
    dims : {2, 3}
    seed : int
    progress : callable, optional
        ``progress(stage, unit, done, total)``. What it raises ends the computation, and nothing
        is kept.
    watch : callable, optional
        Called every 10 iterations of a t-SNE with the layout so far, shape (n_points, dims),
        float64, which it may change in place; and with every method's final one, before it is
        measured. It may wait; what it raises ends the computation.
    **parameters
        The method's own, see `Space.project`.

    Returns
    -------
    Projection

    Raises
    ------
    LexiscopeError
        For what `Space.project` refuses, and when the space was built anew meanwhile.
    """
    chosen = atlas[name].resolve_layer(layer)
    asked = _Asked(method, dims, seed, parameters, watch)
    ids = _add(atlas, name, chosen, [asked], _stage(progress, name, chosen, 0, 1))
    return atlas.projection(name, ids[0], chosen)


@dataclass(frozen=True)
class _Asked:
    """A projection that is asked for."""

    method: str
    dims: int = 2
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    watch: Watch | None = None


def _stage(
    progress: Progress, name: str, layer: Layer, done: int, total: int
) -> Callable[[str], Share]:
    """Return a function that names a step of a layer's maps and gives its progress callback."""
    stage = f"mapping {name}"
    if layer is not None:
        stage += f" (layer {layer}, {done + 1} of {total})" if total > 1 else f" (layer {layer})"

    def step(what: str) -> Share:
        return lambda share: progress(f"{stage}: {what}", "%", round(100 * share), 100)

    return step


def _add(
    atlas: Atlas, name: str, layer: Layer, wanted: Sequence[_Asked], step: Callable[[str], Share]
) -> list[str]:
    """Compute and keep what a layer has not of what is asked for; return the ids of all."""
    key = atlas.key(name)
    space = atlas[name]
    at = space if layer is None else space.layer(layer)
    ids = [at.projection_id(each.method, each.dims, each.seed, each.parameters) for each in wanted]
    there = atlas.projections(name, layer)
    new = [(each, id) for each, id in zip(wanted, ids, strict=True) if id not in there]
    if not new:
        return ids
    for each, _ in new:
        at.check(each.method, each.parameters, dims=each.dims)
    graph = None
    if len(at) > 1:
        needed = max(at.neighbors_needed(each.method, each.parameters) for each, _ in new)
        graph = at.graph(needed, progress=step("neighbours"))
        if graph is not at.graphs.get(layer):
            atlas.add_graph(name, layer, graph, key)
    made = [_lay_out(at, each, graph, _nearest(atlas, space, layer, id), step) for each, id in new]
    for (each, _), (projection, _) in zip(new, made, strict=True):
        if each.watch:  # a picture can be seen before it is measured
            each.watch(projection.coordinates.astype(np.float64))
    atlas.add_projections(name, layer, _measured(at, graph, made, step), key)
    return ids


def _nearest(
    atlas: Atlas, space: Space, layer: Layer, id: str
) -> tuple[int, NDArray[np.float32]] | None:
    """Return the nearest other layer that has a projection, and its coordinates."""
    if layer is None:
        return None
    others = [other for other in space.layers if other != layer]
    for other in sorted(others, key=lambda other: (abs(other - layer), -other)):
        if id in atlas.projections(space.name, other):
            return other, atlas.projection(space.name, id, other).coordinates
    return None


def _lay_out(
    at: Space,
    asked: _Asked,
    graph: NeighborGraph | None,
    nearest: tuple[int, NDArray[np.float32]] | None,
    step: Callable[[str], Share],
) -> tuple[Projection, Projection | None]:
    """Return a projection, aligned where there is something to align it with, and it alone."""
    method = METHODS[asked.method]

    def lay_out(start: NDArray[np.float32] | None, what: str, watch: Watch | None) -> Projection:
        return at.lay_out(
            asked.method,
            dims=asked.dims,
            seed=asked.seed,
            graph=graph,
            start=start,
            progress=step(what),
            watch=watch,
            **asked.parameters,
        )

    if nearest is None or method.align is None:
        return lay_out(None, asked.method, asked.watch), None
    other, onto = nearest
    made = lay_out(onto, asked.method, asked.watch)
    made = replace(made, coordinates=method.align(made.coordinates, onto))
    if method.neighbors is None:  # its signs say nothing: it is what it was
        return made, None
    aligned = {"to": other, "kept_alone": None, "trustworthiness_alone": None}
    made = replace(made, details={**made.details, "aligned": aligned})
    if len(at) > EVERY_LAYER_LIMIT:
        return made, None
    return made, lay_out(None, f"{asked.method} alone, to compare", None)


def _measured(
    at: Space,
    graph: NeighborGraph | None,
    made: Sequence[tuple[Projection, Projection | None]],
    step: Callable[[str], Share],
) -> list[Projection]:
    """Measure projections, and what they are compared with, in one pass over all pairs."""
    if graph is None:
        return [each for each, _ in made]
    layouts = [each.coordinates for pair in made for each in pair if each is not None]
    figures = iter(quality(at.vectors, graph, layouts, progress=step("quality")))
    measured = []
    for each, alone in made:
        each = replace(each, quality=next(figures))
        reached = next(figures) if alone is not None else None
        if reached is not None:
            aligned = {
                **each.details["aligned"],
                "kept_alone": round(reached.kept, 6),
                "trustworthiness_alone": round(reached.trustworthiness, 6),
            }
            each = replace(each, details={**each.details, "aligned": aligned})
        measured.append(each)
    return measured
