"""Ranks: lengths, hubs and clusters, by how frequent or how large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lexiscope.figures.paper import (
    ACCENT,
    LINE,
    SOFT,
    drawable,
    heading,
    say,
    shares,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LISTED = 25


def norms_figure(found: Mapping[str, Any], width: float = 5.5) -> Figure:
    """Draw the length of the vectors against the tokens' rank."""
    with styled():
        figure = sheet(width, 3.4)
        caption = (
            f"{found['n']:,} tokens. Line: median; band: the middle half. Rank correlation "
            f"{_interval(found)}. The row in the vocabulary stands in for how rare a token is."
        )
        low, high = heading(figure, "Rank and length of the vector", caption)
        ax = figure.add_axes((0.11, low + 0.13, 0.86, high - low - 0.15))
        _banded(ax, found["bins"], "length of the vector")
        return figure


def hubs_figure(found: Mapping[str, Any], width: float = 7.0) -> Figure:
    """Draw how often points are among the neighbours of others, and that against their rank."""
    with styled():
        figure = sheet(width, 3.4)
        hubs = ", ".join(f"{each['label']} ({each['occurrences']:,})" for each in found["hubs"][:5])
        caption = (
            f"How often a point is among the {found['k']} nearest of others. Skewness "
            f"{_short(found['skewness'])}, {_short(found['chance_skewness'])} by chance; "
            f"{found['orphans']:,} are nobody's neighbour. Largest hubs: {hubs}. Rank correlation "
            f"{_interval(found)}."
        )
        low, high = heading(figure, "Hubs", caption)
        base, tall = low + 0.17, high - low - 0.2
        bars = figure.add_axes((0.11, base, 0.38, tall))
        rows = found["histogram"]
        names = [
            f"{row['occurrences_from']:,}"
            if row["occurrences_from"] == row["occurrences_to"]
            else f"{row['occurrences_from']:,}–{row['occurrences_to']:,}"
            for row in rows
        ]
        bars.bar(range(len(rows)), [row["points"] for row in rows], color=ACCENT, width=0.75)
        bars.set_xticks(range(len(rows)), names, rotation=40, ha="right", rotation_mode="anchor")
        bars.tick_params(axis="x", length=0, labelsize=6.5)
        bars.set_ylabel("points")
        bars.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        bars.set_title("how often among the neighbours")
        ax = figure.add_axes((0.6, base, 0.38, tall))
        ax.set_title("and by rank")
        _banded(ax, found["bins"], "how often")
        return figure


def clusters_figure(found: Mapping[str, Any], width: float = 6.0) -> Figure:
    """Draw the largest dense clusters with their names and how stable they are."""
    rows: Sequence[Mapping[str, Any]] = sorted(found["clusters"], key=lambda each: -each["size"])
    rows = rows[:LISTED]
    with styled():
        figure = sheet(width, 1.25 + 0.2 * len(rows))
        beside = ""
        if found["chance_found"] is not None:
            beside = f" ({found['chance_found']:,} where every dimension is shuffled)"
        caption = (
            f"{found['found']:,} dense clusters{beside} hold {found['clustered']:,} of "
            f"{found['n']:,} points; the {len(rows)} largest, each named by its members. At the "
            "right the stability: how much of it comes again in resamples, 0 to 1."
        )
        low, high = heading(figure, "Dense clusters", caption)
        low += 0.32 / figure.get_size_inches()[1]
        ax = figure.add_axes((0.42, low, 0.48, high - low))
        places = range(len(rows), 0, -1)
        sizes = [each["size"] for each in rows]
        ax.set_xscale("log")
        ax.set_xlim(0.8 * min(sizes, default=1), 1.9 * max(sizes, default=1))
        ax.hlines(places, 0, sizes, color=LINE, lw=0.8)
        ax.plot(sizes, places, "o", color=ACCENT, ms=5)
        ax.set_yticks(list(places), [_named(each["name"]) for each in rows])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(0.3, len(rows) + 0.7)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.set_xlabel("points (logarithmic)")
        say(ax, 1.14, len(rows) + 0.75, "stability", transform=ax.get_yaxis_transform(), ha="right")
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
                    1.14,
                    place,
                    f"{each['stability']:.2f}",
                    transform=ax.get_yaxis_transform(),
                    va="center",
                    ha="right",
                )
        return figure


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


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def _named(name: str) -> str:
    return drawable(name if len(name) <= 34 else f"{name[:33]}…")
