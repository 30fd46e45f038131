"""Maps and findings as figures: PNG, SVG, PDF."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import Choice, Part, check_file, check_folder, fresh
from lexiscope.figures import MOST_NAMES, Name, figure_of, styled
from lexiscope.findings import Finding
from lexiscope.workflow import region_labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Dates and versions left out: the same atlas gives the same bytes.
METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": "lexiscope"},
    ".svg": {"Date": None, "Creator": "lexiscope"},
    ".pdf": {"CreationDate": None, "Creator": "lexiscope", "Producer": None},
}
DOTS = 300
Draw = Callable[[], "Figure"]


def export_png(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None, **options: Any
) -> list[Path]:
    """Write figures as PNG, 300 dots an inch; see `export_figure`."""
    return export_figure(atlas, destination, choice, ".png", **options)


def export_svg(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None, **options: Any
) -> list[Path]:
    """Write figures as SVG, its text as text; see `export_figure`."""
    return export_figure(atlas, destination, choice, ".svg", **options)


def export_pdf(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None, **options: Any
) -> list[Path]:
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
) -> list[Path]:
    """Draw maps, or what was found, for a paper.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        With the ending one figure: the map chosen, or of the first space chosen, at its last
        layer, the one that keeps most. Otherwise a folder: every map chosen and, where the atlas
        keeps findings, all that was found.
    choice : Choice or None
        None is all there is.
    ending : {".png", ".svg", ".pdf"}
    color : str, optional
        The column that colours a map's points.
    finding : str, optional
        Draw what was found, by its name such as ``positions``, instead of maps.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    LexiscopeError
        For a column or a finding that is not there, and when nothing can be written there.
    """
    path, choice = Path(destination), choice or Choice()
    is_file = path.suffix.lower() == ending
    if is_file:
        check_file(path)
    else:
        check_folder(path)
    parts = choice.parts(atlas)
    found = [each for each in atlas.findings if each.space in {part.space for part in parts}]
    if finding is not None:
        drawings = dict(_findings(atlas, found, finding))
    elif is_file:
        drawings = {"": _chosen(atlas, parts, choice, color)}
    else:
        drawings = {
            f"{part.name}-{id}": _map(atlas, part, id, color)
            for part in parts
            for id in part.projections
        } | dict(_findings(atlas, found, None))
    if is_file and len(drawings) > 1:
        raise LexiscopeError(
            f"{path} is one figure, and {len(drawings)} are chosen ({', '.join(drawings)}): choose "
            "one with --space, or name a folder"
        )
    written = []
    for name, draw in drawings.items():
        file = path if is_file else path / f"{name}{ending}"
        with fresh(file) as aside, styled():
            draw().savefig(aside, format=ending[1:], dpi=DOTS, metadata=METADATA[ending])
        written.append(file)
    return written


def _chosen(atlas: Atlas, parts: list[Part], choice: Choice, color: str | None) -> Draw:
    """Return the one map that a file holds."""
    if len(choice.spaces) > 1 or len(choice.layers) > 1 or len(choice.projections) > 1:
        raise LexiscopeError(
            "one figure holds one map: choose one space, layer and projection, or name a folder"
        )
    spaces = {part.space: part for part in parts if part.projections}
    if choice.layers:
        # A layer is asked for: then a table is not meant.
        spaces = {name: part for name, part in spaces.items() if part.layer is not None} or spaces
    if not spaces:
        raise LexiscopeError(
            f"nothing chosen has a projection: compute one with lexiscope project {atlas.path}"
        )
    part = next(iter(spaces.values()))  # of a space in context, its last layer
    return _map(atlas, part, part.projections[0], color)


def _map(atlas: Atlas, part: Part, id: str, color: str | None) -> Draw:
    def draw() -> Figure:
        made = atlas.projection(part.space, id, part.layer)
        names = _names(region_labels(atlas, part.space, id, part.layer))
        # A column that only some spaces have colours those; asked for in none it is refused.
        known = color is None or color in atlas[part.space].points.column_names
        if not known and any(color in atlas[name].points.column_names for name in atlas):
            return made.figure(names=names or None, title=_title(atlas, part))
        return made.figure(color=color, names=names or None, title=_title(atlas, part))

    return draw


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


def _title(atlas: Atlas, part: Part) -> str:
    of = atlas.origin.name if atlas.origin else atlas.path.name
    at = "" if part.layer is None else f", layer {part.layer}"
    return f"{of}: {part.space.replace('_', ' ')}{at}"


def _findings(atlas: Atlas, found: list[Finding], name: str | None) -> Iterator[tuple[str, Draw]]:
    """Return the figures of findings, those of one name and space together."""
    told: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        if not each.refused:
            told.setdefault((each.space, each.name), []).append(each)
    names = list(dict.fromkeys(each for _, each in told))
    if name is not None and name not in names:
        if not names:
            raise LexiscopeError(
                f"{atlas.path} keeps no findings of what is chosen: measure them with lexiscope "
                f"report {atlas.path}"
            )
        raise LexiscopeError(f"finding {name!r}: there are {', '.join(names)}")
    for (space, kind), those in told.items():
        if name in (None, kind):
            yield f"{space}-{kind}", _figure(kind, those)


def _figure(name: str, found: list[Finding]) -> Draw:
    return lambda: figure_of(name, [dict(each.figures) for each in found])
