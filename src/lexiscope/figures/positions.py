"""Positions: how alike they are, and where the row breaks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.figures.paper import ACCENT, DISTINCT, SOFT, say, shares, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = DISTINCT[4]


def positions_figure(found: Mapping[str, Any], *, of: str = "", width: float = 7.0) -> Figure:
    """Draw the heat map of all positions beside the curves of neighbours and lengths.

    Parameters
    ----------
    found : mapping
        Figures of a ``positions`` finding.
    of : str
        The model and the space.
    width : float
        Inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    first = int(found["first_row"])
    with styled():
        # Of what an older atlas keeps none is unsure.
        sure = [_named(each) for each in found["breaks"] if not each.get("unsure")]
        unsure = [_named(each) for each in found["breaks"] if each.get("unsure")]
        said = f"Shaded: the breaks, {' and '.join(sure)}." if sure else "There is no break."
        if unsure:
            said = said.replace("There is no break", "No break is sure")
            said += f" Shaded lightly: perhaps a break, {' and '.join(unsure)}."
        caption = (
            "Left: cosine similarity of every position with every other. Right: of each with the "
            "next, and the lengths of their vectors, whose axis leaves out the outermost 2 %. "
            + said
        )
        square, base = 2.45, 0.4
        figure = sheet(width, base + square + 0.25, "Positions", caption, of)
        heat = figure.plot(0.42, base, square, square)
        _heat_map(figure, heat, found["heatmap"], first)
        left, tall = 0.42 + square + 1.1, (square - 0.5) / 2
        alike = figure.plot(left, base + tall + 0.5, width - left - 0.15, tall)
        longs = figure.plot(left, base, width - left - 0.15, tall, sharex=alike)
        alike.set_title("cosine with the next position")
        alike.plot(first + np.arange(len(found["cosines"])), shares(found["cosines"]), color=ACCENT)
        alike.tick_params(labelbottom=False)
        longs.set_title("length of the vector")
        norms = np.array(shares(found["norms"]))
        longs.plot(first + np.arange(len(norms)), norms, color=DISTINCT[0])
        inner = np.nanpercentile(norms, [1, 99]) if np.isfinite(norms).any() else (0, 1)
        room = 0.15 * (inner[1] - inner[0]) or 1.0
        longs.set_ylim(inner[0] - room, inner[1] + room)
        longs.set_xlabel("position")
        for ax in (alike, longs):
            ax.locator_params(axis="y", nbins=4)
            for each in found["breaks"]:
                # A break that is one pair of rows would be a hair's breadth.
                ends = each["first"] - 1.5, each["last"] + 1.5
                ax.axvspan(*ends, color=BAND, alpha=0.12 if each.get("unsure") else 0.35, lw=0)
        return figure


def _named(found: Mapping[str, Any]) -> str:
    cosines = ", ".join(f"{value:.3f}" for value in found["cosines"] if value is not None)
    return f"{found['first']} to {found['last']} (cosines {cosines})"


def decoded(heat: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the cosines of an encoded matrix, (rows, rows)."""
    values = np.frombuffer(base64.b64decode(heat["values"]), dtype=np.uint8)
    scale = (heat["high"] - heat["low"]) / 255
    cosines: NDArray[np.float64] = heat["low"] + scale * values.astype(np.float64)
    return cosines.reshape(heat["rows"], heat["rows"])


def _heat_map(figure: Figure, ax: Axes, heat: Mapping[str, Any], first: int) -> None:
    matrix = decoded(heat)
    end = first + heat["rows"] * heat["block"]
    shown = ax.imshow(
        matrix,
        cmap="cividis",
        extent=(first, end, end, first),
        interpolation="nearest",
        vmin=heat["low"],
        vmax=heat["high"],
    )
    ax.set_title("cosine of all pairs")
    ax.locator_params(nbins=5)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(shown, ax=ax, fraction=0.046, pad=0.03, use_gridspec=False)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelcolor=SOFT)


def token_types_figure(found: Mapping[str, Any], *, of: str = "", width: float = 7.0) -> Figure:
    """Draw the lengths of the token types beside those of words, and their cosines.

    Parameters
    ----------
    found : mapping
        Figures of a ``token_types`` finding.
    of : str
        The model and the space.
    width : float
        Inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    n = int(found["n"])
    with styled():
        words = found["word_norm"]
        caption = "Left: lengths of the vectors" + (
            "; shaded the middle of the words' lengths, with their median." if words else "."
        )
        caption = f"{caption} Right: cosine similarity."
        figure = sheet(width, 1.95, "Token types", caption, of)
        bars = figure.plot(0.6, 0.3, 3.0, 1.35)
        bars.set_title("length")
        bars.bar(range(n), shares(found["norms"]), width=0.5, color=ACCENT)
        bars.set_xticks(range(n))
        if words:
            bars.axhspan(words["low"], words["high"], color=DISTINCT[0], alpha=0.15, lw=0)
            bars.axhline(words["median"], color=DISTINCT[0], lw=1)
        grid = figure.plot(4.4, 0.3, 1.35, 1.35)
        grid.set_title("cosine")
        cosines = np.array([shares(row) for row in found["cosines"]], dtype=float)
        grid.imshow(cosines.reshape(n, n), cmap="cividis", vmin=-1, vmax=1)
        grid.set_xticks(range(n))
        grid.set_yticks(range(n))
        for row in range(n):
            for column in range(n):
                value = cosines[row, column]
                dark = np.isfinite(value) and value < 0.4
                say(
                    grid,
                    column,
                    row,
                    f"{value:.2f}" if np.isfinite(value) else "–",
                    ha="center",
                    va="center",
                    color="white" if dark else "black",
                )
        grid.spines[:].set_visible(False)
        return figure
