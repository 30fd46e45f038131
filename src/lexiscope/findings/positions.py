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
    last row, which every model has, are among the figures but not what the sentence is about. What
    may be a break or a change, or may not, is worded as unsure, after what is sure.

    Parameters
    ----------
    space : Space
        A position table.

    Returns
    -------
    list of Finding
        One, ``"positions"``; its points are the rows of the strongest inner break, or those
        around the strongest change; of unsure ones only where none is sure.
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
    if inner and not (inner[0].unsure and changed and not changed[0].unsure):
        points = rows[inner[0].first : inner[0].last + 1]
    elif changed:
        points = rows[changed[0].row - 1 : changed[0].row + 1]
    figures = {
        "n": n,
        "unused": unused,
        "first_row": first,
        "cosines": cosines,
        "norms": np.linalg.norm(table.astype(np.float64), axis=1),
        "breaks": [
            asdict(each) | {"first": first + each.first, "last": first + each.last}
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
    cosines: NDArray[np.float64],
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
    said = _breaks(inner, first)
    if changed:
        sure = [each for each in changed if not each.unsure]
        told = "; ".join(_change(each, changed, noun, first) for each in changed[:NAMED])
        said += f"; {told}"
        if len(sure) > NAMED:
            said += f"; {len(sure) - NAMED:,} more changes are weaker"
        if (others := len(changed) - max(len(sure), NAMED)) > 0:
            said += f"; {others:,} more {'is' if others == 1 else 'are'} unsure"
    elif n < 4 * WINDOW:
        said += f"; for lasting changes they are too few ({4 * WINDOW} are needed)"
    else:
        # The first and the last rows are not tested.
        low, high = first + 2 * WINDOW, first + n - 2 * WINDOW
        said += (
            f"; no lasting change of direction or length is found between {noun}s {low} and {high}"
        )
    return f"{beginning}, {usual}{said}."


def _breaks(inner: list[Break], first: int) -> str:
    """Say where it breaks, the strongest first, and how many more there are."""
    if not inner:
        return (
            " and no break is found between the first and the last: no abrupt drop, of at most "
            f"{LONGEST} neighbouring pairs, by {STRENGTH:.0f} times the usual spread and by {DROP}"
        )
    strongest = inner[0]
    counts = f"a break counts from {STRENGTH:.0f} times and a drop of {DROP}"
    said = (
        f", but only {_places(strongest, first)}, {_times(strongest.strength)} the usual spread "
        f"below those around them ({counts})"
    )
    if strongest.unsure:
        said = (
            "; whether the table breaks between the first and the last is unsure: neighbouring "
            f"ones are only {_places(strongest, first)}, {_times(strongest.strength)} the usual "
            f"spread below those around them ({_interval(strongest)}; {counts})"
        )
        if not _strength_decides(strongest):
            said += (
                f"; it is not sure that they drop by {DROP}, abruptly, and in at most {LONGEST} "
                "pairs"
            )
    weaker = sum(not each.unsure for each in inner[1:])
    unsure = len(inner) - 1 - weaker
    if weaker:
        said += f"; {weaker:,} weaker break{'s are' if weaker > 1 else ' is'} elsewhere"
    if unsure:
        said += f"; {unsure:,} more {'are' if unsure > 1 else 'is'} unsure"
    return said


def _strength_decides(found: Break | ChangePoint) -> bool:
    """Tell whether it is its strength that leaves it unsure."""
    return found.strength_low < STRENGTH <= found.strength_high


def _interval(found: Break | ChangePoint) -> str:
    low, high = (
        f"{each:.2g}" if each < 100 else f"{each:,.0f}"
        for each in (max(found.strength_low, 0), found.strength_high)
    )
    return f"95 % interval {low} to {high}"


def _places(found: Break, first: int) -> str:
    pairs = [
        f"{cosine:.3f} between {first + row} and {first + row + 1}"
        for row, cosine in enumerate(found.cosines, found.first)
    ]
    return " and ".join(pairs)


def _times(strength: float) -> str:
    """Return a strength in words; of a table that hardly varies it is without measure."""
    return "over 1,000 times" if strength > 1000 else f"{strength:.0f} times"


def _change(change: ChangePoint, changed: list[ChangePoint], noun: str, first: int) -> str:
    where = f"from {noun} {first + change.row} on"
    spread = f"{_times(change.strength)} the usual spread"
    if change.unsure:
        where = f"it is unsure whether {where}"
        spread += f", {_interval(change)}, where a change counts from {STRENGTH:.0f}"
        if not _strength_decides(change):
            spread += ", but it is not sure that it is abrupt"
    if change.of == "direction":
        return (
            f"{where} vectors are unlike those before: positions 3 to 10 apart are "
            f"{change.across:.2f} alike across it and {change.within:.2f} on either side ({spread})"
        )
    longer = "longer" if change.after > change.before else "shorter"
    said = (
        f"{where} vectors are {longer}, {change.after:.3g} against {change.before:.3g} before "
        f"({spread})"
    )
    turns = any(each.of == "direction" and abs(each.row - change.row) <= WINDOW for each in changed)
    return said if turns else f"{said}, where no lasting change of direction is found"
