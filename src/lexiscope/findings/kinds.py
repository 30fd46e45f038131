"""Kinds: which findings are made of which kind of space."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from lexiscope.findings.clusters import clusters
from lexiscope.findings.contextuality import contextuality
from lexiscope.findings.finding import Finding
from lexiscope.findings.frequency import frequency, hubs
from lexiscope.findings.geometry import geometry
from lexiscope.findings.groups import groups
from lexiscope.findings.positions import positions
from lexiscope.findings.senses import senses
from lexiscope.findings.token_types import token_types
from lexiscope.space import Space

# Each takes a space and, by name, what it needs of `measure`'s options.
MEASURES: dict[str, Callable[..., list[Finding]]] = {
    "groups": groups,
    "positions": positions,
    "token types": token_types,
    "senses": senses,
    "contextuality": contextuality,
    "geometry": geometry,
    "frequency": frequency,
    "hubs": hubs,
    "clusters": clusters,
}

# By the kind of a space: what is measured of it, in the order in which it is read.
KINDS: dict[str, tuple[str, ...]] = {
    "word": ("groups", "frequency", "geometry", "clusters"),
    "position": ("positions", "geometry"),
    "token_type": ("token types",),
    # Without an order by frequency, and without words to list.
    "imported words": ("groups", "hubs", "geometry", "clusters"),
    "imported points": ("hubs", "geometry", "clusters"),
    "context": ("senses", "contextuality", "geometry", "clusters"),
}


def measure(name: str, space: Space, **options: Any) -> list[Finding]:
    """Make the findings of one of `MEASURES`.

    Parameters
    ----------
    name : str
        A key of `MEASURES`.
    space : Space
    **options
        ``k`` and ``seed``; ``lists`` of the person's own; ``words``, the model's word table or
        None; ``progress``, called with the share done. Each measure gets those that it names.

    Returns
    -------
    list of Finding
    """
    given = {key: value for key, value in options.items() if takes(name, key)}
    return MEASURES[name](space, **given)


def takes(name: str, option: str) -> bool:
    """Tell whether one of `MEASURES` needs an option of `measure`."""
    return option in inspect.signature(MEASURES[name]).parameters
