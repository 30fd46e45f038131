"""Contents: what an exported page holds of an atlas, in words, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from lexiscope import contract
from lexiscope.atlas import Atlas
from lexiscope.export.choice import Choice, Part
from lexiscope.export.written import counted


def contents(atlas: Atlas, parts: Sequence[Part]) -> list[str]:
    """Say what a page of these parts holds, and what of the atlas it does not.

    Returns
    -------
    list of str
        Plain sentences; the first says what is there.
    """
    chosen, whole = _by_space(parts), _by_space(Choice().parts(atlas))
    findings = contract.findings_info(atlas)["findings"]
    told = [each for each in findings if each["space"] in chosen]
    held = [_described(each) for each in chosen.values()] + [counted(len(told), "finding")]
    if atlas.bookmarks:
        held.append(counted(len(atlas.bookmarks), "bookmark"))
    gone = [_described(each) for name, each in whole.items() if name not in chosen]
    gone += [what for name, each in chosen.items() for what in _missing(name, each, whole[name])]
    if len(findings) > len(told):
        gone.append(f"{counted(len(findings) - len(told), 'finding')} about spaces left out")
    said = [f"it holds: {'; '.join(held)}"]
    if gone:
        said.append(f"left out: {'; '.join(gone)}")
    there = {(name, part.layer) for name, each in chosen.items() for part in each}
    there |= {(name, None) for name in chosen}
    lost = sum((each["space"], each["layer"]) not in there for each in told)
    if lost:
        said.append(
            f"{counted(lost, 'finding')} {'is' if lost == 1 else 'are'} about layers not in it: "
            "the page tells them, and its map cannot show their points"
        )
    return said


def _by_space(parts: Sequence[Part]) -> dict[str, list[Part]]:
    return {name: list(each) for name, each in groupby(parts, lambda part: part.space)}


def _missing(space: str, chosen: Sequence[Part], whole: Sequence[Part]) -> Iterator[str]:
    """Yield what of a space that is there is not."""
    layers = {part.layer for part in chosen}
    gone = [str(part.layer) for part in whole if part.layer not in layers]
    if gone:
        yield f"{space}{_layers(gone)}"
    ids = {id for part in chosen for id in part.projections}
    others = dict.fromkeys(id for part in whole for id in part.projections if id not in ids)
    if others:
        yield f"{space}'s {', '.join(others)}"


def _described(parts: Sequence[Part]) -> str:
    layers = [str(part.layer) for part in parts if part.layer is not None]
    ids = dict.fromkeys(id for part in parts for id in part.projections)
    return f"{parts[0].space}{_layers(layers)} ({', '.join(ids) or 'no projection'})"


def _layers(names: Sequence[str]) -> str:
    return f" layer{'' if len(names) == 1 else 's'} {', '.join(names)}" if names else ""
