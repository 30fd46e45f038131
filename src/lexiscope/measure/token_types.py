"""Token types: how long and how alike the rows of a token-type table are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.measure.evidence import finite
from lexiscope.neighbors import normalize


@dataclass(frozen=True, eq=False)
class TokenTypes:
    """Norms and similarities of a token-type table.

    Attributes
    ----------
    norms : ndarray of shape (n,), float64
        Euclidean.
    cosines : ndarray of shape (n, n), float64
        Cosine similarities in [-1, 1]; NaN with a row that is zero.
    identical : bool
        Whether there are several rows and all are the same.
    zero : tuple of int
        Rows that are all zero.
    """

    norms: NDArray[np.float64]
    cosines: NDArray[np.float64]
    identical: bool
    zero: tuple[int, ...]


def token_types(table: NDArray[np.floating]) -> TokenTypes:
    """Measure the rows of a token-type table.

    Parameters
    ----------
    table : ndarray of shape (n, dim)

    Returns
    -------
    TokenTypes

    Raises
    ------
    TooFewError
        Without rows.
    LexiscopeError
        For NaN or infinity.
    """
    rows = finite(table, "the token types")
    if not len(rows):
        raise TooFewError("0 token types: too few to say anything (1 is needed)")
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    unit = normalize(rows).astype(np.float64)
    cosines = np.clip(unit @ unit.T, -1, 1)
    zero = norms == 0
    cosines[zero] = np.nan
    cosines[:, zero] = np.nan
    return TokenTypes(
        norms=norms,
        cosines=cosines,
        identical=len(rows) > 1 and bool((rows == rows[0]).all()),
        zero=tuple(int(row) for row in np.flatnonzero(zero)),
    )
