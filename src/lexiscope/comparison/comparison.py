"""Comparison: two spaces side by side, what they share and what moved between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.comparison.directions import directions
from lexiscope.comparison.layers import layers_alike, rows_of
from lexiscope.comparison.matching import Points, match
from lexiscope.comparison.neighborhoods import (
    Graphs,
    described,
    most_moved,
    neighborhood,
    overlap,
)
from lexiscope.comparison.statements import statements
from lexiscope.comparison.turning import FLOOR, turned
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings import plain
from lexiscope.measure.similarity import linear_cka, neighbor_overlap, procrustes_chance
from lexiscope.neighbors import NEIGHBOR, check_memory
from lexiscope.space import Layer, Space

Floats = NDArray[np.float32]
Share = Callable[[float], None]
Figures = dict[str, Any]

LISTED = 2000
NOT_SHOWN = frozenset({"points_a", "points_b", "movement", "overlap_per_point"})


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two spaces side by side: what is shared, what moved, what came and went.

    Attributes
    ----------
    space : str
        Name of the first space.
    a, b : mapping
        Of each: ``name``, ``points``, ``dimensions``, ``layers`` and ``layer``, the one compared.
    shared : int
        Number of points in both.
    gained, lost : mapping
        The points that only b has, and only a: ``n``, and the first 2,000 ``labels``.
    ambiguous : int
        Number of labels in both that are left out, with all or some of their points, since they
        are not unique.
    identical : bool
        Whether all shared vectors are equal, bit for bit.
    cka : mapping
        ``layers_a`` and ``layers_b`` (None for a table); ``values`` and ``debiased``, a row a
        layer of a, see `lexiscope.measure.similarity.Cka`, None where all vectors of a layer are
        equal; ``chance``, at the layers compared.
    overlap : mapping or None
        ``k``; ``mean``, the share of a point's k nearest that are the same; ``low`` and ``high``
        (95 % bootstrap interval over the points); ``chance``; ``recall``, the share of the
        true neighbours that the searches found; and ``arbitrary``, the share that are listed
        though others are as near. Points of whose neighbours all are arbitrary are left out:
        those with more than k copies, whatever their lengths, and vectors of zeros. None for
        fewer than k + 2 points, or fewer than 2 that are not left out.
    cosine : mapping or None
        After the best rotation: ``mean``, ``median``, ``low`` (5th percentile) and ``lowest``,
        and ``chance``, the mean with b's points shuffled.
    cosine_reason : str or None
        Why there is no cosine.
    within_words : mapping or None
        Of words in context: ``overlap``, ``cosine`` and ``cka``, what they are once b's
        occurrences of every word are exchanged for one another at random. What goes beyond is
        of the occurrences, and not of which word they are.
    movement_by : {"procrustes", "overlap"}
        What movement is: 1 - cosine after the best rotation, or 1 - overlap.
    moved : int or None
        Number of points with a movement above `FLOOR`; None where it is told of no point.
    most_moved : sequence of mapping
        ``label``, ``a`` and ``b`` (point numbers), ``movement``, ``overlap`` (or None),
        ``before`` and ``after``, labels of the nearest shared points; most moved first, and of
        those that lost as many neighbours the ones whose former neighbours are farthest in b.
    seed : int
    points_a, points_b : ndarray of shape (shared,), int64
        Numbers of the shared points in either space, in the order of a.
    movement : ndarray of shape (shared,), float64
        NaN where the points are too few to tell, and where movement is by overlap of points
        that are left out of it.
    overlap_per_point : ndarray of shape (shared,), float32, or None
        NaN for those left out.
    statements : tuple of str
    """

    space: str
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    shared: int
    gained: Mapping[str, Any] = field(repr=False)
    lost: Mapping[str, Any] = field(repr=False)
    ambiguous: int
    identical: bool
    cka: Mapping[str, Any] = field(repr=False)
    overlap: Mapping[str, Any] | None
    cosine: Mapping[str, Any] | None
    cosine_reason: str | None
    within_words: Mapping[str, Any] | None
    movement_by: str
    moved: int | None
    most_moved: Sequence[Mapping[str, Any]] = field(repr=False)
    seed: int
    points_a: Points = field(repr=False)
    points_b: Points = field(repr=False)
    movement: NDArray[np.float64] = field(repr=False)
    overlap_per_point: Floats | None = field(repr=False)
    statements: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything but the arrays as JSON values."""
        shown = (each.name for each in fields(self) if each.name not in NOT_SHOWN)
        return {name: plain(getattr(self, name)) for name in shown}

    def by_point(self) -> dict[str, list[float | None]]:
        """Return the movement of every point of ``a`` and of ``b``; None where not shared."""
        found = {}
        for side, about, points in (("a", self.a, self.points_a), ("b", self.b, self.points_b)):
            values = np.full(about["points"], np.nan)
            values[points] = self.movement
            found[side] = plain(values)
        return found


def compare(
    a: Space,
    b: Space,
    *,
    layers: tuple[Layer, Layer] | None = None,
    k: int = 10,
    seed: int = 0,
    most: int = 20,
    names: tuple[str, str] = ("A", "B"),
    progress: Share | None = None,
) -> Comparison:
    """Compare two spaces by the points that they share.

    Points are the same when they have the same label, occurrences when they are the same
    characters of the same text. Neighbours are those among the shared points. Where the vectors
    have the same size, movement is 1 - cosine after the best rotation; else, and where the
    different points are no more than the dimensions, so that a rotation could bring almost any
    two sets onto each other, it is the share of neighbours that are not the same.

    Parameters
    ----------
    a, b : Space
        Their vectors may differ in size.
    layers : pair of int or None, optional
        The layers to compare; by default the last of each. Linear CKA is measured of all pairs.
    k : int
        Neighbours of a point that are compared.
    seed : int
        Of the interval's draws and of the shuffle.
    most : int
        How many of the points that moved most are listed.
    names : pair of str
        What the sentences call a and b.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    Comparison

    Raises
    ------
    TooFewError
        For fewer than 3 shared points.
    LexiscopeError
        For a layer that is not there, for vectors that hold NaN or infinity, and for a k below
        1 or so large that the neighbours would not fit.
    """
    if k < 1:
        raise LexiscopeError(f"k is {k}: give at least 1 neighbour to compare")
    tell = progress or (lambda _: None)
    asked = layers or (None, None)
    at = a.resolve_layer(asked[0]), b.resolve_layer(asked[1])
    found = match(a.points, b.points)
    x = rows_of(a, at[0], found.a, names[0])
    y = rows_of(b, at[1], found.b, names[1])
    n = len(x)
    # Not by value: 0 equals -0, and is another number all the same.
    identical = x.shape == y.shape and np.array_equal(x.view(np.int32), y.view(np.int32))
    if n < 3:
        same = ", equal bit for bit" if n and identical else ""
        raise TooFewError(
            f"{a.name}: {names[0]} has {len(a):,} points, {names[1]} has {len(b):,}, and they "
            f"share {n}{same}: too few to compare (3 are needed)"
        )
    if n >= k + 2:
        check_memory(n, k, 2 * NEIGHBOR)
    along = directions(x), directions(y)
    cosines, cosine, reason = turned(x, y, along, seed)
    tell(0.1)
    near = graphs = None
    if n >= k + 2 and not identical:
        near = (
            neighborhood(a, at[0], found.a, x, along[0], k, lambda share: tell(0.1 + 0.3 * share)),
            neighborhood(b, at[1], found.b, y, along[1], k, lambda share: tell(0.4 + 0.3 * share)),
        )
        graphs = near[0].graph, near[1].graph
    shares, kept = overlap(n, k, seed, near)
    points = found.a, found.b
    cka = layers_alike((a, b), points, at, y.shape[1], lambda share: tell(0.7 + 0.3 * share))
    if cosines is not None:
        movement, by = 1 - cosines, "procrustes"
    else:
        unknown = np.full(n, np.nan)
        movement, by = unknown if shares is None else 1 - shares.astype(np.float64), "overlap"
    moved = None if np.isnan(movement).all() else int((movement > FLOOR).sum())
    order, tied = most_moved(movement, min(most, moved or 0), y, graphs)
    figures: Figures = {
        "space": a.name,
        "a": _side(names[0], a, x, at[0]),
        "b": _side(names[1], b, y, at[1]),
        "shared": n,
        "gained": {"n": len(found.gained), "labels": found.gained[:LISTED]},
        "lost": {"n": len(found.lost), "labels": found.lost[:LISTED]},
        "ambiguous": found.ambiguous,
        "identical": identical,
        "cka": cka,
        "overlap": kept,
        "cosine": cosine,
        "cosine_reason": reason,
        "within_words": _within_words(a.points, found.a, x, y, graphs, shares, seed),
        "movement_by": by,
        "moved": moved,
        "most_moved": described(order, a, found, movement, shares, graphs),
        "seed": seed,
    }
    return Comparison(
        **figures,
        points_a=found.a,
        points_b=found.b,
        movement=movement,
        overlap_per_point=shares,
        statements=tuple(statements(figures, x, y, shares, k, tied)),
    )


def _side(name: str, space: Space, vectors: Floats, layer: Layer) -> Figures:
    return {
        "name": name,
        "points": len(space),
        "dimensions": vectors.shape[1],
        "layers": list(space.layers),
        "layer": layer,
    }


def _within_words(
    points: pa.Table,
    shared: Points,
    x: Floats,
    y: Floats,
    graphs: Graphs | None,
    shares: Floats | None,
    seed: int,
) -> Figures | None:
    """Measure what is alike once the occurrences of every word are exchanged for one another."""
    if "target" not in points.column_names:
        return None
    words = np.unique(points["target"].to_numpy()[shared].astype(str), return_inverse=True)[1]
    if len(np.unique(words)) == len(words):
        return None  # of words that stand here once, nothing can be exchanged
    rng = np.random.default_rng(seed)
    # Both sorted by word, one of them shuffled within: the two orders exchange within words.
    order = np.empty_like(words)
    order[np.argsort(words, kind="stable")] = np.lexsort((rng.random(len(words)), words))
    overlap = None
    if graphs is not None and shares is not None and not np.isnan(shares).all():
        exchanged = np.argsort(order)[graphs[1].indices[order]].astype(np.int32)
        kept = neighbor_overlap(graphs[0].indices, exchanged)[~np.isnan(shares)]
        overlap = float(kept.mean(dtype=np.float64))
    try:
        cka = linear_cka(x, y[order]).value
    except TooFewError:  # all vectors of a layer are equal
        cka = None
    return {
        "overlap": overlap,
        "cosine": procrustes_chance(x, y, order) if x.shape == y.shape else None,
        "cka": cka,
    }
