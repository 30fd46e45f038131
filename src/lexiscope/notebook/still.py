"""Still: the picture that stands in a saved notebook, and in the cell until the page is there."""

from __future__ import annotations

import base64
import io
from html import escape

from lexiscope.atlas import Atlas
from lexiscope.notebook.address import Address

DPI = 100
SHAPE = 4 / 3


def still(atlas: Atlas, address: Address, height: int, name: str) -> str:
    """Draw what an address shows, as an element of HTML.

    Parameters
    ----------
    atlas : Atlas
    address : Address
        Of its first pane the space, layer and projection are drawn.
    height : int
        In pixels.
    name : str
        What the widget finds the element by.
    """
    from matplotlib.figure import Figure

    space, layer = address.get("s"), address.get("l")
    at = int(layer) if layer else None
    id = address.get("p") or next(iter(atlas.projections(space, at)))
    x, y = atlas.projection(space, id, at).coordinates.T[:2]
    figure = Figure(figsize=(height * SHAPE / DPI, height / DPI), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(x, y, s=max(1.0, 40 / len(x) ** 0.3), c="#3d7ea6", alpha=0.5, linewidths=0)
    axes.set_aspect("equal", "datalim")
    axes.set_axis_off()
    caption = f"{space}{f', layer {at}' if at is not None else ''}: {id}, {len(x):,} points"
    axes.set_title(caption, fontsize=10)
    with io.BytesIO() as file:
        figure.savefig(file, format="png")
        png = base64.b64encode(file.getvalue()).decode()
    return (
        f'<img data-lexiscope="{name}" alt="{escape(f"Map of {caption}")}" '
        f'style="max-width:100%" src="data:image/png;base64,{png}">'
    )
