"""Space: vectors and the points they belong to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import (
    METRICS,
    Metric,
    NeighborGraph,
    nearest,
    neighbor_graph,
    normalize,
    scores,
    spherize,
)
from lexiscope.projection import METHODS, Method, Projection, projection_id, quality
from lexiscope.projection.quality import K
from lexiscope.queries import QueryLike, resolve, search

Floats = NDArray[np.float32]
Layer = int | None


@dataclass(frozen=True, eq=False)
class Space:
    """Vectors and the points they belong to.

    A table of a checkpoint is one matrix, kept under the layer ``None``; words in context have
    a matrix a layer, 0 being the embedding layer's output.

    Attributes
    ----------
    name : str
        ``"word"``, ``"position"``, ``"token_type"``, ``"context"`` or a name of your own.
    points : pyarrow.Table
        One row a point, with a column `label`.
    matrices : mapping of layer to ndarray of shape (n_points, dim), float32
        May load on access.
    graphs : mapping of layer to NeighborGraph
        The neighbour graphs already computed; may load on access.
    recipe : mapping
        What the vectors were made from; JSON values only.
    """

    name: str
    points: pa.Table
    matrices: Mapping[Layer, Floats]
    graphs: Mapping[Layer, NeighborGraph] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return int(self.points.num_rows)

    def __repr__(self) -> str:
        layers = f", layers {', '.join(map(str, self.layers))}" if self.layers else ""
        return f"<Space {self.name}: {len(self):,} points{layers}>"

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers there are, ascending; empty for a table."""
        return tuple(sorted(layer for layer in self.matrices if layer is not None))

    def layer(self, number: int) -> Space:
        """Return this space at one layer; -1 is the last it has.

        Raises
        ------
        LexiscopeError
            For a layer that is not there.
        """
        chosen = self.resolve_layer(number)
        return replace(
            self,
            matrices=_Part(self.matrices, chosen),
            graphs=_Part(self.graphs, chosen),
        )

    def resolve_layer(self, number: int | None) -> Layer:
        """Return the key of a layer: None means the last, or the one matrix of a table."""
        if not self.layers:
            if number is not None:
                raise LexiscopeError(f"layer {number}: {self.name} is a table, without layers")
            return None
        if number is None or number == -1:
            return self.layers[-1]
        if number not in self.layers:
            has = ", ".join(map(str, self.layers))
            raise LexiscopeError(f"layer {number}: {self.name} has {has}")
        return number

    @property
    def vectors(self) -> Floats:
        """The matrix of a table, or of the last layer; shape (n_points, dim), float32."""
        return self.matrices[self.resolve_layer(None)]

    def neighbors(
        self,
        query: QueryLike | list[str],
        k: int = 10,
        metric: Metric = "cosine",
        *,
        spherized: bool = False,
    ) -> pa.Table:
        """Find the points nearest to one query or to each of several.

        Of a space with layers, the last one is asked; choose another with `layer`.

        Parameters
        ----------
        query : str, int, array of shape (dim,), or list of str
            A label, ``"#12"`` or 12 for a point, ``"king - man + woman"``, or a vector; a list
            of strings asks several. The points of a query are left out of its answer.
        k : int
            At least 1.
        metric : {"cosine", "euclidean", "dot"}
        spherized : bool
            Centre and normalise all vectors first, as TensorBoard's projector does.

        Returns
        -------
        pyarrow.Table
            Columns `query`, `point`, `label` and `similarity` (`distance` for Euclidean),
            nearest first.

        Raises
        ------
        LexiscopeError
            For a query that names nothing, or a metric that is none of the three.
        """
        if metric not in METRICS:
            raise LexiscopeError(f"metric {metric!r}: give {', '.join(METRICS)}")
        if not isinstance(k, (int, np.integer)) or k < 1:
            raise LexiscopeError(f"k {k}: ask for at least 1 neighbour")
        several = isinstance(query, list) and all(isinstance(each, str) for each in query)
        queries: list[Any] = query if several else [query]  # type: ignore[assignment]
        if not queries:
            raise LexiscopeError("no query: give a label, #number or a vector")
        vectors = self._prepared("spherized" if spherized else metric)
        parts = []
        for each in queries:
            asked = resolve(each, self.points, vectors)
            values = scores(vectors, asked.vector, metric)
            near = nearest(values, k, metric, asked.points)
            parts.append(
                pa.table(
                    {
                        "query": pa.array([asked.text] * len(near), type=pa.string()),
                        "point": pa.array(near),
                        "label": self.points["label"].take(pa.array(near)),
                        "distance" if metric == "euclidean" else "similarity": values[near],
                    }
                )
            )
        return pa.concat_tables(parts)

    def _prepared(self, form: str) -> Floats:
        """Return the last layer's vectors as they are compared; the next query needs them too."""
        layer = self.resolve_layer(None)
        if form not in ("spherized", "cosine"):
            return self.matrices[layer]
        if self._kept.get("key") != (layer, form):
            prepare = spherize if form == "spherized" else normalize
            self._kept.update(key=(layer, form), vectors=prepare(self.matrices[layer]))
        kept: Floats = self._kept["vectors"]
        return kept

    def graph(self, k: int, progress: Callable[[float], None] | None = None) -> NeighborGraph:
        """Return every point's nearest neighbours: the kept graph if it has `k`, or a new one."""
        layer = self.resolve_layer(None)
        kept = self.graphs.get(layer)
        if kept is not None and kept.k >= min(k, len(self) - 1):
            return kept
        return neighbor_graph(self.matrices[layer], max(k, K), progress=progress)

    def neighbors_needed(self, method: str, parameters: Mapping[str, Any]) -> int:
        """Return how many neighbours a point a projection and its quality need."""
        needed = _method(method).neighbors
        return max(K, _accepting(method, needed, parameters) if needed else 0)

    def lay_out(
        self,
        method: str,
        *,
        dims: int = 2,
        seed: int = 0,
        graph: NeighborGraph | None = None,
        progress: Callable[[float], None] | None = None,
        **parameters: Any,
    ) -> Projection:
        """Compute coordinates, without measuring them; see `project`."""
        needed = _method(method).neighbors
        if dims not in (2, 3):
            raise LexiscopeError(f"{dims} dimensions: a picture has 2 or 3")
        vectors = self.vectors
        if method == "axes":
            return self._along_axes(parameters.pop("axes", ()), parameters)
        if needed:
            if graph is None and len(self) > 1:
                graph = self.graph(self.neighbors_needed(method, parameters))
            if graph is None:
                raise LexiscopeError(f"{method} needs at least 4 points, {self.name} has 1")
            parameters |= {"graph": graph, "seed": seed, "progress": progress}
        made: Projection = _accepting(
            method, _method(method).compute, {"vectors": vectors, "dims": dims, **parameters}
        )
        return made

    def project(
        self,
        method: str = "tsne",
        *,
        dims: int = 2,
        seed: int = 0,
        progress: Callable[[float], None] | None = None,
        **parameters: Any,
    ) -> Projection:
        """Compute a picture of all points and measure how far it can be trusted.

        Of a space with layers, the last one is drawn; choose another with `layer`.

        Parameters
        ----------
        method : str
            A key of `lexiscope.projection.METHODS`: ``"pca"``, ``"tsne"``, ``"umap"``,
            ``"axes"``.
        dims : {2, 3}
        seed : int
        progress : callable, optional
            Called with the share done, in [0, 1].
        **parameters
            The method's own: `components` (pca), `perplexity` (tsne), `neighbors` and
            `min_dist` (umap), `axes`, a list of ``"LEFT -> RIGHT"`` (axes).

        Returns
        -------
        Projection

        Raises
        ------
        LexiscopeError
            For an unknown method, or parameters or points that it cannot use.
        """
        graph = None
        if len(self) > 1:
            graph = self.graph(self.neighbors_needed(method, parameters))
        made = self.lay_out(
            method, dims=dims, seed=seed, graph=graph, progress=progress, **parameters
        )
        if graph is None:
            return made
        return replace(made, quality=quality(self.vectors, graph, [made.coordinates])[0])

    def _along_axes(self, axes: Sequence[str], parameters: Mapping[str, Any]) -> Projection:
        if isinstance(axes, str) or not axes:
            raise LexiscopeError("axes: give two or three, each 'man, boy -> woman, girl'")
        pairs = []
        for axis in axes:
            left, arrow, right = axis.partition("->")
            if not arrow:
                raise LexiscopeError(f"axis {axis!r}: write it as 'man, boy -> woman, girl'")
            pairs.append((search(left, self.points), search(right, self.points)))
        made: Projection = _accepting(
            "axes", METHODS["axes"].compute, {"vectors": self.vectors, "pairs": pairs, **parameters}
        )
        return replace(made, parameters={"axes": list(axes)})


