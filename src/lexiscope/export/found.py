"""Found: the findings of an atlas as drawings, by names as a person writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.figures import figure_of
from lexiscope.figures.findings import ALONE, TOGETHER
from lexiscope.findings import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[], "Figure"]
# Every finding that is drawn, by its name in a report's JSON.
NAMES = (*TOGETHER, *ALONE)
# What the page and the measures call some of them.
ALSO = {
    "frequency": "norm_by_rank",
    "hubs": "hubness",
    "length": "norm_by_rank",
    "norms": "norm_by_rank",
    "position table": "positions",
}


def finding_drawings(
    atlas: Atlas, spaces: Sequence[str], asked: str | None = None
) -> dict[str, Draw]:
    """Return the drawings of what was found, those of one name and space together.

    Parameters
    ----------
    atlas : Atlas
    spaces : sequence of str
        Of which it was found.
    asked : str, optional
        The name of the only finding wanted: one of `NAMES`, or `ALSO`, in capitals or not, with
        spaces or hyphens for underscores, singular or plural.

    Returns
    -------
    dict of str to callable
        By the names of their files, such as ``word-geometry``.

    Raises
    ------
    LexiscopeError
        For a name that there is not, and for a finding that the atlas does not keep.
    """
    told: dict[tuple[str, str], list[Finding]] = {}
    for each in atlas.findings:
        if not each.refused and each.name in NAMES:
            told.setdefault((each.space, each.name), []).append(each)
    if asked is not None:
        name = finding_name(asked)
        told = {key: found for key, found in told.items() if key[1] == name}
        if not told:
            raise LexiscopeError(
                f"finding {asked!r}: {atlas.path} keeps none; measure what there is to find with "
                f"lexiscope report {atlas.path}"
            )
        if not any(space in spaces for space, _ in told):
            raise LexiscopeError(
                f"finding {asked!r} is about {', '.join(space for space, _ in told)}, not about "
                f"{', '.join(spaces)}: choose otherwise with --space"
            )
    told = {key: found for key, found in told.items() if key[0] in spaces}
    return {f"{space}-{kind}": _figure(kind, found) for (space, kind), found in told.items()}


def undrawn(atlas: Atlas, spaces: Sequence[str]) -> list[str]:
    """Return the names of findings that there is no figure of: measures that others added."""
    found = (each for each in atlas.findings if each.space in spaces and not each.refused)
    return sorted({each.name for each in found} - set(NAMES))


def finding_name(asked: str) -> str:
    """Return the name of a finding that a person may have spelt otherwise.

    Raises
    ------
    LexiscopeError
        For a name that there is not.

    Examples
    --------
    >>> finding_name("Token types"), finding_name("hubs"), finding_name("groups")
    ('token_types', 'hubness', 'group')
    """
    known = {_plain(name): name for name in NAMES} | {_plain(a): name for a, name in ALSO.items()}
    if _plain(asked) not in known:
        raise LexiscopeError(f"finding {asked!r}: it has to be one of {', '.join(NAMES)}")
    return known[_plain(asked)]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold()).removesuffix("s")


def _figure(name: str, found: Sequence[Finding]) -> Draw:
    last = found[-1]
    about: dict[str, Any] = {"model": last.model, "space": last.space, "layer": last.layer}
    return lambda: figure_of(name, [dict(each.figures) for each in found], **about)
