"""Findings: which figure shows which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lexiscope.errors import LexiscopeError
from lexiscope.figures.curves import (
    contextuality_figure,
    geometry_figure,
    senses_figure,
    senses_overall_figure,
)
from lexiscope.figures.groups import groups_figure
from lexiscope.figures.paper import subject
from lexiscope.figures.positions import positions_figure, token_types_figure
from lexiscope.figures.ranks import clusters_figure, hubs_figure, norms_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Those of which there are several are drawn together; of the others the last is.
TOGETHER: Mapping[str, Callable[..., Figure]] = {
    "group": groups_figure,
    "senses": senses_figure,
}
ALONE: Mapping[str, Callable[..., Figure]] = {
    "positions": positions_figure,
    "token_types": token_types_figure,
    "senses_overall": senses_overall_figure,
    "contextuality": contextuality_figure,
    "geometry": geometry_figure,
    "norm_by_rank": norms_figure,
    "hubness": hubs_figure,
    "clusters": clusters_figure,
}


def figure_of(
    name: str,
    found: Sequence[Mapping[str, Any]],
    *,
    model: str = "",
    space: str = "",
    layer: int | None = None,
) -> Figure:
    """Draw findings of one name.

    Parameters
    ----------
    name : str
        As `Finding.name`.
    found : sequence of mapping
        The figures of each.
    model, space : str, optional
        What it was measured of, to be named under the title.
    layer : int, optional
        That it was measured at, where the figures are not by layer.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LexiscopeError
        For a name that has no figure.
    """
    if name not in TOGETHER and name not in ALONE:
        has = ", ".join([*TOGETHER, *ALONE])
        raise LexiscopeError(f"there is no figure of {name!r}: there is one of {has}")
    of = subject(model, space, found[-1].get("layers", [layer]))
    return TOGETHER[name](found, of=of) if name in TOGETHER else ALONE[name](found[-1], of=of)