def projection_name(method: str, dims: int, seed: int, parameters: Mapping[str, Any]) -> str:
    """Return the id that a projection with these parameters will have.

    A parameter given with its default value is as good as not given.
    """
    known = inspect.signature(_method(method).compute).parameters
    parameters = {
        name: value
        for name, value in parameters.items()
        if name not in known or known[name].default != value
    }
    if method == "axes":
        dims = len(parameters.get("axes", ()))
    if parameters.get("components"):
        dims = len(parameters["components"])
    return projection_id(method, dims, parameters, seed if _method(method).neighbors else None)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise LexiscopeError(f"method {name!r}: there are {', '.join(METHODS)}")
    return METHODS[name]


def _accepting(method: str, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a method's function; an argument it does not have is the person's mistake."""
    known = inspect.signature(function).parameters
    strange = [name for name in arguments if name not in known]
    if strange:
        own = sorted(
            set(inspect.signature(METHODS[method].compute).parameters)
            - {"vectors", "graph", "dims", "seed", "progress", "pairs"}
        )
        allowed = f"it takes {', '.join(own)}" if own else "it takes none"
        raise LexiscopeError(f"{method} has no parameter {strange[0]!r}; {allowed}")
    return function(**arguments)


class _Part(Mapping[Layer, Any]):
    """One layer of a mapping, still loaded only on access."""

    def __init__(self, whole: Mapping[Layer, Any], layer: Layer) -> None:
        self._whole, self._layer = whole, layer

    def __getitem__(self, layer: Layer) -> Any:
        if layer != self._layer:
            raise KeyError(layer)
        return self._whole[layer]

    def __iter__(self) -> Any:
        return iter([self._layer] if self._layer in self._whole else [])

    def __len__(self) -> int:
        return int(self._layer in self._whole)
