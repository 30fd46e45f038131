"""Token types: how long and how alike they are, beside the words they are added to."""

from __future__ import annotations

import numpy as np

from lexiscope.errors import TooFewError
from lexiscope.findings.finding import Finding, as_points, too_few
from lexiscope.findings.frequency import with_text
from lexiscope.measure.evidence import finite
from lexiscope.measure.token_types import TokenTypes
from lexiscope.measure.token_types import token_types as measure
from lexiscope.space import Space

NAME = "token_types"


def token_types(space: Space, words: Space | None) -> list[Finding]:
    """Say how long and how alike the token types are.

    Parameters
    ----------
    space : Space
        A token-type table.
    words : Space, optional
        The word table of the same model, to compare lengths with. Tokens that stand for no
        text (special, unused, bytes) are left out.

    Returns
    -------
    list of Finding
        One, ``"token_types"``; its points are all rows.
    """
    try:
        measured = measure(space.vectors)
    except TooFewError as error:
        return [too_few(NAME, space.name, error, 0)]
    quartiles = None
    if words is not None and len(rows := with_text(words)):
        norms = np.linalg.norm(finite(words.vectors[rows], "the words"), axis=1)
        low, median, high = (float(each) for each in np.quantile(norms, [0.25, 0.5, 0.75]))
        quartiles = {"median": median, "low": low, "high": high}
    ratio = None
    if quartiles and quartiles["median"] > 0:
        ratio = float(measured.norms.mean()) / quartiles["median"]
    figures = {
        "n": len(space),
        "norms": measured.norms,
        "cosines": measured.cosines,
        "word_norm": quartiles,
        "ratio": ratio,
        "identical": measured.identical,
        "all_zero": measured.zero,
    }
    statement = _statement(measured, quartiles, ratio)
    points = as_points(range(len(space)))
    return [Finding(NAME, space.name, None, statement, figures, points)]


def _statement(
    measured: TokenTypes, quartiles: dict[str, float] | None, ratio: float | None
) -> str:
    n = len(measured.norms)
    if len(measured.zero) == n:
        one = "The only token type is" if n == 1 else f"All {n} token types are"
        return f"{one} zero: the model makes nothing of token types."
    lengths = f"{measured.norms.min():.3g}"
    if f"{measured.norms.max():.3g}" != lengths:
        lengths += f" to {measured.norms.max():.3g}"
    if n == 1:
        said = f"The only token type has the length {lengths}, and is added to every token alike"
    elif measured.identical:
        said = f"The {n} token types are identical, {lengths} long: they tell no texts apart"
    else:
        pairs = measured.cosines[np.triu_indices(n, 1)]
        pairs = pairs[np.isfinite(pairs)]
        said = f"The {n} token types are {lengths} long"
        if len(pairs) == 1:
            said += f" and {pairs[0]:.3f} alike (cosine similarity)"
        elif len(pairs):
            said += f" and {pairs.min():.3f} to {pairs.max():.3f} alike (cosine similarity)"
        if measured.zero:
            said += f"; row {', '.join(map(str, measured.zero))} is zero"
    if quartiles and ratio is not None:
        said += (
            f"; that is {ratio:.2g} times the median length of the words, "
            f"{quartiles['median']:.3g} (half of them {quartiles['low']:.3g} to "
            f"{quartiles['high']:.3g})"
        )
    return f"{said}."
