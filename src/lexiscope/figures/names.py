"""Names: what is written on a map, where there is room for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.figures.paper import INCH, INK, SIZE, SOFT, drawable, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from lexiscope.figures.sheet import Sheet

MOST_NAMES = 26
# Names keep clear of so many points; of more they would be driven from their places.
AVOIDED = 1000
# Steps in which names are moved apart: more hardly move them, and take seconds.
STEPS = 60
LONGEST = 26
# Of names to the frame, in dots.
CLEAR = 5.0


@dataclass(frozen=True)
class Name:
    """What stands at a place of the map.

    Attributes
    ----------
    text : str
    place : tuple of float
    """

    text: str
    place: tuple[float, ...]


def write_names(
    sheet: Sheet, ax: Axes, names: Sequence[Name], points: NDArray[np.floating], area: float
) -> None:
    """Write names at their places, moved where they would cover each other or few points.

    Parameters
    ----------
    sheet : Sheet
    ax : matplotlib.axes.Axes
    names : sequence of Name
    points : ndarray of shape (n_points, 2)
    area : float
        Of a point, in square points of print.
    """
    from adjustText import adjust_text
    from matplotlib.patheffects import Stroke
    from matplotlib.transforms import Bbox

    texts: list[Text] = []
    taken: list[tuple[float, float]] = []
    sheet.draw_without_rendering()
    once = {short(name.text): name for name in reversed(names[:MOST_NAMES])}
    for said, name in reversed(once.items()):
        text = say(
            ax,
            name.place[0],
            name.place[1],
            said,
            ha="center",
            va="center",
            fontsize=SIZE,
            fontweight="bold",
            color=INK,
            zorder=6,
        )
        box = text.get_window_extent()
        # One that lies wholly upon another's middle would only push both away.
        if any(box.contains(*other) for other in taken):
            text.remove()
            continue
        taken.append(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
        texts.append(text)
    if not texts:
        return
    few = points if len(points) <= AVOIDED else points[:0]
    # Points as wide as they are drawn, so that no name lies on an edge.
    half = 0.5 * area**0.5 / INCH * sheet.dpi
    there = ax.transData.transform(few)
    around = ax.transData.inverted().transform(
        np.hstack([there - half, there + half]).reshape(-1, 2)
    )
    adjust_text(
        texts,
        objects=[Bbox(corners) for corners in around.reshape(-1, 2, 2)] or None,
        ax=ax,
        ensure_inside_axes=True,
        expand=(1.05, 1.25),
        force_text=(0.25, 0.4),
        iter_lim=STEPS,  # not a time: the same map is the same figure
        min_arrow_len=12,
        arrowprops={"arrowstyle": "-", "color": SOFT, "lw": 0.6, "zorder": 4},
    )
    for text in texts:
        _keep_within(ax, text)
    for text in _covering(texts):
        for leader in [each for each in ax.patches if getattr(each, "patchA", None) is text]:
            leader.remove()
        text.remove()
        texts.remove(text)
    for text in texts:
        # Apart from the text itself, which would be drawn as shapes with it.
        say(
            ax,
            *text.get_position(),
            text.get_text(),
            ha=text.get_horizontalalignment(),
            va=text.get_verticalalignment(),
            fontsize=SIZE,
            fontweight="bold",
            color="white",
            path_effects=[Stroke(linewidth=2.2, foreground="white", alpha=0.9)],
            zorder=5,
        )


def short(text: str) -> str:
    """Leave out of a name as many of its members as it takes, and say so of rows of numbers."""
    text = full = drawable(text)
    while len(text) > (LONGEST if full == text else LONGEST - 3) and ", " in text:
        text = text.rpartition(", ")[0]
    # Of words some stand for all; of numbers some would be less than there are.
    if text != full and text[:1].isdigit():
        return f"{text}, …"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _keep_within(ax: Axes, text: Text) -> None:
    """Move a name that touches the frame inwards."""
    box, frame = text.get_window_extent(), ax.get_window_extent()
    right = max(0.0, frame.x0 + CLEAR - box.x0) - max(0.0, box.x1 - frame.x1 + CLEAR)
    up = max(0.0, frame.y0 + CLEAR - box.y0) - max(0.0, box.y1 - frame.y1 + CLEAR)
    if right or up:
        place = ax.transData.transform(text.get_position()) + np.array([right, up])
        text.set_position(tuple(ax.transData.inverted().transform(place)))


def _covering(texts: Sequence[Any]) -> list[Any]:
    """Return those that still lie on one before them."""
    kept: list[Any] = []
    gone = []
    for text in texts:
        box = text.get_window_extent()
        if any(box.overlaps(other) for other in kept):
            gone.append(text)
        else:
            kept.append(box)
    return gone


def spread_names(
    coordinates: NDArray[np.floating], labels: Sequence[str], count: int = 24
) -> list[Name]:
    """Choose labels over the map: of each part of it that has points, the first of the table.

    Vocabularies begin with their frequent words, so the first is the best known.
    """
    if len(coordinates) == 0:
        return []
    cells = max(1, round(count**0.5))
    low, span = coordinates.min(axis=0), np.ptp(coordinates, axis=0)
    place = np.minimum(
        (cells * (coordinates - low) / np.where(span > 0, span, 1)).astype(int), cells - 1
    )
    cell = place[:, 0] * cells + place[:, 1]
    numbers, sizes = np.unique(cell, return_counts=True)
    numbers = numbers[np.argsort(-sizes, kind="stable")]
    found = []
    for number in numbers:
        inside = np.flatnonzero(cell == number).tolist()
        words = [point for point in inside if len(labels[point]) > 1 and labels[point].isalpha()]
        first = int(words[0] if words else inside[0])
        found.append(Name(labels[first], tuple(map(float, coordinates[first]))))
    return found
