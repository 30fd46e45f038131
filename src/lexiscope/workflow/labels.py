"""Labels: what the regions of a map are about."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.measure import region_names, regions
from lexiscope.space import Layer


def region_labels(
    atlas: Atlas, name: str, id: str, layer: int | None = None
) -> list[dict[str, Any]]:
    """Name the dense regions of a projection, at up to three levels of detail.

    Where the atlas keeps the clusters of the same vectors, a region that is mostly one of them
    has its name.

    Parameters
    ----------
    atlas : Atlas
    name : str
        Name of a space.
    id : str
        Of a projection.
    layer : int, optional
        By default the last.

    Returns
    -------
    list of dict
        ``text``; ``place``, the coordinates of a point in the densest spot; ``size``, the
        number of points; ``level``, 0 being the coarsest. Coarsest first, then by size; the
        same for the same map. None for fewer than 8 points, and for points that are only
        numbered.

    Raises
    ------
    LexiscopeError
        For a space or a projection that is not there.
    """
    coordinates = atlas.projection(name, id, layer).coordinates
    space = atlas[name]
    layer = space.resolve_layer(layer)
    if space.points["label"][0].as_py() == "#0":  # imported without a table
        return []
    found = regions(coordinates)
    names = region_names(found, space.points, space.matrices[layer], _clusters(atlas, name, layer))
    return [
        {
            "text": text,
            "place": region.place.tolist(),
            "size": len(region.members),
            "level": region.level,
        }
        for region, text in zip(found, names, strict=True)
    ]


def _clusters(atlas: Atlas, name: str, layer: Layer) -> list[tuple[str, NDArray[np.int64]]]:
    """Return the clusters that were found, by name; a map has names without them too."""
    try:
        findings = atlas.findings
    except LexiscopeError:  # a damaged report
        return []
    return [
        (each["name"], np.array(each["points"]))
        for finding in findings
        if (finding.name, finding.space, finding.layer) == ("clusters", name, layer)
        for each in finding.figures.get("clusters", ())
    ]
