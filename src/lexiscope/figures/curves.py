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
    families,
    noted,
    number,
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
    of: str = "",
    columns: int = COLUMNS,
    width: float = 7.0,
) -> Figure:
    """Draw small charts over the layers, with one legend for all.

    Parameters
    ----------
    title, caption : str
    layers : sequence of int
    panels : sequence of Panel
    of : str
        The model, the space and its layers.
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
    several = len({curve.name for panel in panels for curve in panel.curves}) > 1
    tall, between, above = (1.4 if columns < 3 else 1.05), 0.5, 0.5 if several else 0.25
    wide = (width - 0.55 - 0.55 * (columns - 1)) / columns
    room = 0.42 + rows * tall + (rows - 1) * between + above
    with styled():
        figure = sheet(width, room, title, noted(caption, [each.title for each in panels]), of)
        handles: dict[str, Any] = {}
        for n, panel in enumerate(panels):
            row, column = divmod(n, columns)
            low = 0.42 + (rows - 1 - row) * (tall + between)
            ax = figure.plot(0.45 + column * (wide + 0.55), low, wide, tall)
            handles |= _panel(ax, layers, panel)
            if n + columns >= len(panels):
                ax.set_xlabel("layer")
        if several:
            figure.legend(
                handles.values(),
                [drawable(name) for name in handles],
                loc="upper left",
                bbox_to_anchor=figure.place(0.06, room + 0.04),
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
    ax.set_title(drawable(panel.title), fontsize=7.5, family=families(panel.title))
    ax.set_xticks(list(layers)[:: max(1, len(layers) // 7)])
    ax.set_xlim(min(layers) - 0.3, max(layers) + 0.3)
    if panel.limits:
        ax.set_ylim(*panel.limits)
    ax.locator_params(axis="y", nbins=4)
    return handles


def senses_figure(found: Sequence[Mapping[str, Any]], *, of: str = "") -> Figure:
    """Draw how well the senses of each word are told apart, by layer, beside chance."""
    panels = [
        Panel(
            f"{each['word']} ({len(each['senses'])} senses, {each['n']})"
            # Of what an older atlas keeps none is unsure.
            + (" (?)" if each.get("unsure") else ""),
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
    if any(each.get("unsure") for each in found):
        caption += " (?): whether the senses lie apart is unsure."
    columns = COLUMNS if len(panels) > 2 else len(panels)
    title, layers = "At which layer do senses part?", found[0]["layers"]
    return panels_figure(title, caption, layers, panels, of=of, columns=columns)


def senses_overall_figure(found: Mapping[str, Any], *, of: str = "") -> Figure:
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
    bands = {"neighbor_accuracy": "", "centroid_accuracy": "centroid"}
    panels = []
    for key, name in named.items():
        if found.get(key) is None:
            continue
        curves = [Curve("mean over words", found[key], band=_band(found, bands.get(key, key)))]
        if levels.get(key) is not None:
            curves.append(Curve("senses shuffled", _by_layer(levels[key], layers), SOFT, "--"))
        most = found["majority"] if key.endswith("accuracy") else always.get(key)
        if most is not None:
            curves.append(Curve("always the commonest", _by_layer(most, layers), GOLD, ":"))
        panels.append(Panel(name, tuple(curves)))
    caption = f"Means over {found['words']} words, {found['n']:,} occurrences, with 95 % intervals."
    return panels_figure("Senses by layer", caption, layers, panels, of=of, columns=3)


def contextuality_figure(found: Mapping[str, Any], *, of: str = "") -> Figure:
    """Draw how much words depend on their text, raw and beyond what any two words share."""
    panels, said = [], []
    for key, title, what, beside in (
        (
            "self_similarity",
            "occurrences of one word",
            "mean cosine similarity of occurrences of one word",
            "anisotropy",
        ),
        (
            "intra_sentence",
            "words of one text",
            "that of the words of a text with their mean",
            None,
        ),
        (
            "mev",
            "variance one direction explains",
            "the share of a word's variance along one direction",
            "mev_baseline",
        ),
    ):
        if all(value is None for value in found[key]):
            continue
        chance = [Curve("two different words", found[beside], SOFT, "--")] if beside else []
        adjusted = found[f"{key}_adjusted"]
        curves = (
            Curve("raw", found[key], DISTINCT[0]),
            Curve("adjusted for anisotropy", adjusted, band=_band(found, key)),
            *chance,
        )
        panels.append(Panel(title, curves))
        said.append(what)
    over = "words, or texts" if any("text" in what for what in said) else "words"
    caption = (
        f"{found['words']} words, {found['n']:,} occurrences (Ethayarajh 2019): "
        f"{_listing(said)}. Bands: 95 % intervals over {over}."
    )
    layers = found["layers"]
    return panels_figure("How contextual?", caption, layers, panels, of=of, columns=3)


def geometry_figure(found: Mapping[str, Any], *, of: str = "") -> Figure:
    """Draw how the layers fill their dimensions; of a table one dot each."""
    named = {
        "mean_cosine": "mean cosine of pairs",
        "isoscore": "IsoScore",
        "partition_ratio": "partition-function ratio",
        "participation_ratio": "participation ratio",
        "intrinsic_dimension": "intrinsic dimension",
        "top_share": "cosine in its 3 top dimensions",
    }
    bands = {"intrinsic_dimension": "intrinsic"}
    layers = [0 if each is None else each for each in found["layers"]]
    panels = []
    for key, name in named.items():
        band = _band(found, bands.get(key, key))
        panels.append(Panel(name, (Curve("", found[key], band=band),)))
    caption = (
        f"{found['n']:,} points of {found['dimensions']} dimensions. Evenly spread they would have "
        "a mean cosine of 0, an IsoScore and a partition-function ratio of 1, and a participation "
        f"ratio of {found['participation_even']:.3g}. With 95 % intervals."
    )
    title = "How is the space filled?"
    if found["layers"] == [None]:
        return _listed(title, caption, panels, of)
    return panels_figure(title, caption, layers, panels, of=of, columns=3)


def _listed(
    title: str, caption: str, panels: Sequence[Panel], of: str, width: float = 5.0
) -> Figure:
    """Write the figures of a table, of which a curve would be one dot."""
    with styled():
        room = 0.1 + 0.24 * len(panels)
        figure = sheet(width, room, title, caption, of)
        for row, panel in enumerate(panels):
            left, y = figure.place(0.15, room - 0.1 - 0.24 * (row + 0.5))
            (curve,) = panel.curves
            value = curve.values[0]
            say(figure, left, y, panel.title, va="center")
            text = "–" if value is None else number(float(f"{value:.3g}"))
            say(figure, 0.6, y, text, va="center", ha="right", fontweight="bold")
            low, high = (each[0] for each in curve.band) if curve.band else (None, None)
            if low is not None and high is not None:
                interval = " to ".join(number(float(f"{each:.3g}")) for each in (low, high))
                say(figure, 0.64, y, interval, va="center", color=SOFT)
        return figure


def _band(found: Mapping[str, Any], key: str) -> tuple[Values, Values] | None:
    """Return the interval of what was measured by layer, where there is one."""
    low, high = (found.get(f"{key}_{end}".lstrip("_")) for end in ("low", "high"))
    return (low, high) if low and high else None


def _listing(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def _by_layer(value: Any, layers: Sequence[int]) -> Values:
    return list(value) if isinstance(value, Sequence) else [value] * len(layers)
