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
from lexiscope.figures.positions import positions_figure, token_types_figure
from lexiscope.figures.ranks import clusters_figure, hubs_figure, norms_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Those of which there are several are drawn together; of the others the last is.
TOGETHER: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], Figure]] = {
    "group": groups_figure,
    "senses": senses_figure,
}
ALONE: Mapping[str, Callable[[Mapping[str, Any]], Figure]] = {
    "positions": positions_figure,
    "token_types": token_types_figure,
    "senses_overall": senses_overall_figure,
    "contextuality": contextuality_figure,
    "geometry": geometry_figure,
    "norm_by_rank": norms_figure,
    "hubness": hubs_figure,
    "clusters": clusters_figure,
}


def figure_of(name: str, found: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw findings of one name.

    Parameters
    ----------
    name : str
        As `Finding.name`.
    found : sequence of mapping
        The figures of each.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    LexiscopeError
        For a name that has no figure.
    """
    if name in TOGETHER:
        return TOGETHER[name](found)
    if name not in ALONE:
        has = ", ".join([*TOGETHER, *ALONE])
        raise LexiscopeError(f"there is no figure of {name!r}: there is one of {has}")
    return ALONE[name](found[-1])
