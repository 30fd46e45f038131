"""Sheet: an empty figure with its title and caption, in inches, that belongs to no window."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lexiscope.figures.paper import DOTS, INCH, LETTERS, SCREEN, SIZE, SOFT, say, styled, wrapped

MARGIN = 0.12
GAP = 0.1
# Dates and versions left out: the same figure gives the same bytes.
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "lexiscope"},
    "svg": {"Date": None, "Creator": "lexiscope"},
    "pdf": {"CreationDate": None, "Creator": "lexiscope", "Producer": None},
}


class Sheet(Figure):
    """A matplotlib figure that shows itself in notebooks and is saved as the same bytes again.

    Parameters
    ----------
    width, room : float
        Inches: of the whole, and the height between heading and caption.
    title, caption : str
        Above and below, the caption in as many lines as it takes.
    of : str
        What is drawn: the model, the space and its layers. Stands under the title.
    """

    def __init__(
        self, width: float, room: float, title: str, caption: str = "", of: str = ""
    ) -> None:
        small = SIZE - 0.5
        lines = wrapped(caption, width - 2 * MARGIN, small)
        under = len(lines) * 1.4 * small / INCH + GAP
        above = 1.6 * (SIZE + 2) / INCH + (1.7 * SIZE / INCH if of else 0.0)
        height = room + 2 * MARGIN + above + under
        super().__init__(figsize=(width, height), dpi=DOTS, facecolor="white")
        FigureCanvasAgg(self)
        #: Inches from below to where the room begins, and its height.
        self.low, self.room = MARGIN + under, room
        left, top = MARGIN / width, 1 - MARGIN / height
        say(self, left, top, title, va="top", fontsize=SIZE + 2, fontweight="bold")
        if of:
            top -= 1.7 * (SIZE + 2) / INCH / height
            say(self, left, top, _within(of, width), va="top", color=SOFT)
        said = "\n".join(lines)
        low = MARGIN / height
        say(self, left, low, said, va="bottom", fontsize=small, color=SOFT, linespacing=1.35)

    def plot(self, left: float, low: float, wide: float, tall: float, **how: Any) -> Axes:
        """Add axes at a place of the room, in inches from its lower left."""
        width, height = self.get_size_inches()
        box = (left / width, (self.low + low) / height, wide / width, tall / height)
        return self.add_axes(box, **how)

    def place(self, left: float, low: float) -> tuple[float, float]:
        """Return a place of the room, in inches from its lower left, as shares of the figure."""
        width, height = self.get_size_inches()
        return left / width, (self.low + low) / height

    def draw(self, renderer: Any) -> None:
        """Draw it in our style: matplotlib makes ticks, and names of SVG's parts, only now."""
        with styled():
            super().draw(renderer)

    def savefig(self, fname: str | os.PathLike[str] | IO[Any], **kwargs: Any) -> None:
        """Save it as matplotlib does, without dates and versions unless they are given."""
        ending = Path(fname).suffix[1:] if isinstance(fname, str | os.PathLike) else ""
        format = str(kwargs.get("format") or ending or "png").lower()
        if format in METADATA:
            kwargs["metadata"] = METADATA[format] | (kwargs.get("metadata") or {})
        with styled():
            super().savefig(fname, **{"format": format, **kwargs})

    def _repr_png_(self) -> bytes:
        with io.BytesIO() as file:
            self.savefig(file, format="png", dpi=SCREEN)
            return file.getvalue()


def _within(of: str, width: float) -> str:
    """Shorten a long name in its middle, so that it fits in a line."""
    most = int((width - 2 * MARGIN) * 0.85 * LETTERS)
    return of if len(of) <= most else f"{of[: most // 2]}…{of[-(most // 2 - 1) :]}"
