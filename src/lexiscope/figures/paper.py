"""Paper: the sheet that figures are drawn on, its type and its colours."""

from __future__ import annotations

import colorsys
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from lexiscope.figures.sheet import Sheet

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
# Dots an inch: in a notebook, of a file unless it is saved with others, and in print.
SCREEN, DOTS, PRINT = 120, 150, 300
# Fonts that have what the first lacks, where they are installed.
FONTS = (
    "DejaVu Sans",
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "Hiragino Sans", "Yu Gothic"),
    *("Microsoft YaHei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS"),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai"),
    *("Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Symbols2"),
)
# Fonts that have a box for every letter, or letters at the places of others.
BOXES = re.compile(
    r"last ?resort|fallback|blank|emoji|^cm(r|ss|tt|b|mi|sy|ex)|nonuni|stixsize", re.I
)
USUAL = {("normal", "normal", weight) for weight in ("400", "normal", "regular")}


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


def sheet(width: float, room: float, title: str, caption: str = "", of: str = "") -> Sheet:
    """Return a figure that has but its title and caption; see `lexiscope.figures.sheet.Sheet`."""
    from lexiscope.figures.sheet import Sheet

    with styled():
        return Sheet(width, room, title, caption, of)


def subject(model: str, space: str, layers: Sequence[int | None] = ()) -> str:
    """Say what a figure is of: the model, the space and its layers, as far as they are known.

    Examples
    --------
    >>> subject("org/bert", "context", range(7))
    'org/bert: context, layers 0 to 6'
    """
    there = sorted({layer for layer in layers if layer is not None})
    at = ""
    if there:
        at = f"layers {there[0]} to {there[-1]}" if len(there) > 1 else f"layer {there[0]}"
    where = ", ".join(each for each in (space.replace("_", " "), at) if each)
    return ": ".join(each for each in (model, where) if each)


def say(on: Figure | Axes, x: float, y: float, text: str, **how: Any) -> Text:
    """Write text as it is: no formulas in it, no letter that no font has."""
    return on.text(x, y, drawable(text), parse_math=False, family=families(text), **how)


def wrapped(text: str, wide: float, size: float) -> list[str]:
    """Break a text into lines of at most so many inches, as `say` writes it; in our style only."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    prop = FontProperties(family=families(text), size=size)
    # Pixels round a letter's width, so that a line is longer at some resolutions.
    renderers = [(RendererAgg(1, 1, dots), dots) for dots in (SCREEN, DOTS, PRINT)]

    def length(line: str) -> float:
        widths = (
            each.get_text_width_height_descent(line, prop, False)[0] / dots
            for each, dots in renderers
        )
        return float(max(widths))

    lines: list[str] = []
    for word in drawable(text).split():
        if lines and length(f"{lines[-1]} {word}") <= wide:
            lines[-1] += f" {word}"
            continue
        while length(word) > wide and len(word) > 1:  # no line has room for all of it
            most = next(
                n for n in range(len(word) - 1, 0, -1) if n == 1 or length(word[:n]) <= wide
            )
            lines.append(word[:most])
            word = word[most:]
        lines.append(word)
    return lines


def name_rows(ax: Axes, places: Iterable[float], names: Sequence[str]) -> None:
    """Write names at places of the y axis, as `say` does."""
    ax.set_yticks(list(places), [drawable(name) for name in names])
    for tick, name in zip(ax.get_yticklabels(), names, strict=True):
        tick.set(family=families(name), parse_math=False)
    ax.tick_params(axis="y", length=0)


def category(number: int) -> str:
    """Return the colour of a category, the most frequent being 0."""
    if number < len(DISTINCT):
        return DISTINCT[number]
    lightness = (0.52, 0.64, 0.42)[number % 3]
    red, green, blue = colorsys.hls_to_rgb(number * 137.508 % 360 / 360, lightness, 0.55)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def drawable(text: str) -> str:
    """Return a text in one line, each letter that no font here has as its number, U+4E1C."""
    one_line = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return "".join(
        " ".join(f"U+{ord(c):04X}" for c in run) if lacking else "".join(run)
        for lacking, run in groupby(one_line, _lacking)
    )


def families(text: str) -> list[str]:
    """Return the fonts that a text is written in: ours, then others that have what those lack."""
    ours, known = _fonts()
    others = (_others().get(ord(c)) for c in text if c != "\n" and ord(c) not in known)
    return [*ours, *dict.fromkeys(each for each in others if each)]


def noted(caption: str, written: Iterable[str]) -> str:
    """Add to a caption what stands for letters that no font here has, if there are such."""
    if not any(_lacking(c) for text in written for c in "".join(text.split())):
        return caption
    return f"{caption} U+ and a number: a character that no font here has."


def _lacking(letter: str) -> bool:
    if letter == "\n" or ord(letter) in _fonts()[1]:
        return False
    return ord(letter) not in _others()


def number(value: float) -> str:
    """Write a number as a person would: 0.743, 30,521."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")


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


@lru_cache(maxsize=1)
def _others() -> dict[int, str]:
    """Return which font has a letter that those of `FONTS` lack; asked for only then."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    ours, known = _fonts()
    found: dict[int, str] = {}
    for entry in sorted(fontManager.ttflist, key=lambda entry: (entry.name, entry.fname)):
        usual = (entry.style, entry.stretch, str(entry.weight)) in USUAL
        if not usual or entry.name in ours or BOXES.search(entry.name):
            continue
        try:
            letters = FT2Font(entry.fname).get_charmap()
        except (OSError, RuntimeError):  # of a kind that matplotlib cannot draw
            continue
        for letter in letters:
            if letter not in known:
                found.setdefault(letter, entry.name)
    return found
