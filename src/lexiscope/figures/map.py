"""Map: a projection on paper, with names, a legend, and what it keeps."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.figures.colors import WIDE, Colors, legend, paints, told_apart
from lexiscope.figures.names import Name, write_names
from lexiscope.figures.paper import (
    LETTERS,
    LINE,
    category,
    drawable,
    families,
    noted,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A figure of more points holds them as a picture: as shapes it would be slow to open and to print.
RASTERED = 5000
MARGIN = 0.12


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
    colors = None if colors is None else told_apart(colors)
    n, dims = coordinates.shape
    with styled():
        wide = width - 2 * MARGIN - (WIDE if colors is not None else 0.0)
        spread = np.ptp(coordinates[:, :2], axis=0) if n else np.ones(2)
        ratio = float(np.clip(spread[1] / spread[0], 0.6, 1.0)) if spread[0] > 0 else 1.0
        tall = wide * (0.9 if dims == 3 else ratio)
        said = [each.text for each in names]
        said += [] if colors is None or colors.numeric else set(colors.values.tolist()) - {None}
        figure = sheet(width, tall, title, noted(caption, said))
        left, low, lines = MARGIN, 0.0, _lines(axes, dims, tall)
        if lines:
            low = 0.45
            left += 0.45 + 0.14 * lines[1].count("\n") + 0.14
        kind = "3d" if dims == 3 else None
        ax = figure.plot(left, low, wide + MARGIN - left, tall - low, projection=kind)
        area = float(np.clip(9000 / max(n, 1), 1.3, 26))
        _points(ax, coordinates, colors, area)
        _axes(ax, lines, dims)
        if colors is not None:
            legend(figure, colors, width - WIDE, tall)
        if names and dims == 2:
            write_names(figure, ax, names, coordinates, area)
        return figure


def _lines(axes: Axis | None, dims: int, tall: float) -> list[str]:
    """Return the names of the axes in as many lines as they take, none where they say nothing."""
    if axes is None or not axes.names:
        return []
    letters = max(12, int((tall - 0.45) * LETTERS * 0.85))
    names = [*axes.names, *[""] * dims][:dims]
    return ["\n".join(textwrap.wrap(drawable(name), letters)) for name in names]


def _points(
    ax: Axes, coordinates: NDArray[np.floating], colors: Colors | None, area: float
) -> None:
    n = len(coordinates)
    # Neither the first nor the last category lies above all others.
    order = np.random.default_rng(0).permutation(n)
    painted: Any = category(0)
    if colors is not None:
        painted = paints(colors)[order]
    drawing: Any = ax  # in three dimensions one that takes three
    drawing.scatter(
        *coordinates[order].T,
        s=area,
        c=painted,
        alpha=0.6 if n > RASTERED else 0.85,
        linewidths=0,
        rasterized=n > RASTERED,
    )


def _axes(ax: Axes, names: Sequence[str], dims: int) -> None:
    # Names and points at the edge stand within.
    ax.margins(0.04)
    ax.set_aspect("equal", adjustable="datalim" if dims == 2 else None)
    if names:
        setters = (ax.set_xlabel, ax.set_ylabel, getattr(ax, "set_zlabel", None))
        for setter, name in zip(setters, names, strict=False):
            if setter is not None:
                setter(name, parse_math=False, family=families(name))
        ax.locator_params(nbins=7)
        return
    # No ticks where the axes say nothing.
    ax.set_xticks([])
    ax.set_yticks([])
    if dims == 3:
        getattr(ax, "set_zticks", list)([])
        return
    for spine in ax.spines.values():
        spine.set(visible=True, color=LINE)


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
