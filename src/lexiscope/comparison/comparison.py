"""Comparison: two spaces side by side, what they share and what moved between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.comparison.matching import Match, Points, match
from lexiscope.comparison.statements import NAMED, statements
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings import plain
from lexiscope.measure.evidence import bootstrap_interval, finite
from lexiscope.measure.similarity import (
    hsic,
    linear_cka,
    neighbor_overlap,
    procrustes_chance,
    procrustes_cosines,
)
from lexiscope.neighbors import (
    NEIGHBOR,
    NeighborGraph,
    check_memory,
    neighbor_graph,
    normalize,
)
from lexiscope.space import Layer, Space

Floats = NDArray[np.float32]
Share = Callable[[float], None]
Figures = dict[str, Any]

# A point has moved when its movement is greater. Turning the embedded model's word table in
# single precision leaves 5e-14, storing it in bfloat16 2.5e-6.
FLOOR = 1e-5
LISTED = 2000
# Bytes of the second space's layers that are held while the first's are read one by one.
HELD = 2**31
BLOCK = 4096
# Words of its sentence that an occurrence is told by, on either side.
AROUND = 3
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
        (95 % bootstrap interval over the points); ``chance``; and ``recall``, the share of the
        true neighbours that the searches found. Points with more than k exact copies are left
        out, since which of them are nearest is arbitrary. None for fewer than k + 2 points, or
        fewer than 2 that are not left out.
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
    x = _rows(a, at[0], found.a, names[0])
    y = _rows(b, at[1], found.b, names[1])
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
    copies = _copies(x), _copies(y)
    cosines, cosine, reason = _turned(x, y, copies, seed)
    tell(0.1)
    graphs = None
    if n >= k + 2 and not identical:
        graphs = (
            _graph(a, at[0], found.a, x, k, lambda share: tell(0.1 + 0.3 * share)),
            _graph(b, at[1], found.b, y, k, lambda share: tell(0.4 + 0.3 * share)),
        )
    crowded = np.logical_or(*(np.bincount(each)[each] > k + 1 for each in copies))
    shares, overlap = _overlap(n, k, seed, identical, graphs, crowded)
    points = found.a, found.b
    cka = _cka((a, b), points, at, y.shape[1], lambda share: tell(0.7 + 0.3 * share))
    if cosines is not None:
        movement, by = 1 - cosines, "procrustes"
    else:
        unknown = np.full(n, np.nan)
        movement, by = unknown if shares is None else 1 - shares.astype(np.float64), "overlap"
    moved = None if np.isnan(movement).all() else int((movement > FLOOR).sum())
    order, tied = _most_moved(movement, min(most, moved or 0), y, graphs)
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
        "overlap": overlap,
        "cosine": cosine,
        "cosine_reason": reason,
        "within_words": _within_words(a.points, found.a, x, y, graphs, crowded, seed),
        "movement_by": by,
        "moved": moved,
        "most_moved": _described(order, a, found, movement, shares, graphs),
        "seed": seed,
    }
    return Comparison(
        **figures,
        points_a=found.a,
        points_b=found.b,
        movement=movement,
        overlap_per_point=shares,
        statements=tuple(statements(figures, x, y, shares, tied)),
    )


def _side(name: str, space: Space, vectors: Floats, layer: Layer) -> Figures:
    return {
        "name": name,
        "points": len(space),
        "dimensions": vectors.shape[1],
        "layers": list(space.layers),
        "layer": layer,
    }


def _is_whole(space: Space, points: Points) -> bool:
    """Tell whether these are all points of a space, in their order."""
    return len(points) == len(space) and np.array_equal(points, np.arange(len(space)))


def _rows(space: Space, layer: Layer, points: Points, name: str) -> Floats:
    """Return the vectors of some points at one layer."""
    vectors = space.matrices[layer]
    chosen = vectors if _is_whole(space, points) else vectors[points]
    return finite(chosen, f"the {space.name} vectors of {name}")


def _graph(
    space: Space, layer: Layer, points: Points, vectors: Floats, k: int, progress: Share
) -> NeighborGraph:
    """Return the neighbours of the shared points among themselves."""
    if not _is_whole(space, points):
        return neighbor_graph(vectors, k, progress=progress)
    at = space if layer is None else space.layer(layer)
    return at.graph(k, progress).first(k)


def _copies(vectors: Floats) -> NDArray[np.int64]:
    """Return a number of every row that equal rows have in common."""
    # Of hashes, since sorting whole rows would copy them.
    hashes = np.array([hash(row.tobytes()) for row in vectors], dtype=np.int64)
    return np.unique(hashes, return_inverse=True)[1]


def _turned(
    x: Floats, y: Floats, copies: tuple[NDArray[np.int64], NDArray[np.int64]], seed: int
) -> tuple[NDArray[np.float64] | None, Figures | None, str | None]:
    """Return every point's cosine after the best rotation and its figures, or why there is none."""
    (n, dim), other = x.shape, y.shape[1]
    if dim != other:
        return None, None, f"vectors of {dim} and {other} dimensions cannot be turned"
    cosines = procrustes_cosines(x, y)
    # So few points can still show that nothing moved, since chance does not bring that about.
    different = len(np.unique(np.stack(copies), axis=1).T)
    if different <= dim and (cosines < 1 - FLOOR).any():
        counted = f"{n:,} points" if different == n else f"{different:,} different vectors"
        return None, None, f"a rotation in {dim} dimensions brings any {counted} near any others"
    return (
        cosines,
        {
            "mean": float(cosines.mean()),
            "median": float(np.median(cosines)),
            "low": float(np.quantile(cosines, 0.05)),
            "lowest": float(cosines.min()),
            "chance": procrustes_chance(x, y, np.random.default_rng(seed).permutation(n)),
        },
        None,
    )


