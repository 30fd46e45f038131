"""Space: vectors and the points they belong to."""

from __future__ import annotations

import hashlib
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
    nearest_points,
    neighbor_graph,
    normalize,
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
            near, values = nearest_points(vectors, asked.vector, k, metric, asked.points)
            parts.append(
                pa.table(
                    {
                        "query": pa.array([asked.text] * len(near), type=pa.string()),
                        "point": pa.array(near),
                        "label": self.points["label"].take(pa.array(near)),
                        "distance" if metric == "euclidean" else "similarity": values,
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

    def check(
        self,
        method: str,
        parameters: Mapping[str, Any],
        *,
        dims: int = 2,
        dimensions: int | None = None,
    ) -> None:
        """Refuse a projection whose parameters these points cannot have.

        Parameters
        ----------
        method : str
        parameters : mapping
        dims : {2, 3}
        dimensions : int, optional
            Size of the vectors, where it is known without reading them.

        Raises
        ------
        LexiscopeError
            For what `project` refuses before it computes anything.
        """
        chosen = _checked(method, parameters)
        if dims not in (2, 3):
            raise LexiscopeError(f"{dims} dimensions: a picture has 2 or 3")
        about = {
            "points": len(self),
            "dimensions": dimensions or self.vectors.shape[1],
            "dims": dims,
        }
        _call(chosen.check, {**parameters, **about})
        if method == "axes":
            self._groups(parameters["axes"])
        if "supervision" in parameters and parameters.get("supervise") is None:
            raise LexiscopeError("supervision: name a column of the points with supervise")

    def neighbors_needed(self, method: str, parameters: Mapping[str, Any]) -> int:
        """Return how many neighbours a point a projection and its quality need."""
        needed = _checked(method, parameters).neighbors
        return max(K, int(_call(needed, parameters))) if needed else K

    def projection_id(
        self, method: str, dims: int, seed: int, parameters: Mapping[str, Any]
    ) -> str:
        """Return the id that a projection of these points with these parameters will have."""
        return projection_name(method, dims, seed, {**parameters, **self._labelled(parameters)})

    def lay_out(
        self,
        method: str,
        *,
        dims: int = 2,
        seed: int = 0,
        graph: NeighborGraph | None = None,
        start: NDArray[np.floating] | None = None,
        progress: Callable[[float], None] | None = None,
        watch: Callable[[NDArray[np.float64]], None] | None = None,
        **parameters: Any,
    ) -> Projection:
        """Compute coordinates, without measuring them; see `project`.

        `graph` is that of the vectors as they are; with ``spherize`` another is computed.
        """
        self.check(method, parameters, dims=dims)
        if method == "axes":
            return _finite(self._along_axes(parameters["axes"]))
        chosen, k = METHODS[method], self.neighbors_needed(method, parameters)
        spherized = parameters.pop("spherize", False)
        named = self._labelled(parameters)
        if parameters.pop("supervise", None) is not None:
            parameters["labels"] = self._labels(named["supervise"])[0]
        vectors = spherize(self.vectors) if spherized else self.vectors
        if chosen.neighbors:
            if spherized:
                graph = neighbor_graph(vectors, k)
            elif graph is None:
                graph = self.graph(k)
            parameters |= {"graph": graph, "seed": seed, "start": start}
            parameters |= {"progress": progress, "watch": watch}
        made = _finite(chosen.compute(vectors, dims=dims, **parameters))
        if spherized:
            named["spherize"] = True
        return replace(made, parameters={**made.parameters, **named}) if named else made

    def project(
        self,
        method: str = "tsne",
        *,
        dims: int = 2,
        seed: int = 0,
        start: NDArray[np.floating] | None = None,
        progress: Callable[[float], None] | None = None,
        watch: Callable[[NDArray[np.float64]], None] | None = None,
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
        start : ndarray of shape (n_points, dims), optional
            A layout for t-SNE or UMAP to start from, in place of the principal components.
        progress : callable, optional
            Called with the share done, in [0, 1]. What it raises ends the computation.
        watch : callable, optional
            Called every 10 iterations of a t-SNE with the layout so far, shape
            (n_points, dims), float64. It may change it in place, and wait; what it raises ends
            the computation.
        **parameters
            The method's own: `components` (pca); `perplexity`, `learning_rate`, `supervise` (a
            column of the points) and `supervision` (in [0, 1], .5 by default; tsne);
            `neighbors` and `min_dist` (umap); `axes`, a list of ``"LEFT -> RIGHT"`` (axes); and
            for all but axes `spherize`: whether the vectors are centred and normalised first,
            for the picture and its neighbours alike. How far the picture is trusted is measured
            against the neighbours of the vectors as they are.

        Returns
        -------
        Projection

        Raises
        ------
        LexiscopeError
            For an unknown method, or parameters or points that it cannot use.
        """
        self.check(method, parameters, dims=dims)
        graph = None
        if len(self) > 1:
            graph = self.graph(self.neighbors_needed(method, parameters))
        made = self.lay_out(
            method,
            dims=dims,
            seed=seed,
            graph=graph,
            start=start,
            progress=progress,
            watch=watch,
            **parameters,
        )
        made = replace(made, points=self.points)
        if graph is None:
            return made
        return replace(made, quality=quality(self.vectors, graph, [made.coordinates])[0])

    def _along_axes(self, axes: Sequence[str]) -> Projection:
        made = METHODS["axes"].compute(self.vectors, pairs=self._groups(axes))
        return replace(made, parameters={"axes": list(axes)})

    def _groups(self, axes: Sequence[str]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the points at the two ends of each axis."""
        ends = (axis.partition("->") for axis in axes)
        return [(search(left, self.points), search(right, self.points)) for left, _, right in ends]

    def _labels(self, column: str) -> tuple[NDArray[np.int64], str]:
        """Return a column of the points as numbers, negative where null, and its hash."""
        if column not in self.points.column_names:
            has = ", ".join(self.points.column_names)
            raise LexiscopeError(f"supervise {column!r}: {self.name} has the columns {has}")
        values = self.points[column].combine_chunks()
        if pa.types.is_floating(values.type):  # not a number is not known
            values = pa.array(values.to_numpy(zero_copy_only=False), from_pandas=True)
        encoded = values.dictionary_encode()
        if encoded.null_count == len(encoded):
            raise LexiscopeError(f"supervise {column!r}: no point has a value in this column")
        codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
        content = f"{encoded.dictionary.to_pylist()} {codes.tolist()}"
        return codes, hashlib.sha256(content.encode()).hexdigest()[:8]

    def _labelled(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return what names the supervision: the column, and what stood in it."""
        column = parameters.get("supervise")
        return {} if column is None else {"supervise": column, "labels": self._labels(column)[1]}


def projection_name(method: str, dims: int, seed: int, parameters: Mapping[str, Any]) -> str:
    """Return the id that a projection with these parameters will have.

    A parameter given with its default value is as good as not given. Of a supervised one it
    depends on the labels too, see `Space.projection_id`.
    """
    usual = {
        name: parameter.default
        for name, parameter in inspect.signature(_method(method).compute).parameters.items()
    }
    usual |= {"spherize": False, "supervise": None, "labels": None}
    parameters = {
        name: value
        for name, value in parameters.items()
        if name not in usual or usual[name] != value
    }
    return projection_id(method, dims, parameters, seed if _method(method).neighbors else None)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise LexiscopeError(f"method {name!r}: there are {', '.join(METHODS)}")
    return METHODS[name]


def _checked(name: str, parameters: Mapping[str, Any]) -> Method:
    """Return a method; a parameter that it does not have is the person's mistake."""
    method = _method(name)
    strange = [each for each in parameters if each not in method.parameters]
    if strange:
        allowed = ", ".join(method.parameters)
        raise LexiscopeError(f"{name} has no parameter {strange[0]!r}; it takes {allowed}")
    return method


def _call(function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Call a method's function with those of the values given that it names."""
    known = inspect.signature(function).parameters
    return function(**{name: value for name, value in given.items() if name in known})


def _finite(made: Projection) -> Projection:
    """Refuse a picture that cannot be drawn."""
    if not np.isfinite(made.coordinates).all():
        raise LexiscopeError(
            f"{made.method}: with these parameters some points have no finite place, so nothing "
            "is kept; give others"
        )
    return made


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
