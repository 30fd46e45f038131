"""Maps and findings as figures: PNG, SVG, PDF."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from lexiscope import contract
from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import Choice, Part, check_free, fresh, is_file
from lexiscope.export.found import Draw, finding_drawings, finding_name, undrawn
from lexiscope.export.written import Written, counted
from lexiscope.figures import MOST_NAMES, Name
from lexiscope.figures.paper import PRINT
from lexiscope.projection.projection import TELLING
from lexiscope.workflow import region_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 8  # named of those that can colour a map


def export_png(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None, **options: Any
) -> Written:
    """Write figures as PNG, 300 dots an inch; see `export_figure`."""
    return export_figure(atlas, destination, choice, ".png", **options)


def export_svg(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None, **options: Any
) -> Written:
    """Write figures as SVG, its text as text; see `export_figure`."""
    return export_figure(atlas, destination, choice, ".svg", **options)


def export_pdf(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None, **options: Any
) -> Written:
    """Write figures as PDF, its text as text; see `export_figure`."""
    return export_figure(atlas, destination, choice, ".pdf", **options)


def export_figure(
    atlas: Atlas,
    destination: str | os.PathLike[str],
    choice: Choice | None,
    ending: str,
    *,
    color: str | None = None,
    finding: str | None = None,
) -> Written:
    """Draw maps, or what was found, for a paper.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        With the ending one figure: the map chosen, or of the first space chosen, at its last
        layer, the one that keeps most. Otherwise a folder: every map chosen and, where no
        projection is chosen, all that was found.
    choice : Choice or None
        None is all there is.
    ending : {".png", ".svg", ".pdf"}
    color : str, optional
        The column that colours a map's points; by default the most telling that there is.
    finding : str, optional
        Draw what was found instead of maps: one of `lexiscope.export.found.NAMES`, or as
        `finding_name` reads it.

    Returns
    -------
    Written
        The files; the notes say what is drawn, and what else there is to draw.

    Raises
    ------
    LexiscopeError
        For a column or a finding that is not there, when there is nothing to draw, and when
        nothing can be written there.
    """
    path, choice = Path(destination), choice or Choice()
    if finding is not None:
        finding_name(finding)
        given = "--projection" if choice.projections else "--color" if color is not None else None
        if given:
            raise LexiscopeError(f"--finding {finding} draws no map: leave {given} out")
    one = is_file(path, [ending])
    parts = choice.parts(atlas)
    spaces = list(dict.fromkeys(part.space for part in parts))
    if finding is not None:
        drawings = finding_drawings(atlas, spaces, finding)
        notes = [f"drawn: what was found, {', '.join(drawings)}"]
    elif one:
        part = _chosen(atlas, parts, choice)
        id = part.projections[0]
        drawings = {"": _map(atlas, part, id, color)}
        notes = [_drawn(atlas, part, id, color), *_also(atlas, part, id, color)]
    else:
        drawings, notes = _all(atlas, parts, choice, color, spaces)
    if one and len(drawings) > 1:
        raise LexiscopeError(
            f"{path} is one figure, and {len(drawings)} are chosen ({', '.join(drawings)}): choose "
            "one with --space, or name a folder"
        )
    if not one:
        check_free(path / f"{name}{ending}" for name in drawings)
    written = []
    for name, draw in drawings.items():
        file = path if one else path / f"{name}{ending}"
        with fresh(file) as aside:
            draw().savefig(aside, format=ending[1:], dpi=PRINT)
        written.append(file)
    return Written(written, notes)


def _all(
    atlas: Atlas, parts: list[Part], choice: Choice, color: str | None, spaces: list[str]
) -> tuple[dict[str, Draw], list[str]]:
    """Return the drawings of a folder, and what is said of them."""
    # A column that only some spaces have colours those; asked for in none it is refused.
    without = [name for name in spaces if color not in atlas[name].points.column_names]
    plain = without if color is not None and len(without) < len(spaces) else []
    drawings = {
        f"{part.name}-{id}": _map(atlas, part, id, None if part.space in plain else color)
        for part in parts
        for id in part.projections
    }
    if not drawings:
        raise _none(atlas)
    found = finding_drawings(atlas, spaces)
    said = f"drawn: {counted(len(drawings), 'map')}"
    said += f" ({', '.join(plain)} without the column {color})" if plain else ""
    if choice.projections:
        # Who chooses a projection wants maps.
        left = f"{counted(len(found), 'figure')} of findings left out; --finding NAME draws one"
        return drawings, [said, *([left] if found else [])]
    none = undrawn(atlas, spaces)
    if found or none:
        said += f", {counted(len(found), 'figure')} of findings"
        said += " (of all layers that were measured)" if found and choice.layers else ""
        said += f"; there is no figure of {', '.join(none)}" if none else ""
        return drawings | found, [said]
    return drawings, [f"{said}; no findings are kept, lexiscope report {atlas.path} measures them"]


def _none(atlas: Atlas) -> LexiscopeError:
    return LexiscopeError(
        f"nothing chosen has a projection: compute one with lexiscope project {atlas.path}"
    )


def _chosen(atlas: Atlas, parts: list[Part], choice: Choice) -> Part:
    """Return the one part whose map a file holds."""
    if len(choice.spaces) > 1 or len(choice.layers) > 1 or len(choice.projections) > 1:
        raise LexiscopeError(
            "one figure holds one map: choose one space, layer and projection, or name a folder"
        )
    spaces = {part.space: part for part in parts if part.projections}
    if choice.layers:
        # A layer is asked for: then a table is not meant.
        spaces = {name: part for name, part in spaces.items() if part.layer is not None} or spaces
    if not spaces:
        raise _none(atlas)
    return next(iter(spaces.values()))  # of a space in context, its last layer


def _map(atlas: Atlas, part: Part, id: str, color: str | None) -> Draw:
    def draw() -> Figure:
        made = atlas.projection(part.space, id, part.layer)
        names = _names(region_labels(atlas, part.space, id, part.layer))
        column = _color(atlas, part, color)
        return made.figure(color=column, names=names or None)

    return draw


def _color(atlas: Atlas, part: Part, asked: str | None) -> str | None:
    """Return the column that colours a map: the one asked for, else the most telling one."""
    points = atlas[part.space].points
    telling = (name for name in TELLING if name in points.column_names)
    several = (name for name in telling if pc.count_distinct(points[name]).as_py() > 1)
    return next(several, None) if asked is None else asked


def _drawn(atlas: Atlas, part: Part, id: str, color: str | None) -> str:
    """Say which map a file holds."""
    layer = "" if part.layer is None else f", layer {part.layer}"
    column = _color(atlas, part, color)
    colored = "not coloured" if column is None else f"coloured by {column}"
    return f"drawn: space {part.space}{layer}, projection {id}, {colored}"


def _also(atlas: Atlas, part: Part, id: str, color: str | None) -> Iterable[str]:
    """Say with which options another map would be drawn, where there is one."""
    space, drawn = atlas[part.space], _color(atlas, part, color)
    others = [name for name in atlas if name != part.space and any(_projections(atlas, name))]
    ids = [each for each in atlas.projections(part.space, part.layer) if each != id]
    points = space.points
    columns = [
        name
        for name in points.column_names
        if name != drawn and contract.typed(points[name]).type != "text"
    ]
    findings = finding_drawings(atlas, [part.space])
    also = {
        "--space": ", ".join(others),
        "--layers": ", ".join(str(layer) for layer in space.layers if layer != part.layer),
        "--projection": ", ".join(ids),
        "--color": ", ".join(columns[:COLUMNS]) + (", ..." if len(columns) > COLUMNS else ""),
        "--finding": ", ".join(each.removeprefix(f"{part.space}-") for each in findings),
    }
    said = [f"{option} ({values})" for option, values in also.items() if values]
    if said:
        yield f"also there: {', '.join(said)}"


def _projections(atlas: Atlas, name: str) -> Iterable[str]:
    for layer in atlas[name].layers or (None,):
        yield from atlas.projections(name, layer)


def _names(regions: list[dict[str, Any]]) -> list[Name]:
    """Return the names of regions at the finest level that a sheet has room for.

    Where those are few, the largest of the next level come after them.
    """
    levels = sorted({each["level"] for each in regions})
    by_level = [[each for each in regions if each["level"] == level] for level in levels]
    fitting = [each for each in by_level if len(each) <= MOST_NAMES]
    chosen = max(fitting, key=len) if fitting else []
    if len(chosen) < MOST_NAMES / 2:
        finer = [each for each in by_level if len(each) > MOST_NAMES][:1]
        chosen = [*chosen, *(each for level in finer for each in level)][:MOST_NAMES]
    return [Name(each["text"], tuple(each["place"])) for each in chosen]
