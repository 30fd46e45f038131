"""Curves: what changes from layer to layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lexiscope.figures.paper import (
    ACCENT,
    DISTINCT,
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

Values = Sequence[float | None]
GOLD = DISTINCT[1]
COLUMNS = 4


@dataclass(frozen=True)
class Curve:
    """One line: what it is, its values by layer, and its interval where it has one."""

    name: str
    values: Values
    color: str = ACCENT
    style: str = "-"
    band: tuple[Values, Values] | None = None


@dataclass(frozen=True)
class Panel:
    """One small chart."""

    title: str
    curves: tuple[Curve, ...]
    limits: tuple[float, float] | None = None


def panels_figure(
    title: str,
    caption: str,
    layers: Sequence[int],
    panels: Sequence[Panel],
    *,
    columns: int = COLUMNS,
    width: float = 7.0,
) -> Figure:
    """Draw small charts over the layers, with one legend for all.

    Parameters
    ----------
    title, caption : str
    layers : sequence of int
    panels : sequence of Panel
    columns : int
        Charts in a row, at most.
    width : float
        Inches.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    with styled():
        height = 1.25 + 0.16 * (1 + len(caption) // 100) + rows * (1.9 if columns < 3 else 1.55)
        figure = sheet(width, height)
        low, high = heading(figure, title, caption)
        base, top = low + 0.42 / height, high - 0.5 / height
        gap = (0.55 / width, 0.5 / height)
        wide = (1 - 0.55 / width - 0.1 / width - (columns - 1) * gap[0]) / columns
        tall = (top - base - (rows - 1) * gap[1]) / rows
        handles: dict[str, Any] = {}
        for number, panel in enumerate(panels):
            row, column = divmod(number, columns)
            box = (
                0.45 / width + column * (wide + gap[0]),
                top - (row + 1) * tall - row * gap[1],
                wide,
                tall,
            )
            ax = figure.add_axes(box)
            handles |= _panel(ax, layers, panel)
            if number + columns >= len(panels):
                ax.set_xlabel("layer")
        if len(handles) > 1:
            figure.legend(
                handles.values(),
                [drawable(name) for name in handles],
                loc="upper left",
                bbox_to_anchor=(0.06 / width, high + 0.02 / height),
                ncols=5,
                columnspacing=1.2,
                handlelength=1.6,
            )
        return figure


def _panel(ax: Axes, layers: Sequence[int], panel: Panel) -> dict[str, Any]:
    handles = {}
    for curve in panel.curves:
        values = shares(curve.values)
        if curve.band:
            low, high = (np.array(shares(each)) for each in curve.band)
            ax.fill_between(layers, low, high, color=curve.color, alpha=0.18, lw=0)
        marker = "o" if curve.style == "-" else ""
        (handles[curve.name],) = ax.plot(
            layers, values, curve.style, color=curve.color, marker=marker, ms=3
        )
    ax.set_title(drawable(panel.title), fontsize=7.5)
    ax.set_xticks(list(layers)[:: max(1, len(layers) // 7)])
    ax.set_xlim(min(layers) - 0.3, max(layers) + 0.3)
    if panel.limits:
        ax.set_ylim(*panel.limits)
    ax.locator_params(axis="y", nbins=4)
    return handles


def senses_figure(found: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw how well the senses of each word are told apart, by layer, beside chance."""
    panels = [
        Panel(
            f"{each['word']} ({len(each['senses'])} senses, {each['n']})",
            (
                Curve("nearest neighbour", each["neighbor_accuracy"]),
                Curve("nearest centroid", each["centroid_accuracy"], DISTINCT[0]),
                Curve("senses shuffled", each["shuffled"]["neighbor_accuracy"], SOFT, "--"),
                Curve("always the commonest", [each["majority"]] * len(each["layers"]), GOLD, ":"),
            ),
            (0, 1.03),
        )
        for each in found
    ]
    caption = (
        "Share of occurrences given the right sense: that of the nearest other occurrence, or of "
        "the sense's centroid; in brackets the senses and the occurrences."
    )
    columns = COLUMNS if len(panels) > 2 else len(panels)
    return panels_figure(
        "At which layer do senses part?", caption, found[0]["layers"], panels, columns=columns
    )


def senses_overall_figure(found: Mapping[str, Any]) -> Figure:
    """Draw the means over all words, with their intervals."""
    layers = found["layers"]
    levels = found.get("shuffled_levels") or {"neighbor_accuracy": found["shuffled"]}
    always = found.get("always_majority") or {}
    named = {
        "neighbor_accuracy": "nearest neighbour",
        "centroid_accuracy": "nearest centroid",
        "macro_f1": "macro F1",
        "silhouette": "silhouette",
        "ami": "adjusted mutual information",
    }
    bands = {
        "neighbor_accuracy": ("low", "high"),
        "centroid_accuracy": ("centroid_low", "centroid_high"),
    }
    panels = []
    for key, name in named.items():
        if found.get(key) is None:
            continue
        low, high = bands.get(key, (f"{key}_low", f"{key}_high"))
        band = (found[low], found[high]) if found.get(low) and found.get(high) else None
        curves = [Curve("mean over words", found[key], band=band)]
        if levels.get(key) is not None:
            curves.append(Curve("senses shuffled", _by_layer(levels[key], layers), SOFT, "--"))
        most = found["majority"] if key.endswith("accuracy") else always.get(key)
        if most is not None:
            curves.append(Curve("always the commonest", _by_layer(most, layers), GOLD, ":"))
        panels.append(Panel(name, tuple(curves)))
    caption = f"Means over {found['words']} words, {found['n']:,} occurrences, with 95 % intervals."
    return panels_figure("Senses by layer", caption, layers, panels, columns=3)


def contextuality_figure(found: Mapping[str, Any]) -> Figure:
    """Draw how much words depend on their text, raw and beyond what any two words share."""
    adjusted = (found["self_similarity_low"], found["self_similarity_high"])
    panels = [
        Panel(
            "occurrences of one word",
            (
                Curve("raw", found["self_similarity"], DISTINCT[0]),
                Curve("adjusted for anisotropy", found["self_similarity_adjusted"], band=adjusted),
                Curve("two different words", found["anisotropy"], SOFT, "--"),
            ),
        ),
        Panel(
            "words of one text",
            (
                Curve("raw", found["intra_sentence"], DISTINCT[0]),
                Curve("adjusted for anisotropy", found["intra_sentence_adjusted"]),
            ),
        ),
        Panel(
            "variance one direction explains",
            (
                Curve("raw", found["mev"], DISTINCT[0]),
                Curve("adjusted for anisotropy", found["mev_adjusted"]),
                Curve("two different words", found["mev_baseline"], SOFT, "--"),
            ),
        ),
    ]
    panels = [each for each in panels if any(v is not None for v in each.curves[0].values)]
    caption = (
        f"{found['words']} words, {found['n']:,} occurrences (Ethayarajh 2019): mean cosine "
        "similarity of occurrences of one word, of the words of a text with their mean, and the "
        "share of a word's variance along one direction. Band: 95 % interval over words."
    )
    return panels_figure("How contextual?", caption, found["layers"], panels, columns=3)


def geometry_figure(found: Mapping[str, Any]) -> Figure:
    """Draw how the layers fill their dimensions; of a table one dot each."""
    named = {
        "mean_cosine": "mean cosine of pairs",
        "isoscore": "IsoScore",
        "partition_ratio": "partition-function ratio",
        "participation_ratio": "participation ratio",
        "intrinsic_dimension": "intrinsic dimension",
        "top_share": "cosine in its 3 top dimensions",
    }
    bands = {"intrinsic_dimension": ("intrinsic_low", "intrinsic_high")}
    layers = [0 if each is None else each for each in found["layers"]]
    panels = []
    for key, name in named.items():
        low, high = bands.get(key, (f"{key}_low", f"{key}_high"))
        band = (found[low], found[high]) if found.get(low) and found.get(high) else None
        panels.append(Panel(name, (Curve(name, found[key], band=band),)))
    caption = (
        f"{found['n']:,} points of {found['dimensions']} dimensions. Evenly spread they would have "
        "a mean cosine of 0, an IsoScore and a partition-function ratio of 1, and a participation "
        f"ratio of {found['participation_even']:.3g}. With 95 % intervals."
    )
    title = "How is the space filled?"
    if found["layers"] == [None]:
        return _listed(title, caption, [each.curves[0] for each in panels])
    figure = panels_figure(title, caption, layers, panels, columns=3)
    figure.legends.clear()  # every chart has its title
    return figure


def _listed(title: str, caption: str, rows: Sequence[Curve], width: float = 5.0) -> Figure:
    """Write the figures of a table, of which a curve would be one dot."""
    with styled():
        height = 1.2 + 0.24 * len(rows)
        figure = sheet(width, height)
        _, high = heading(figure, title, caption)
        for number, row in enumerate(rows):
            y = high - (0.2 + 0.24 * number) / height
            value = row.values[0]
            say(figure, 0.03, y, row.name, va="center")
            text = "–" if value is None else f"{value:,.3g}"
            say(figure, 0.6, y, text, va="center", ha="right", fontweight="bold")
            if row.band and row.band[0][0] is not None and row.band[1][0] is not None:
                interval = f"{row.band[0][0]:,.3g} to {row.band[1][0]:,.3g}"
                say(figure, 0.64, y, interval, va="center", color=SOFT)
        return figure


def _by_layer(value: Any, layers: Sequence[int]) -> Values:
    return list(value) if isinstance(value, Sequence) else [value] * len(layers)
