"""Origin: what an atlas was made from, in words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a person knows the checkpoint by that comes as a Python package.
EMBEDDED = {"embedded": "all-MiniLM-L6-v2"}


@dataclass(frozen=True)
class Origin:
    """What an atlas was made from.

    Attributes
    ----------
    name : str
        Of the checkpoint, or of the files that vectors were imported from.
    sort : str
        The checkpoint's family, or the files' format.
    notes : tuple of str
        Sentences about what is missing or unusual.
    imported : bool
        Whether vectors were imported, and no checkpoint was read.
    """

    name: str
    sort: str
    notes: tuple[str, ...]
    imported: bool


def title(recipes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the names of what spaces were made from, as a person knows them; empty if unknown."""
    made_from = (recipe.get("checkpoint") or recipe.get("source") for recipe in recipes.values())
    names = dict.fromkeys(about["name"] for about in made_from if about)
    return ", ".join(EMBEDDED.get(name, name) for name in names)


def origin(recipes: Mapping[str, Mapping[str, Any]]) -> Origin:
    """Tell the origin of an atlas by the recipes of its spaces, one or more, by their names."""
    first = next(iter(recipes.values()))
    if "checkpoint" in first:
        about = first["checkpoint"]
        missing = [
            f"no {kind} table: {table['reason']}"
            for kind, table in about["tables"].items()
            if table["reason"]
        ]
        return Origin(about["name"], about["family"], (*missing, *about["notes"]), False)
    sources = {name: recipe["source"] for name, recipe in recipes.items()}
    notes = [
        f"{name}: {note}" if len(sources) > 1 else note
        for name, source in sources.items()
        for note in source["notes"]
    ]
    names = dict.fromkeys(source["name"] for source in sources.values())
    sorts = dict.fromkeys(source["format"] for source in sources.values())
    return Origin(", ".join(names), ", ".join(sorts), tuple(notes), True)
