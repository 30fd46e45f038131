"""Map: a projection on paper, with names, a legend, and what it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.figures.paper import (
    INK,
    LETTERS,
    LINE,
    MISSING,
    SIZE,
    SOFT,
    category,
    drawable,
    heading,
    say,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# A figure of more points holds them as a picture: as shapes it would be slow to open and to print.
RASTERED = 5000
LEGEND = 10
MOST_NAMES = 26
# Names keep clear of so many points; of more they would be driven from their places.
AVOIDED = 1000
MARGIN, SIDE = 0.12, 1.75
LONGEST = 26


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


@dataclass(frozen=True)
class Axis:
    """What the axes say: nothing where `names` is empty, as in t-SNE and UMAP."""

    names: tuple[str, ...] = ()


def map_figure(
    coordinates: NDArray[np.floating],
    *,
    title: str,
    caption: str,
    colors: Colors | None = None,
    names: Sequence[Name] = (),
    axes: Axis | None = None,
    width: float = 7.0,
) -> Figure:
    """Draw a projection.

    Parameters
    ----------
    coordinates : ndarray of shape (n_points, 2) or (n_points, 3)
    title, caption : str
        Above and below.
    colors : Colors, optional
        By default all points have one colour.
    names : sequence of Name, optional
        Written where there is room, the first first; moved apart by adjustText.
    axes : Axis, optional
        Names of the axes, where they have a meaning.
    width : float
        Inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with styled():
        side = SIDE if colors is not None else MARGIN
        plot = width - MARGIN - side
        spread = np.ptp(coordinates[:, :2], axis=0) if len(coordinates) else np.ones(2)
        ratio = float(np.clip(spread[1] / spread[0], 0.6, 1.0)) if spread[0] > 0 else 1.0
        if coordinates.shape[1] == 3:
            ratio = 0.9
        lines = 1 + len(caption) // round((width - 2 * MARGIN) * LETTERS)
        figure = sheet(width, plot * ratio + 0.75 + 0.16 * lines)
        low, high = heading(figure, title, caption)
        labelled = bool(axes and axes.names)
        room = (0.45, 0.3) if labelled else (0.0, 0.0)
        height = figure.get_size_inches()[1]
        box = (
            (MARGIN + room[0]) / width,
            low + room[1] / height,
            (plot - room[0]) / width,
            high - low - room[1] / height,
        )
        ax = figure.add_axes(box, projection="3d" if coordinates.shape[1] == 3 else None)
        _points(ax, coordinates, colors)
        _axes(ax, axes, coordinates)
        if colors is not None:
            _legend(figure, colors, (MARGIN + plot + 0.15) / width, high, 1.2 / width)
        if names and coordinates.shape[1] == 2:
            _names(ax, names, coordinates)
        return figure


def _points(ax: Axes, coordinates: NDArray[np.floating], colors: Colors | None) -> None:
    n = len(coordinates)
    # Neither the first nor the last category lies above all others.
    order = np.random.default_rng(0).permutation(n)
    painted: Any = category(0)
    if colors is not None:
        painted = paints(colors)[order]
    drawing: Any = ax  # in three dimensions one that takes three
    drawing.scatter(
        *coordinates[order].T,
        s=float(np.clip(9000 / max(n, 1), 1.3, 26)),
        c=painted,
        alpha=0.6 if n > RASTERED else 0.85,
        linewidths=0,
        rasterized=n > RASTERED,
    )


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


def _axes(ax: Axes, axes: Axis | None, coordinates: NDArray[np.floating]) -> None:
    # Names and points at the edge stand within.
    ax.margins(0.04)
    ax.set_aspect("equal", adjustable="datalim" if coordinates.shape[1] == 2 else None)
    if axes and axes.names:
        setters = (ax.set_xlabel, ax.set_ylabel, getattr(ax, "set_zlabel", None))
        for setter, name in zip(setters, axes.names, strict=False):
            if setter is not None:
                setter(drawable(name), parse_math=False)
        return
    # No ticks where the axes say nothing.
    ax.set_xticks([])
    ax.set_yticks([])
    if coordinates.shape[1] == 3:
        getattr(ax, "set_zticks", list)([])
        return
    for spine in ax.spines.values():
        spine.set(visible=True, color=LINE)


