"""Matching: which points of two spaces are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Points = NDArray[np.int64]

# What an occurrence is known by, and what a row is: its label, and its token where the label is
# not unique.
OCCURRENCE = (("target", "text", "start", "end"),)
ROW = (("label",), ("label", "token"))


@dataclass(frozen=True, eq=False)
class Match:
    """Which points of two spaces are the same.

    Attributes
    ----------
    a, b : ndarray of shape (shared,), int64
        The shared points' numbers in either space, in the order of the first.
    lost, gained : list of str
        Labels of the points that only the first has, and only the second.
    ambiguous : int
        Number of labels that both have, but not all of whose points could be told apart.
    """

    a: Points
    b: Points
    lost: list[str]
    gained: list[str]
    ambiguous: int


def match(a: pa.Table, b: pa.Table) -> Match:
    """Find the points that are the same in two spaces.

    Occurrences are the same when they are the same characters of the same text, asked for by
    the same target; other points when their labels are the same. Of a label that several
    points of a space have, those are matched whose tokens are unique and the same. Where both
    spaces list the same points in the same order, they are matched as they stand.

    Parameters
    ----------
    a, b : pyarrow.Table
        Points of a space, with a column `label`.

    Returns
    -------
    Match
    """
    both = set(a.column_names) & set(b.column_names)
    ways: tuple[tuple[str, ...], ...] = OCCURRENCE if both.issuperset(OCCURRENCE[0]) else ROW
    ways = tuple(columns for columns in ways if both.issuperset(columns))
    pairs: dict[int, int] = {}
    for columns in ways:
        keys_a, keys_b = _keys(a, columns), _keys(b, columns)
        if columns == ways[0]:
            first_a, first_b = keys_a, keys_b
        if columns == ways[-1] and keys_a == keys_b:
            pairs = {point: point for point in range(len(keys_a))}
            break
        taken = set(pairs.values())
        unique_a, unique_b = _unique(keys_a), _unique(keys_b)
        for key, point in unique_a.items():
            other = unique_b.get(key)
            if other is not None and point not in pairs and other not in taken:
                pairs[point] = other
    points_a = np.array(sorted(pairs), dtype=np.int64)
    points_b = np.array([pairs[point] for point in sorted(pairs)], dtype=np.int64)
    left_a = np.setdiff1d(np.arange(len(first_a)), points_a).tolist()
    left_b = np.setdiff1d(np.arange(len(first_b)), points_b).tolist()
    in_a, in_b = set(first_a), set(first_b)
    return Match(
        a=points_a,
        b=points_b,
        lost=_labels(a, [point for point in left_a if first_a[point] not in in_b]),
        gained=_labels(b, [point for point in left_b if first_b[point] not in in_a]),
        ambiguous=len(
            {first_a[point] for point in left_a} & in_b
            | {first_b[point] for point in left_b} & in_a
        ),
    )


def _keys(points: pa.Table, columns: Sequence[str]) -> list[Hashable]:
    return list(zip(*(_values(points[column]) for column in columns), strict=True))


def _values(column: pa.ChunkedArray) -> list[Hashable]:
    """Return the values of a column, equal ones as one object: many occurrences share a text."""
    coded = column.dictionary_encode().unify_dictionaries()
    if not coded.num_chunks:
        return []
    values = coded.chunk(0).dictionary.to_pylist()
    places = (place for chunk in coded.chunks for place in chunk.indices.to_pylist())
    return [None if place is None else values[place] for place in places]


def _unique(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    """Return the keys that stand at one place only, and where."""
    counts = Counter(keys)
    return {key: place for place, key in enumerate(keys) if counts[key] == 1}


def _labels(points: pa.Table, chosen: Sequence[int]) -> list[str]:
    return [str(label) for label in points["label"].take(pa.array(chosen, pa.int64())).to_pylist()]