def _overlap(
    n: int,
    k: int,
    seed: int,
    identical: bool,
    graphs: tuple[NeighborGraph, NeighborGraph] | None,
    crowded: NDArray[np.bool_],
) -> tuple[Floats | None, Figures | None]:
    """Return the share of neighbours that every point keeps, and its figures."""
    if n < k + 2:
        return None, None
    if identical:
        shares, recall = np.ones(n, dtype=np.float32), 1.0
    else:
        assert graphs is not None
        shares = neighbor_overlap(graphs[0].indices, graphs[1].indices)
        shares[crowded] = np.nan
        recall = min(each.recall for each in graphs)
    kept = shares[~np.isnan(shares)]
    if len(kept) < 2:
        return np.full_like(shares, np.nan), None
    low, high = bootstrap_interval(kept, seed=seed)
    mean = float(kept.mean(dtype=np.float64))
    figures = {"k": k, "mean": mean, "low": low, "high": high, "chance": k / (n - 1)}
    return shares, figures | {"recall": recall}


def _most_moved(
    movement: NDArray[np.float64],
    count: int,
    y: Floats,
    graphs: tuple[NeighborGraph, NeighborGraph] | None,
) -> tuple[NDArray[np.int64], bool]:
    """Return those that moved most, and whether the last one named has others beside it.

    Of equal movement, as overlap with its k + 1 values gives it, those come first whose former
    neighbours are least similar in b, compared with the nearest there.
    """
    order = np.argsort(-movement, kind="stable")[:count]
    if graphs is None or not count:
        return order, False
    candidates = np.flatnonzero(movement >= movement[order[-1]])
    lost = graphs[1].similarities[candidates].mean(axis=1, dtype=np.float64)
    for start in range(0, len(candidates), BLOCK):
        some = candidates[start : start + BLOCK]
        own = normalize(y[some])
        for former in graphs[0].indices[some].T:
            similarity = np.einsum("ij,ij->i", own, normalize(y[former]))
            lost[start : start + BLOCK] -= similarity / graphs[0].k
    lost = lost.round(6)  # what rounding tells apart is equal
    order = np.lexsort((-lost, -movement[candidates]))
    ranks = list(zip(movement[candidates[order]], lost[order], strict=True))
    named = min(NAMED, count)
    tied = len(ranks) > named and ranks[named - 1] == ranks[named]
    return candidates[order[:count]], tied