def _legend(figure: Figure, colors: Colors, left: float, top: float, width: float) -> None:
    height = figure.get_size_inches()[1]
    step = 1.75 * SIZE / 72 / height
    say(figure, left, top, colors.title, fontweight="bold", va="top")
    if colors.numeric:
        _scale(figure, colors, (left, top - 2.2 * step, width, 0.7 * step))
        return
    codes, counts = coded(colors.values)
    rows: list[tuple[str, str, int]] = [
        (category(n), name, count) for n, (name, count) in enumerate(counts[:LEGEND])
    ]
    rest = counts[LEGEND:]
    if rest:
        rows.append(("", f"and {len(rest):,} others", sum(count for _, count in rest)))
    gone = int((codes < 0).sum())
    if gone:
        rows.append((MISSING, "none", gone))
    for n, (color, name, count) in enumerate(rows):
        y = top - (n + 1.35) * step
        short = " ".join(name.split())
        short = short if len(short) <= 17 else f"{short[:16]}…"
        if color:
            say(figure, left, y, "●", color=color, va="center", fontsize=SIZE + 1)
        say(figure, left + 0.15 / figure.get_size_inches()[0], y, short or "(empty)", va="center")
        say(
            figure,
            1 - 0.12 / figure.get_size_inches()[0],
            y,
            f"{count:,}",
            ha="right",
            va="center",
            color=SOFT,
        )


def _scale(figure: Figure, colors: Colors, box: tuple[float, float, float, float]) -> None:
    low, high = _range(colors.values.astype(float))
    bar = figure.add_axes(box)
    steps = np.linspace(low, high, 200)
    strip = paints(Colors("", steps))[None]
    bar.imshow(strip, extent=(low, high, 0, 1), aspect="auto", interpolation="nearest")
    bar.set_yticks([])
    bar.set_xticks([low, high], [f"{low:,.4g}", f"{high:,.4g}"])
    bar.tick_params(length=0)
    for spine in bar.spines.values():
        spine.set_visible(False)
    gone = int((~np.isfinite(colors.values.astype(float))).sum())
    if gone:
        say(bar, 0, -2.6, f"grey: {gone:,} without a value", transform=bar.transAxes, color=SOFT)


def _names(ax: Axes, names: Sequence[Name], points: NDArray[np.floating]) -> None:
    """Write names at their places, moved where they would cover each other or few points."""
    from adjustText import adjust_text
    from matplotlib.patheffects import Stroke

    texts: list[Text] = []
    taken: list[tuple[float, float]] = []
    ax.figure.canvas.draw()
    once = {_short(name.text): name for name in reversed(names[:MOST_NAMES])}
    for short, name in reversed(once.items()):
        text = say(
            ax,
            name.place[0],
            name.place[1],
            short,
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
    if texts:
        few = points if len(points) <= AVOIDED else points[:0]
        adjust_text(
            texts,
            x=few[:, 0],
            y=few[:, 1],
            ax=ax,
            ensure_inside_axes=True,
            expand=(1.05, 1.25),
            force_text=(0.25, 0.4),
            iter_lim=250,  # not a time: the same map is the same figure
            min_arrow_len=12,
            arrowprops={"arrowstyle": "-", "color": SOFT, "lw": 0.6, "zorder": 4},
        )
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


def _short(text: str) -> str:
    """Leave out of a name as many of its members as it takes."""
    while len(text) > LONGEST and ", " in text:
        text = text.rpartition(", ")[0]
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


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


def quality_text(quality: Mapping[str, Any] | None) -> str:
    """Say what a picture keeps, given ``k``, ``kept`` and ``trustworthiness``."""
    if quality is None:
        return "what it keeps was not measured"
    kept = 100 * float(quality["kept"])
    share = f"{kept:.0f}" if kept >= 9.5 else f"{kept:.1f}"
    return (
        f"keeps {share} % of each point's {quality['k']} nearest neighbours, trustworthiness "
        f"{quality['trustworthiness']:.3f}"
    )
