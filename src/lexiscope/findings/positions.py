"""Positions: what a position table says of itself: where it breaks, where it changes."""

from __future__ import annotations

import base64
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.findings.finding import Finding, as_points, too_few
from lexiscope.measure.evidence import finite
from lexiscope.measure.positions import (
    DROP,
    LONGEST,
    STRENGTH,
    WINDOW,
    Break,
    ChangePoint,
    block_side,
    breaks,
    change_points,
    neighbor_cosines,
    similarities,
)
from lexiscope.space import Space

NAME = "positions"
# Changes that one sentence can name.
NAMED = 3


def positions(space: Space) -> list[Finding]:
    """Say where a position table breaks off and where it changes.

    Rows that stand for no position (column `kind`) are left out. Breaks at the first and the
    last row, which every model has, are among the figures but not what the sentence is about.

    Parameters
    ----------
    space : Space
        A position table.

    Returns
    -------
    list of Finding
        One, ``"positions"``; its points are the rows of the strongest inner break, or those
        around the strongest change.
    """
    rows = np.arange(len(space))
    if "kind" in space.points.column_names:
        rows = rows[np.array(space.points["kind"].to_pylist()) == "position"]
    n, unused = len(rows), len(space) - len(rows)
    if n < 2:
        error = TooFewError(
            f"{n} position{'' if n == 1 else 's'}: too few to say how alike neighbours are "
            "(2 are needed)"
        )
        return [too_few(NAME, space.name, error, n)]
    table = finite(space.vectors[rows], "the positions")
    cosines, alike = neighbor_cosines(table), similarities(table)
    first = int(rows[0])
    found, changed = breaks(table), change_points(table)
    inner = [each for each in found if each.first > 0 and each.last < n - 1]
    points: NDArray[np.int64] = rows[:0]
    if inner:
        points = rows[inner[0].first : inner[0].last + 1]
    elif changed:
        points = rows[changed[0].row - 1 : changed[0].row + 1]
    figures = {
        "n": n,
        "unused": unused,
        "first_row": first,
        "cosines": cosines,
        "norms": np.linalg.norm(table, axis=1),
        "breaks": [
            {
                "first": first + each.first,
                "last": first + each.last,
                "cosines": each.cosines,
                "usual": each.usual,
                "strength": each.strength,
            }
            for each in found
        ],
        "change_points": [asdict(each) | {"row": first + each.row} for each in changed],
        "heatmap": _encoded(alike, block_side(n)),
    }
    statement = _statement(n, unused, first, cosines, inner, changed)
    return [Finding(NAME, space.name, None, statement, figures, as_points(points))]


def _encoded(matrix: NDArray[np.float32], block: int) -> dict[str, object]:
    """Return a square matrix as bytes between its lowest and highest value."""
    low, high = float(matrix.min()), float(matrix.max())
    scaled = np.rint((matrix.astype(np.float64) - low) / ((high - low) or 1.0) * 255)
    return {
        "rows": len(matrix),
        "block": block,
        "low": low,
        "high": high,
        "values": base64.b64encode(scaled.astype(np.uint8).tobytes()).decode("ascii"),
    }


def _statement(
    n: int,
    unused: int,
    first: int,
    cosines: NDArray[np.float32],
    inner: list[Break],
    changed: list[ChangePoint],
) -> str:
    noun = "row" if unused else "position"
    beginning = f"Of {n:,} positions"
    if unused:
        beginning += f" (from row {first}; {unused:,} unused rows are left out)"
    usual = f"neighbouring ones are {np.median(cosines):.2f} alike (median cosine similarity)"
    if n < 2 * WINDOW:
        return (
            f"{beginning}, {usual}; these are too few to look for breaks ({2 * WINDOW} are needed)."
        )
    if inner:
        said = (
            f", but only {_places(inner[0], first)}, {_times(inner[0].strength)} the usual spread "
            f"below those around them (a break counts from {STRENGTH:.0f} times and a drop of "
            f"{DROP})"
        )
        if len(inner) > 1:
            said += (
                f"; {len(inner) - 1:,} weaker break{'s are' if len(inner) > 2 else ' is'} elsewhere"
            )
    else:
        said = (
            " and no break is found between the first and the last: no abrupt drop, of at most "
            f"{LONGEST} neighbouring pairs, by {STRENGTH:.0f} times the usual spread and by {DROP}"
        )
    if changed:
        said += "; " + "; ".join(_change(each, noun, first) for each in changed[:NAMED])
        if len(changed) > NAMED:
            said += f"; {len(changed) - NAMED:,} more changes are weaker"
    elif n < 4 * WINDOW:
        said += f"; for lasting changes they are too few ({4 * WINDOW} are needed)"
    else:
        # The first and the last rows are not tested.
        low, high = first + 2 * WINDOW, first + n - 2 * WINDOW
        said += (
            f"; no lasting change of direction or length is found between {noun}s {low} and {high}"
        )
    return f"{beginning}, {usual}{said}."


def _places(found: Break, first: int) -> str:
    pairs = [
        f"{cosine:.3f} between {first + row} and {first + row + 1}"
        for row, cosine in enumerate(found.cosines, found.first)
    ]
    return " and ".join(pairs)


def _times(strength: float) -> str:
    """Return a strength in words; of a table that hardly varies it is without measure."""
    return "over 1,000 times" if strength > 1000 else f"{strength:.0f} times"


def _change(change: ChangePoint, noun: str, first: int) -> str:
    where = f"from {noun} {first + change.row} on"
    strength = f"({_times(change.strength)} the usual spread)"
    if change.of == "direction":
        return (
            f"{where} vectors are unlike those before: positions 3 to 10 apart are "
            f"{change.across:.2f} alike across it and {change.within:.2f} on either side {strength}"
        )
    longer = "longer" if change.after > change.before else "shorter"
    return (
        f"{where} vectors are {longer}, {change.after:.3g} against {change.before:.3g} before "
        f"{strength}, where no lasting change of direction is found"
    )
