"""What an open atlas holds, described anew only where it changed."""

from __future__ import annotations

from typing import Any

from lexiscope import contract
from lexiscope.errors import LexiscopeError
from lexiscope.server.library import OpenAtlas, Shelf

Json = dict[str, Any]


def atlas_info(opened: OpenAtlas) -> Json:
    """Describe an atlas (`AtlasInfo`); one that cannot be read says why."""
    try:
        atlas = opened.atlas()
        spaces = [space_info(opened.space(name)) for name in atlas.spaces]
        return contract.atlas_info(opened.id, atlas, spaces)
    except LexiscopeError as error:
        return contract.blank_info(opened.id, opened.path.name) | {"error": str(error)}


def space_info(shelf: Shelf) -> Json:
    """Describe a space (`SpaceInfo`); read anew when it changed."""
    return shelf.opened.described(
        shelf, lambda shelf: contract.space_info(shelf.atlas, shelf.space, shelf.version)
    )
