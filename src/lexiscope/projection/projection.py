"""Projection: the coordinates of one space at one layer, and how far they can be trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.figures import Axis, Colors, Name, map_figure, quality_text, spread_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHOD_NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP", "axes": "Axes of one's own"}
# A column of more different texts is no category: the same rule as on the page.
FEW, MANY = 60, 2000
# By these a picture is coloured where nothing is asked for: the first that has several values.
TELLING = ("sense", "kind", "target", "position", "row")


@dataclass(frozen=True, eq=False)
class Quality:
    """How many of the true nearest neighbours a picture keeps.

    Attributes
    ----------
    k : int
        Size of the neighbourhoods compared (15, or one less than the points there are).
    kept : float
        Mean of `kept_per_point`, in [0, 1].
    trustworthiness : float
        Mean of `trustworthiness_per_point`.
    kept_per_point : ndarray of shape (n_points,), float32
        Share of a point's `k` nearest neighbours (cosine) that are among its `k` nearest in
        the picture (Euclidean).
    trustworthiness_per_point : ndarray of shape (n_points,), float32
        One less the point's normalised penalty for strangers among its neighbours in the
        picture (Venna & Kaski 2001).
    """

    k: int
    kept: float
    trustworthiness: float
    kept_per_point: NDArray[np.float32] = field(repr=False)
    trustworthiness_per_point: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Projection:
    """Coordinates of every point of a space at one layer.

    Attributes
    ----------
    method : str
        A key of `lexiscope.projection.METHODS`.
    coordinates : ndarray of shape (n_points, 2) or (n_points, 3), float32
    parameters : mapping
        What the method was given, defaults resolved; JSON values only.
    seed : int or None
        None for a method that draws no random numbers.
    quality : Quality or None
        None until measured, and for fewer than three points.
    details : mapping
        What the method reports of itself, e.g. PCA's `explained_variance`; JSON values only.
    points : pyarrow.Table or None
        The points' data, row for row, by which a figure is coloured and labelled.
    subject : str
        What it is a picture of, the title of a figure: model, space and layer. Empty until an
        atlas tells.
    """

    method: str
    coordinates: NDArray[np.float32] = field(repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    quality: Quality | None = None
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    points: pa.Table | None = field(default=None, repr=False)
    subject: str = field(default="", repr=False)

    @property
    def dims(self) -> int:
        """Number of coordinates a point has, 2 or 3."""
        return int(self.coordinates.shape[1])

    @property
    def id(self) -> str:
        """Name that tells this projection from others of the same layer, e.g. ``tsne-2d``."""
        return projection_id(self.method, self.dims, self.parameters, self.seed)

    def figure(
        self,
        *,
        color: str | None = None,
        names: Sequence[Name] | None = None,
        title: str = "",
        width: float = 7.0,
    ) -> Figure:
        """Draw it on paper: points, names, a legend, and what it keeps.

        Parameters
        ----------
        color : str, optional
            A column of the points; by default the most telling that there is.
        names : sequence of lexiscope.figures.Name, optional
            What to write on the map; by default labels from all over it.
        title : str, optional
            By default `subject`, or the method and the number of points.
        width : float
            Inches.

        Returns
        -------
        matplotlib.figure.Figure
            It belongs to no window: a notebook shows it, `savefig` keeps it.

        Raises
        ------
        LexiscopeError
            For a column that the points do not have.

        Examples
        --------
        >>> atlas.projection("word", "tsne-2d").figure(color="kind")  # doctest: +SKIP
        """
        n = len(self.coordinates)
        points = pa.table({}) if self.points is None else self.points
        column = _telling(points) if color is None else color
        if column is not None and column not in points.column_names:
            has = ", ".join(points.column_names) or "no columns"
            raise LexiscopeError(f"color {column!r}: the points have {has}")
        values = None if column is None else _values(points[column])
        if column is not None and values is not None and values.dtype == object:
            several = len(set(values.tolist()))
            if several > max(FEW, min(MANY, n // 4)):
                raise LexiscopeError(
                    f"color {column!r}: {several:,} different texts cannot be told apart by "
                    "colour; name a column with fewer, or of numbers"
                )
        if names is None and "label" in points.column_names and self.dims == 2:
            names = spread_names(self.coordinates, points["label"].cast(pa.string()).to_pylist())
        return map_figure(
            self.coordinates,
            title=title
            or self.subject
            or f"{self._method} of {n:,} {'point' if n == 1 else 'points'}",
            caption=self._caption(n),
            colors=None if column is None or values is None else Colors(column, values),
            names=names or (),
            axes=Axis(self._axes()),
            width=width,
        )

    @property
    def _method(self) -> str:
        return METHOD_NAMES.get(self.method, self.method)

    def _caption(self, n: int) -> str:
        chosen = [f"{name.replace('_', ' ')} {value}" for name, value in self.parameters.items()]
        if "neighbors" in self.details and "perplexity" not in self.parameters:
            chosen.append(f"{self.details['neighbors']} neighbours")
        if self.seed is not None:
            chosen.append(f"seed {self.seed}")
        how = f" ({', '.join(chosen)})" if chosen and self.method != "axes" else ""
        quality = self.quality
        keeps = quality_text(
            None
            if quality is None
            else {
                "k": quality.k,
                "kept": quality.kept,
                "trustworthiness": quality.trustworthiness,
            }
        )
        said = f"{n:,} {'point' if n == 1 else 'points'}, {self._method}{how}: {keeps}."
        if self._axes():
            return said
        return f"{said} The axes, and distances between far groups, mean nothing."

    def _axes(self) -> tuple[str, ...]:
        """Name the axes that mean something."""
        if self.method == "axes":
            return tuple(str(axis).replace("->", "→") for axis in self.parameters["axes"])
        if self.method != "pca":
            return ()
        shares = self.details.get("explained_variance", ())
        components = self.details.get("components", range(1, self.dims + 1))
        return tuple(
            f"component {each}"
            + (f" ({100 * shares[each - 1]:.1f} % of the variance)" if each <= len(shares) else "")
            for each in components
        )


def projection_id(
    method: str, dims: int, parameters: Mapping[str, Any], seed: int | None = None
) -> str:
    """Name of a projection: method, dimensions and, unless both are usual, a hash of the rest.

    `parameters` holds what departs from the method's defaults; seed 0 is the usual one.
    """
    rest = {**parameters, **({"seed": seed} if seed else {})}
    if not rest:
        return f"{method}-{dims}d"
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    return f"{method}-{dims}d-{digest[:6]}"


def _telling(points: pa.Table) -> str | None:
    """Return the column that a picture is coloured by where none is asked for."""
    for name in TELLING:
        if name in points.column_names and pc.count_distinct(points[name]).as_py() > 1:
            return name
    return None


def _values(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as numbers, or as texts and None."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return np.asarray(column.cast(pa.float64()).to_numpy())
    texts = [None if value is None else str(value) for value in column.to_pylist()]
    return np.array(texts, dtype=object)
