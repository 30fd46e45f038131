"""Groups: how much of their own they have about them, all in one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lexiscope.figures.paper import (
    ACCENT,
    LINE,
    SIZE,
    SOFT,
    name_rows,
    noted,
    say,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST = 1e-4
# Where shares of nothing stand, left of all others.
NOTHING = 4e-5


def groups_figure(
    found: Sequence[Mapping[str, Any]], *, of: str = "", width: float = 7.0
) -> Figure:
    """Draw the share of each group beside chance, with its interval, on a logarithmic axis.

    Parameters
    ----------
    found : sequence of mapping
        Figures of ``group`` findings.
    of : str
        The model and the space.
    width : float
        Inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = sorted(found, key=lambda each: (each["share"] or 0.0, each["group"]))
    k, tests = rows[0]["k"], rows[0]["tests"]
    # Of what an older atlas keeps none is unsure.
    unsure = [bool(each.get("unsure")) for each in rows]
    doubt = ", half filled where that is unsure" if any(unsure) else ""
    with styled():
        caption = (
            f"Dot: mean share of a member's {k} nearest neighbours that are members too, with its "
            "95 % interval; filled where more than chance (permutation test, p < 0.05 corrected "
            f"for {tests} groups){doubt}. Tick: chance. At the right the number of members."
        )
        names = [each["group"] for each in rows]
        tall = 0.25 + 0.2 * len(rows)
        figure = sheet(width, tall + 0.3, "Which groups gather?", noted(caption, names), of)
        ax = figure.plot(1.55, 0.3, width - 2.2, tall)
        ax.set_xscale("log")
        ax.set_xlim(NOTHING / 1.6, 1.3)
        for y, each in enumerate(rows):
            share = max(each["share"] or 0.0, 0.0)
            place = share if share > 0 else NOTHING
            ax.axhline(y, color=LINE, lw=0.4, zorder=0)
            if share > 0 and each["low"] is not None and each["high"] is not None:
                ax.plot(
                    [max(each["low"], LEAST), max(each["high"], LEAST)], [y, y], color=ACCENT, lw=2
                )
            ax.plot(
                place,
                y,
                "o",
                ms=5,
                color=ACCENT,
                mfc=ACCENT if each["gathers"] or unsure[y] else "white",
                fillstyle="left" if unsure[y] else "full",
                markerfacecoloralt="white",
                zorder=3,
            )
            if each["chance"]:
                ax.plot(max(each["chance"], LEAST), y, "|", ms=8, mew=1.6, color=SOFT)
            say(
                ax,
                1.02,
                y,
                f"{each['n']:,}",
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=SIZE - 0.5,
                color=SOFT,
            )
        ax.axvline(LEAST / 1.4, color=LINE, ls=":", lw=1)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        name_rows(ax, range(len(rows)), names)
        ticks = {
            NOTHING: "0",
            1e-4: "0.01 %",
            1e-3: "0.1 %",
            1e-2: "1 %",
            0.1: "10 %",
            1.0: "100 %",
        }
        ax.set_xticks(list(ticks), list(ticks.values()))
        ax.minorticks_off()
        ax.spines["left"].set_visible(False)
        return figure
