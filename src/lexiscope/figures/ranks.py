"""Ranks: lengths, hubs and clusters, by how frequent or how large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lexiscope.figures.paper import (
    ACCENT,
    LINE,
    SOFT,
    name_rows,
    noted,
    say,
    shares,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

LISTED = 25
# Where the stability of a cluster ends, in widths of the plot.
RIGHT = 1.35


def norms_figure(found: Mapping[str, Any], *, of: str = "", width: float = 5.5) -> Figure:
    """Draw the length of the vectors against the tokens' rank."""
    with styled():
        caption = (
            f"{found['n']:,} tokens. Line: median; band: the middle half. Rank correlation "
            f"{_interval(found)}. The row in the vocabulary stands in for how rare a token is."
        )
        figure = sheet(width, 2.6, "Rank and length of the vector", caption, of)
        ax = figure.plot(0.6, 0.45, width - 0.9, 2.1)
        _banded(ax, found["bins"], "length of the vector")
        return figure


def hubs_figure(found: Mapping[str, Any], *, of: str = "", width: float = 7.0) -> Figure:
    """Draw how often points are among the neighbours of others, and that against their rank."""
    with styled():
        hubs = ", ".join(f"{each['label']} ({each['occurrences']:,})" for each in found["hubs"][:5])
        caption = (
            f"How often a point is among the {found['k']} nearest of others. Skewness "
            f"{_skewness(found)}, {_short(found['chance_skewness'])} by chance; "
            f"{found['orphans']:,} {'is' if found['orphans'] == 1 else 'are'} nobody's neighbour. "
            f"Largest hubs: {hubs}. Rank correlation "
            f"{_interval(found)}."
        )
        rows = found["histogram"]
        tall = 0.18 * max(len(rows), 9)
        figure = sheet(width, tall + 0.7, "Hubs", noted(caption, [hubs]), of)
        bars = figure.plot(0.75, 0.45, 2.2, tall)
        names = [
            f"{row['occurrences_from']:,}"
            if row["occurrences_from"] == row["occurrences_to"]
            else f"{row['occurrences_from']:,}–{row['occurrences_to']:,}"
            for row in rows
        ]
        points = [row["points"] for row in rows]
        drawn = bars.barh(range(len(rows)), points, color=ACCENT, height=0.72)
        # A bar of three points among thousands is not seen, its number is.
        bars.bar_label(drawn, [f"{each:,}" for each in points], padding=3, color=SOFT, fontsize=7)
        name_rows(bars, range(len(rows)), names)
        bars.set_xticks([])
        bars.spines["bottom"].set_visible(False)
        bars.set_xlabel("points")
        bars.set_title("how often among the neighbours")
        ax = figure.plot(4.15, 0.45, width - 4.45, tall)
        ax.set_title("and by rank")
        _banded(ax, found["bins"], "how often")
        return figure


def clusters_figure(found: Mapping[str, Any], *, of: str = "", width: float = 6.0) -> Figure:
    """Draw the largest dense clusters with their names and how stable they are."""
    rows: Sequence[Mapping[str, Any]] = sorted(found["clusters"], key=lambda each: -each["size"])
    rows = rows[:LISTED]
    with styled():
        beside = ""
        if found["chance_found"] is not None:
            beside = f" ({found['chance_found']:,} where every dimension is shuffled)"
        caption = (
            f"{found['found']:,} dense clusters{beside} hold {found['clustered']:,} of "
            f"{found['n']:,} points; the {len(rows)} largest, each named by its members. At the "
            "right the stability: how much of it comes again in resamples, 0 to 1, and half of its "
            "95 % interval."
        )
        # Of what an older atlas keeps none is unsure.
        doubtful = [bool(each.get("unsure")) for each in rows]
        if any(doubtful):
            caption += " Half filled: unsure, as the interval holds .6, the least there must be."
        names = [each["name"] for each in rows]
        tall = 0.2 * len(rows)
        figure = sheet(width, tall + 0.65, "Dense clusters", noted(caption, names), of)
        ax = figure.plot(0.42 * width, 0.45, 0.41 * width, tall)
        places = range(len(rows), 0, -1)
        sizes = [each["size"] for each in rows]
        ax.set_xscale("log")
        ax.set_xlim(0.8 * min(sizes, default=1), 1.9 * max(sizes, default=1))
        ax.hlines(places, 0, sizes, color=LINE, lw=0.8)
        for size, place, half in zip(sizes, places, doubtful, strict=True):
            fill = "left" if half else "full"
            ax.plot(size, place, "o", color=ACCENT, ms=5, fillstyle=fill, mfcalt="white")
        name_rows(ax, places, [name if len(name) <= 34 else f"{name[:33]}…" for name in names])
        ax.set_ylim(0.3, len(rows) + 0.7)
        _counted(ax.xaxis)
        ax.set_xlabel("points (logarithmic)")
        say(
            ax, RIGHT, len(rows) + 0.75, "stability", transform=ax.get_yaxis_transform(), ha="right"
        )
        for place, each in zip(places, rows, strict=True):
            ax.annotate(
                f"{each['size']:,}",
                (each["size"], place),
                (6, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=SOFT,
            )
            if each["stability"] is not None:
                say(
                    ax,
                    RIGHT,
                    place,
                    _give_or_take(each),
                    transform=ax.get_yaxis_transform(),
                    va="center",
                    ha="right",
                )
        return figure


def _give_or_take(cluster: Mapping[str, Any]) -> str:
    """Write a stability with half of its interval, where that is known."""
    if cluster.get("high") is None:
        return f"{cluster['stability']:.2f}"
    return f"{cluster['stability']:.2f} ± {(cluster['high'] - cluster['low']) / 2:.2f}"


def _counted(axis: Axis) -> None:
    """Write plain counts on a logarithmic axis, three at least, and nothing at its other ticks."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    low, high = axis.get_view_interval()
    # Within a decade or so the powers of ten are one tick, or none.
    subs = (1.0,) if high / low > 300 else (1.0, 3.0) if high / low > 30 else (1.0, 2.0, 3.0, 5.0)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def _banded(ax: Axes, bins: Sequence[Mapping[str, Any]], name: str) -> None:
    middle = [max(1.0, (each["from"] + each["to"]) / 2) for each in bins]
    low, median, high = (shares([each[key] for each in bins]) for key in ("low", "median", "high"))
    ax.fill_between(middle, low, high, color=ACCENT, alpha=0.18, lw=0)
    ax.plot(middle, median, color=ACCENT, marker="o", ms=3)
    ax.set_xlabel("rank in the vocabulary")
    ax.set_ylabel(name)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _interval(found: Mapping[str, Any]) -> str:
    if found["correlation"] is None:
        return "not measured"
    return (
        f"{_short(found['correlation'])} (95 % interval {_short(found['low'])} to "
        f"{_short(found['high'])})"
    )


def _skewness(found: Mapping[str, Any]) -> str:
    """Say it with its interval, which what an older atlas keeps does not have."""
    if found.get("skewness_low") is None:
        return _short(found["skewness"])
    value, low, high = (_short(found[f"skewness{end}"]) for end in ("", "_low", "_high"))
    if found["marked"]:  # of heavy tails the upper end is too low too often
        return f"{value} (at 97.5 % confidence at least {low})"
    doubt = ", so that marked hubs are unsure" if found["unsure"] else ""
    return f"{value} (95 % interval {low} to {high}{doubt})"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")
