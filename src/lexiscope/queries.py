"""Queries: a label, a point number, a vector, or arithmetic on labels, as one vector."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError

Floats = NDArray[np.float32]
QueryLike = str | int | Floats | Sequence[float]

_POINT = re.compile(r"#(\d+)")
_SIGN = re.compile(r"\s+([+-])\s+")
SHOWN = 5


@dataclass(frozen=True, eq=False)
class Query:
    """A vector to look near, and the points it was made from.

    Attributes
    ----------
    text : str
        The query as a person wrote it.
    vector : ndarray of shape (dim,), float32
    points : ndarray of int64
        Left out of the answers.
    averaged : dict of str to ndarray of int64
        The points of each term that several carry: their mean stands for it.
    """

    text: str
    vector: Floats
    points: NDArray[np.int64]
    averaged: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)


def resolve(query: QueryLike, points: pa.Table, vectors: Floats) -> Query:
    """Turn what a person asked for into a vector.

    A label is looked up exactly, then as a raw token, as a readable text and last without
    regard to case. Where several points carry it (the occurrences of a word), their mean is
    taken. In ``king - man + woman`` every term is a label or a point number; the terms'
    vectors are added with their signs (Mikolov et al. 2013 normalise them first: give
    normalised `vectors` for that).

    Parameters
    ----------
    query : str, int or array of shape (dim,)
        ``"india"``, ``"#12"`` or ``12``, ``"king - man + woman"``, or a vector.
    points : pyarrow.Table
        With a column `label`, and `token` and `text` where the space has them.
    vectors : ndarray of shape (n_points, dim), float32

    Returns
    -------
    Query

    Raises
    ------
    LexiscopeError
        For a label that is not there (naming the nearest spellings), a point number or a
        vector that does not fit.
    """
    if isinstance(query, str):
        whole = _find(query, points)
        if whole is not None:
            return Query(query, _mean(vectors, whole), whole, _averaged([(query, whole)]))
        return _arithmetic(query, points, vectors)
    if isinstance(query, (int, np.integer)):
        return resolve(f"#{query}", points, vectors)
    vector = np.asarray(query, dtype=np.float32)
    if vector.shape != (vectors.shape[1],):
        raise LexiscopeError(
            f"a query vector of shape {vector.shape}: this space has {vectors.shape[1]} dimensions"
        )
    if not np.isfinite(vector).all():
        raise LexiscopeError("the query vector holds NaN or infinite values")
    return Query("(vector)", vector, np.empty(0, dtype=np.int64))


def search(pattern: str, points: pa.Table) -> NDArray[np.int64]:
    """Find a group of points: labels with commas between them, or ``/a regular expression/``.

    Parameters
    ----------
    pattern : str
        ``"man, boy, king"`` or ``"/^[0-9]+$/"`` (searched in `label`; RE2 syntax, so it runs in
        linear time).
    points : pyarrow.Table

    Returns
    -------
    ndarray of int64
        Point numbers, ascending, without repeats.

    Raises
    ------
    LexiscopeError
        For a label that is not there or a pattern that is no regular expression.
    """
    pattern = pattern.strip()
    if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
        try:
            hits = pc.match_substring_regex(points["label"], pattern[1:-1])
        except pa.ArrowInvalid as error:
            raise LexiscopeError(f"{pattern}: no regular expression: {error}") from error
        found = np.flatnonzero(hits.to_numpy())
        if not len(found):
            raise LexiscopeError(f"{pattern}: no label matches it")
        return found
    groups = [named(term.strip(), points) for term in pattern.split(",") if term.strip()]
    if not groups:
        raise LexiscopeError("an empty group: name labels with commas between, or /a pattern/")
    return np.unique(np.concatenate(groups))


def named(term: str, points: pa.Table) -> NDArray[np.int64]:
    """Return the points that one label or ``#number`` names.

    Raises
    ------
    LexiscopeError
        When there is none, with the nearest spellings.
    """
    found = _find(term, points)
    if found is None:
        raise LexiscopeError(_not_found(term, points))
    return found


def _arithmetic(query: str, points: pa.Table, vectors: Floats) -> Query:
    parts = _SIGN.split(query.strip())
    first = parts[0]
    sign = 1.0
    if first.startswith("- "):
        first, sign = first[2:].strip(), -1.0
    signs = [sign, *(1.0 if operator == "+" else -1.0 for operator in parts[1::2])]
    terms = [(term, named(term, points)) for term in (first, *parts[2::2])]
    means = np.array(
        [sign * _mean(vectors, rows) for sign, (_, rows) in zip(signs, terms, strict=True)]
    )
    vector = means.sum(axis=0, dtype=np.float64)
    if len(terms) > 1 and not np.abs(vector).max() > 1e-6 * np.abs(means).max():
        raise LexiscopeError(f"{query!r} adds up to the zero vector, which is near nothing")
    rows = np.concatenate([rows for _, rows in terms])
    return Query(query, vector.astype(np.float32), rows, _averaged(terms))


def _averaged(
    terms: Sequence[tuple[str, NDArray[np.int64]]],
) -> dict[str, NDArray[np.int64]]:
    return {term: rows for term, rows in terms if len(rows) > 1}


def _mean(vectors: Floats, rows: NDArray[np.int64]) -> Floats:
    return np.asarray(vectors[rows].mean(axis=0, dtype=np.float64), dtype=np.float32)


def _find(term: str, points: pa.Table) -> NDArray[np.int64] | None:
    """Return the points a label or ``#number`` names, or None."""
    number = _POINT.fullmatch(term)
    if number:
        point = int(number[1])
        if point >= points.num_rows:
            raise LexiscopeError(
                f"point {term}: this space has {points.num_rows} points, #0 to "
                f"#{points.num_rows - 1}"
            )
        return np.array([point], dtype=np.int64)
    for column in ("label", "token"):
        if column in points.column_names:
            found = _equal(points[column], term)
            if len(found):
                return found
    if "kind" in points.column_names and "text" in points.column_names:
        found = _equal(points["text"], term)
        if len(found):
            return found[:1]
    found = _equal(pc.utf8_lower(points["label"]), term.lower())
    return found if len(found) else None


def _equal(column: pa.ChunkedArray, value: str) -> NDArray[np.int64]:
    hits = pc.fill_null(pc.equal(column, value), False)
    return np.flatnonzero(hits.to_numpy())


def _not_found(term: str, points: pa.Table) -> str:
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    labels = pc.unique(points["label"]).to_pylist()
    near = process.extract(
        term, labels, scorer=JaroWinkler.normalized_similarity, limit=SHOWN, score_cutoff=0.5
    )
    if not near:
        few = ", ".join(labels[:SHOWN])
        return (
            f"{term!r} is no label of this space; labels are such as {few}, points #0 to "
            f"#{points.num_rows - 1}, and sums 'a - b + c'"
        )
    spelled = ", ".join(name for name, _, _ in near)
    return f"{term!r} is no label of this space; the nearest spellings are {spelled}"
