"""Colors: what the colours of a map's points say, and the legend that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.figures.paper import MISSING, SIZE, SOFT, category, drawable, number, say

if TYPE_CHECKING:
    from lexiscope.figures.sheet import Sheet

LEGEND = 20
STEP = 1.75 * SIZE / 72
WIDE, LONGEST = 1.63, 17


@dataclass(frozen=True)
class Colors:
    """What the colours of the points say.

    Attributes
    ----------
    title : str
        The column's name.
    values : ndarray of shape (n_points,)
        Numbers, NaN where missing; or the categories' names, None where missing.
    """

    title: str
    values: NDArray[Any]

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers."""
        return bool(np.issubdtype(self.values.dtype, np.number))


def paints(colors: Colors) -> NDArray[Any]:
    """Return every point's colour, (n_points, 4)."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba

    if colors.numeric:
        values = colors.values.astype(float)
        low, high = _range(values)
        # White hides the end of the scale.
        made = colormaps["cividis"](0.94 * np.clip((values - low) / (high - low), 0, 1))
        made[~np.isfinite(values)] = to_rgba(MISSING)
        return np.asarray(made)
    codes, _ = coded(colors.values)
    known = np.array([to_rgba(category(n)) for n in range(codes.max(initial=-1) + 1)])
    found = np.tile(to_rgba(MISSING), (len(codes), 1))
    if len(known):
        found[codes >= 0] = known[codes[codes >= 0]]
    return found


def coded(values: NDArray[Any]) -> tuple[NDArray[np.int64], list[tuple[str, int]]]:
    """Return categories as numbers, the most frequent 0 and missing ones -1, and their counts."""
    texts = np.array([value is not None for value in values], dtype=bool)
    if not texts.any():
        return np.full(len(values), -1), []
    names, codes, counts = np.unique(
        values[texts].astype(str), return_inverse=True, return_counts=True
    )
    order = np.lexsort((names, -counts))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    found = np.full(len(values), -1)
    found[texts] = place[codes]
    return found, [(str(names[n]), int(counts[n])) for n in order]


def _range(values: NDArray[np.floating]) -> tuple[float, float]:
    there = values[np.isfinite(values)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    return low, high if high > low else low + 1.0


def told_apart(colors: Colors) -> Colors:
    """Return numbers that are but one or two different ones as categories: they are no scale."""
    if not colors.numeric:
        return colors
    values = colors.values.astype(float)
    there = np.isfinite(values)
    if len(np.unique(values[there])) not in (1, 2):
        return colors
    texts = [number(each) if known else None for each, known in zip(values, there, strict=True)]
    return Colors(colors.title, np.array(texts, dtype=object))


def legend(sheet: Sheet, colors: Colors, left: float, top: float) -> None:
    """Write what the colours say, at a place of the sheet's room (inches) and below it."""
    say(sheet, *sheet.place(left, top), drawable(colors.title), fontweight="bold", va="top")
    if colors.numeric:
        _scale(sheet, colors, left, top - 2.2 * STEP)
        return
    codes, counts = coded(colors.values)
    gone = int((codes < 0).sum())
    fitting = int(top / STEP - 1.5) - (gone > 0)
    most = len(counts) if len(counts) <= min(fitting, LEGEND) else max(1, min(fitting, LEGEND) - 1)
    rest = counts[most:]
    rows = [([category(n)], name, count) for n, (name, count) in enumerate(counts[:most])]
    if rest:
        # They have colours too, of which three stand for all.
        hues = [category(most + n) for n in range(min(3, len(rest)))]
        rows.append((hues, f"{len(rest):,} others", sum(count for _, count in rest)))
    if gone:
        rows.append(([MISSING], "none", gone))
    for n, (hues, name, count) in enumerate(rows):
        y = top - (n + 1.35) * STEP
        size = SIZE + 1 if len(hues) == 1 else SIZE - 3
        for place, hue in enumerate(hues):
            say(
                sheet,
                *sheet.place(left + 0.04 * place, y),
                "●",
                color=hue,
                va="center",
                fontsize=size,
            )
        short = drawable(" ".join(name.split()))
        short = short if len(short) <= LONGEST else f"{short[: LONGEST - 1]}…"
        say(sheet, *sheet.place(left + 0.17, y), short or "(empty)", va="center")
        said = f"{count:,}"
        right = sheet.place(left + WIDE - 0.15, y)
        say(sheet, *right, said, ha="right", va="center", color=SOFT)


def _scale(sheet: Sheet, colors: Colors, left: float, low: float) -> None:
    least, most = _range(colors.values.astype(float))
    bar = sheet.plot(left, low, 1.2, 0.7 * STEP)
    strip = paints(Colors("", np.linspace(least, most, 200)))[None]
    bar.imshow(strip, extent=(least, most, 0, 1), aspect="auto", interpolation="nearest")
    bar.set_yticks([])
    bar.set_xticks([least, most], [number(least), number(most)])
    bar.tick_params(length=0)
    for spine in bar.spines.values():
        spine.set_visible(False)
    gone = int((~np.isfinite(colors.values.astype(float))).sum())
    if gone:
        say(bar, 0, -2.6, f"grey: {gone:,} without a value", transform=bar.transAxes, color=SOFT)