def _within_words(
    points: pa.Table,
    shared: Points,
    x: Floats,
    y: Floats,
    graphs: tuple[NeighborGraph, NeighborGraph] | None,
    crowded: NDArray[np.bool_],
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
    if graphs is not None and not crowded.all():
        exchanged = np.argsort(order)[graphs[1].indices[order]].astype(np.int32)
        shares = neighbor_overlap(graphs[0].indices, exchanged)
        overlap = float(shares[~crowded].mean(dtype=np.float64))
    try:
        cka = linear_cka(x, y[order]).value
    except TooFewError:  # all vectors of a layer are equal
        cka = None
    return {
        "overlap": overlap,
        "cosine": procrustes_chance(x, y, order) if x.shape == y.shape else None,
        "cka": cka,
    }


def _cka(
    spaces: tuple[Space, Space],
    points: tuple[Points, Points],
    compared: tuple[Layer, Layer],
    dimensions: int,
    progress: Share,
) -> Figures:
    """Measure linear CKA of all pairs of layers."""
    a, b = spaces
    layers_a: Sequence[Layer] = a.layers or (None,)
    layers_b: Sequence[Layer] = b.layers or (None,)
    values: list[list[float | None]] = [[None] * len(layers_b) for _ in layers_a]
    debiased: list[list[float | None]] = [[None] * len(layers_b) for _ in layers_a]
    chance, done = None, 0
    # Reading is slow: as many layers of b are held as fit, and those of a read once for each part.
    held = max(1, HELD // (4 * len(points[1]) * max(1, dimensions)))
    for start in range(0, len(layers_b), held):
        part = [
            (column, layer, y, hsic(y, y))
            for column, layer in enumerate(layers_b[start : start + held], start)
            for y in (_rows(b, layer, points[1], "the second space"),)
        ]
        for row, layer_a in enumerate(layers_a):
            x = _rows(a, layer_a, points[0], "the first space")
            own_a = hsic(x, x)
            for column, layer_b, y, own_b in part:
                try:
                    found = linear_cka(x, y, (own_a, own_b))
                except TooFewError:  # all vectors of a layer are equal
                    continue
                values[row][column], debiased[row][column] = found.value, found.debiased
                if (layer_a, layer_b) == compared:
                    chance = found.chance
            done += len(part)
            progress(done / (len(layers_a) * len(layers_b)))
    return {
        "layers_a": list(layers_a),
        "layers_b": list(layers_b),
        "values": values,
        "debiased": debiased,
        "chance": chance,
    }


def _described(
    chosen: NDArray[np.integer],
    a: Space,
    found: Match,
    movement: NDArray[np.float64],
    shares: Floats | None,
    graphs: tuple[NeighborGraph, NeighborGraph] | None,
) -> list[Figures]:
    """Describe some shared points: how far they moved, their neighbours before and after."""

    def near(graph: NeighborGraph, point: int) -> list[str]:
        return [_name(a.points, int(found.a[other])) for other in graph.indices[point]]

    return [
        {
            "label": _name(a.points, int(found.a[point])),
            "a": int(found.a[point]),
            "b": int(found.b[point]),
            "movement": float(movement[point]),
            "overlap": None if shares is None or np.isnan(shares[point]) else float(shares[point]),
            "before": near(graphs[0], point) if graphs else [],
            "after": near(graphs[1], point) if graphs else [],
        }
        for point in chosen.tolist()
    ]


def _name(points: pa.Table, point: int) -> str:
    """Return what tells a point from others: its label; in context its sense, or its sentence."""
    row = points.slice(point, 1).to_pylist()[0]
    if row.get("sense") is not None:
        return f"{row['label']} ({row['sense']})"
    if "start" not in row:
        return str(row["label"])
    before = row["text"][: row["start"]].split()[-AROUND:]
    after = row["text"][row["end"] :].split()[:AROUND]
    return " ".join(("…", *before, f"[{row['label']}]", *after, "…"))
