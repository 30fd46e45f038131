"""Projection: the coordinates of one space at one layer, and how far they can be trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
    """

    method: str
    coordinates: NDArray[np.float32] = field(repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    quality: Quality | None = None
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def dims(self) -> int:
        """Number of coordinates a point has, 2 or 3."""
        return int(self.coordinates.shape[1])

    @property
    def id(self) -> str:
        """Name that tells this projection from others of the same layer, e.g. ``tsne-2d``."""
        return projection_id(self.method, self.dims, self.parameters, self.seed)


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
