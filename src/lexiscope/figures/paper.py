"""Paper: the sheet that figures are drawn on, its type and its colours."""

from __future__ import annotations

import colorsys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# The page's colours: eight that stay apart for colour-blind eyes (Okabe & Ito 2008, its yellow and
# black replaced), then hues a golden angle apart.
DISTINCT = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7"),
    *("#d55e00", "#56b4e9", "#8c6bb1", "#a3a500"),
)
INK, SOFT, LINE, MISSING, ACCENT = "#1c2321", "#5b6462", "#d5dbd9", "#babcc0", "#0b6e66"
SIZE = 8.0
INCH = 72.0
# Letters of this size that stand beside each other in an inch, on average.
LETTERS = 18.0
# Fonts that have what the first lacks, where they are installed.
FONTS = (
    "DejaVu Sans",
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "Hiragino Sans", "Yu Gothic"),
    *("Microsoft YaHei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS"),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai"),
    *("Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Symbols2"),
)
LACKING = "\u25a1"


@contextmanager
def styled() -> Iterator[None]:
    """Draw in our style, whatever the person has set for figures of their own."""
    import matplotlib

    settings = {
        **matplotlib.rcParamsDefault,
        "backend": matplotlib.rcParams["backend"],
        "font.family": list(_fonts()[0]),
        "font.size": SIZE,
        "axes.edgecolor": LINE,
        "axes.labelcolor": SOFT,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": SIZE,
        "axes.titleweight": "bold",
        "legend.frameon": False,
        "legend.fontsize": SIZE - 0.5,
        "lines.linewidth": 1.6,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": LINE,
        "ytick.color": LINE,
        "xtick.labelcolor": SOFT,
        "ytick.labelcolor": SOFT,
        "svg.fonttype": "none",
        "svg.hashsalt": "lexiscope",
        "pdf.fonttype": 42,
    }
    import warnings

    with warnings.catch_warnings():
        # Settings that a newer matplotlib gives up stand among its defaults.
        warnings.simplefilter("ignore")
        with matplotlib.rc_context():
            matplotlib.rcParams.update(settings)
            yield


def sheet(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that belongs to no window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=150, facecolor="white")
    FigureCanvasAgg(made)
    return made


def heading(figure: Figure, title: str, caption: str = "") -> tuple[float, float]:
    """Write a title above and a caption below; return the free height, as shares from below."""
    width, height = figure.get_size_inches()
    margin = 0.12
    say(
        figure,
        margin / width,
        1 - margin / height,
        title,
        ha="left",
        va="top",
        fontsize=SIZE + 2,
        fontweight="bold",
    )
    lines = textwrap.wrap(caption, max(30, round((width - 2 * margin) * LETTERS)))
    say(
        figure,
        margin / width,
        margin / height,
        "\n".join(lines),
        ha="left",
        va="bottom",
        fontsize=SIZE - 0.5,
        color=SOFT,
        linespacing=1.35,
    )
    low = margin + len(lines) * 1.4 * (SIZE - 0.5) / INCH + 0.08
    return low / height, 1 - (margin + 1.6 * (SIZE + 2) / INCH) / height


def say(on: Figure | Axes, x: float, y: float, text: str, **how: Any) -> Text:
    """Write text as it is: no formulas in it, no letter that no font has."""
    return on.text(x, y, drawable(text), parse_math=False, **how)


def category(number: int) -> str:
    """Return the colour of a category, the most frequent being 0."""
    if number < len(DISTINCT):
        return DISTINCT[number]
    lightness = (0.52, 0.64, 0.42)[number % 3]
    red, green, blue = colorsys.hls_to_rgb(number * 137.508 % 360 / 360, lightness, 0.55)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def drawable(text: str) -> str:
    """Return a text in one line, with a box for each letter that no font here has."""
    known = _fonts()[1]
    one_line = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return "".join(c if c == "\n" or ord(c) in known else LACKING for c in one_line)


def shares(values: Sequence[float | None]) -> list[float]:
    """Return numbers for a curve, with gaps where there are none."""
    return [float("nan") if value is None else value for value in values]


@lru_cache(maxsize=1)
def _fonts() -> tuple[tuple[str, ...], frozenset[int]]:
    """Return the fonts of `FONTS` that are installed, and all letters that they have."""
    from matplotlib.font_manager import fontManager, get_font

    there = {entry.name: entry.fname for entry in reversed(fontManager.ttflist)}
    names = tuple(name for name in FONTS if name in there)
    letters: set[int] = set()
    for name in names:
        letters |= set(get_font(there[name]).get_charmap())
    return names, frozenset(letters)
