"""Still: the picture that stands in a saved notebook in place of the page."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.atlas import Atlas

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

INCHES = 8.0
DPI = 120
# A notebook keeps every picture in its file: with so many colours one takes a quarter of the room.
COLORS = 96
# So many colours of points are kept as they are; more are a scale, which a few of them stand for.
CATEGORIES = 64
ROUNDED = 2


def still(atlas: Atlas, space: str, layer: int | None, id: str, color: str, name: str) -> str:
    """Draw a projection of an atlas, as an element of HTML.

    Parameters
    ----------
    atlas : Atlas
    space : str
    layer : int or None
    id : str
        The projection's.
    color : str
        A column of the points; what is none of them leaves it to the figure.
    name : str
        What the widget finds the element by.
    """
    from PIL import Image

    made = atlas.projection(space, id, layer)
    column = color if color in atlas[space].points.column_names else None
    figure = made.figure(color=column, width=INCHES)
    with io.BytesIO() as drawn, io.BytesIO() as file:
        figure.savefig(drawn, format="png", dpi=DPI)
        picture = Image.open(drawn).convert("RGB")
        reduced(picture, kept_colors(figure)).save(file, "png", optimize=True)
        png = base64.b64encode(file.getvalue()).decode()
    return (
        f'<img data-lexiscope="{name}" alt="{escape(f"Map of {made.subject}: {id}")}" '
        f'style="width:{INCHES * 100:.0f}px; max-width:100%" src="data:image/png;base64,{png}">'
    )


def kept_colors(figure: Figure) -> NDArray[np.uint8]:
    """Return the colours of a map's categories, in the legend and as points on white, (n, 3)."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgb

    legend = {to_rgb(each.get_color()) for each in figure.texts}
    drawn: set[tuple[float, ...]] = set()
    for points in figure.findobj(PathCollection):
        drawn |= {tuple(each) for each in np.asarray(points.get_facecolor())}
    if len(drawn) > CATEGORIES:
        drawn = set()
    on_white = {tuple(1 - each[3] * (1 - value) for value in each[:3]) for each in drawn}
    colors = np.array(sorted({(1.0, 1.0, 1.0)} | legend | on_white))
    return np.unique(np.round(255 * colors), axis=0).astype(np.uint8)


def reduced(picture: Image, kept: NDArray[np.uint8]) -> Image:
    """Return a picture with few colours: those to be kept as they are, others as they fit best.

    Parameters
    ----------
    picture : PIL.Image.Image
        In RGB.
    kept : ndarray of shape (n_colors, 3), uint8
        Of the picture's, or as near as rounding leaves them; at most 255.

    Returns
    -------
    PIL.Image.Image
        With a palette of `COLORS`, or of the kept ones and a third of that.
    """
    from PIL import Image

    pixels = np.asarray(picture)
    found, where, counts = np.unique(_coded(pixels), return_inverse=True, return_counts=True)
    colors = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.uint8)
    # Where colours are blended they are rounded in other ways than here.
    apart: NDArray[np.int64] = np.abs(kept[:, None].astype(np.int64) - colors).max(axis=2)
    near = apart <= ROUNDED
    kept = np.unique(colors[np.argmax(near * counts, axis=1)[near.any(axis=1)]], axis=0)
    others = pixels[~np.isin(_coded(pixels), _coded(kept))]
    palette = kept
    if len(others):
        room = min(256 - len(kept), max(COLORS - len(kept), COLORS // 3))
        fitted: Any = Image.fromarray(others[None]).quantize(room).getpalette()
        palette = np.vstack([kept, np.array(fitted, dtype=np.uint8).reshape(-1, 3)[:room]])
    wide = palette.astype(np.int32)
    nearest = np.concatenate(
        [
            ((part[:, None].astype(np.int32) - wide) ** 2).sum(axis=2).argmin(axis=1)
            for part in np.array_split(colors, 1 + len(colors) // 4096)
        ]
    )
    made = Image.fromarray(nearest[where].reshape(pixels.shape[:2]).astype(np.uint8))
    made.putpalette(palette.tobytes())
    return made


def _coded(colors: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return colours as one number each."""
    parts = colors.astype(np.int64)
    coded: NDArray[np.int64] = parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]
    return coded
