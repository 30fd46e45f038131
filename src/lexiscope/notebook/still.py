"""Still: the picture that stands in a saved notebook in place of the page."""

from __future__ import annotations

import base64
import io
from html import escape

from lexiscope.atlas import Atlas

INCHES = 8.0
DPI = 120
# A notebook keeps every picture in its file: with so many colours one takes a quarter of the room.
COLORS = 96


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
        Image.open(drawn).convert("RGB").quantize(COLORS).save(file, "png")
        png = base64.b64encode(file.getvalue()).decode()
    where = space if layer is None else f"{space}, layer {layer}"
    return (
        f'<img data-lexiscope="{name}" alt="{escape(f"Map of {where}: {id}")}" '
        f'style="width:{INCHES * 100:.0f}px; max-width:100%" src="data:image/png;base64,{png}">'
    )
