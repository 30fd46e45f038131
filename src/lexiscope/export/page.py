"""An atlas as a web page that needs no server: one file, or a folder for any static host."""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import lexiscope
from lexiscope import contract
from lexiscope.atlas import Atlas, Progress, storing
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import Choice, Part, fresh, is_file
from lexiscope.export.contents import contents
from lexiscope.export.template import filled, read_template
from lexiscope.export.written import Written
from lexiscope.neighbors import NeighborGraph
from lexiscope.workflow import region_labels
from lexiscope.workflow.spaces import silent

# A browser takes seconds to open more.
LARGEST = 50e6
K = 15
INDEX, DATA = "index.html", "data"
# A file asks nobody; a folder asks for its own files.
CLOSED, OPEN = "connect-src 'none'", "connect-src 'self'"
Json = dict[str, Any]


@dataclass(frozen=True)
class Body:
    """What the page finds under one path of the contract, compressed.

    Attributes
    ----------
    path : str
        Decoded, with at most one query field beside ``layer``.
    space : str or None
        The space that it is about.
    content : bytes
        In gzip's format.
    """

    path: str
    space: str | None
    content: bytes


def export_html(
    atlas: Atlas,
    destination: str | os.PathLike[str],
    choice: Choice | None = None,
    *,
    k: int | None = None,
    progress: Progress = silent,
) -> Written:
    """Write an atlas as the page that `lexiscope view` shows, to be opened without a server.

    It holds what is chosen with all columns, the names of regions, every point's nearest
    neighbours, the findings and the bookmarks.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        With the ending ``.html`` one file, which opens from disk and asks for nothing; otherwise
        a folder for a static host, with ``index.html`` and data that it fetches as it is needed.
    choice : Choice, optional
        By default all there is.
    k : int, optional
        Neighbours of each point, by default 15; up to what the atlas keeps.
    progress : callable, optional
        ``progress(stage, unit, done, total)``, where the atlas keeps no neighbours and they are
        computed.

    Returns
    -------
    Written
        The file, or the folder; the notes say what it holds and what was left out.

    Raises
    ------
    LexiscopeError
        When the atlas keeps fewer neighbours than `k`, one file would be larger than 50 MB, or
        nothing can be written there.
    """
    destination = Path(destination)
    one = is_file(destination, [".html"])
    if not one:
        _check_free(destination)
    template = read_template("alone.html")
    parts = (choice or Choice()).parts(atlas)
    wanted = {part: _wanted(atlas, part, k) for part in parts}
    # Neighbours may take minutes: where all else is too much already they are not computed.
    bodies = [_bodies(atlas, parts), _neighbors(atlas, wanted, progress)]
    title = atlas.path.resolve().name
    if one:
        page = filled(template, title, {"files": None}, _embedded(bodies, destination))
        with fresh(destination) as aside:
            aside.write_text(page, encoding="utf-8", errors="replace")
    else:
        page = template.replace(CLOSED, OPEN, 1)
        _write_folder(destination, page, title, chain.from_iterable(bodies))
    return Written([destination], [*contents(atlas, parts), _look(destination, one=one)])


def _look(destination: Path, *, one: bool) -> str:
    """Say how it is opened: data that a page fetches does not come from disk."""
    name = shlex.quote(str(destination))
    if one:
        return f"open it in a browser, from disk and without a server: {name}"
    return (
        f"serve it: python -m http.server -d {name}, then open http://localhost:8000; or put it on "
        "a static host (opened from disk it cannot fetch its data)"
    )


# ---- what the page finds -----------------------------------------------------------------


def _bodies(atlas: Atlas, parts: Sequence[Part]) -> Iterator[Body]:
    """Yield all but the neighbours, and what tells of them."""
    root = f"/api/atlases/{contract.atlas_id(atlas.path)}"
    by_space = _by_space(parts)
    yield _json(f"{root}/bookmarks", None, atlas.bookmarks)
    findings = contract.findings_info(atlas)
    findings["findings"] = [each for each in findings["findings"] if each["space"] in by_space]
    yield _json(f"{root}/findings", None, findings)
    for name, each in by_space.items():
        yield from _space_bodies(atlas, f"{root}/spaces/{name}", each)


def _neighbors(atlas: Atlas, wanted: dict[Part, int], progress: Progress) -> Iterator[Body]:
    """Yield the neighbours, then what there is, which tells how many they are."""
    id = contract.atlas_id(atlas.path)
    graphs = {}
    for part, k in wanted.items():
        graphs[part] = _graph(atlas, part, k, progress)
        path = f"/api/atlases/{id}/spaces/{part.space}/neighbors{_query(part)}"
        yield _body(path, part.space, packed(graphs[part]))
    infos = [_space_info(atlas, name, each, graphs) for name, each in _by_space(wanted).items()]
    info = contract.atlas_info(id, atlas, infos) | {"unfinished": [], "building": None}
    yield _json("/api/atlases", None, {"lexiscope": lexiscope.__version__, "atlases": [info]})


def _by_space(parts: Iterable[Part]) -> dict[str, list[Part]]:
    return {name: list(each) for name, each in groupby(parts, lambda part: part.space)}


def _query(part: Part) -> str:
    return "" if part.layer is None else f"?layer={part.layer}"


def _space_bodies(atlas: Atlas, root: str, parts: Sequence[Part]) -> Iterator[Body]:
    space = atlas[parts[0].space]
    name = space.name
    for column in space.points.column_names:
        path = f"{root}/columns?name={column}"
        yield _body(path, name, contract.column_stream(space, [column]))
        values = space.points[column]
        # Whole numbers are written alike everywhere, others are not.
        if pa.types.is_floating(contract.typed(values).values.type):
            text = contract.stream({column: contract.as_text(values)})
            yield _body(f"{root}/texts?name={column}", name, text)
    for part in parts:
        layer = _query(part)
        for id in part.projections:
            path = f"{root}/projections/{id}"
            yield _body(path + layer, name, contract.layout_stream(atlas, name, id, part.layer))
            quality = contract.quality_stream(atlas, name, id, part.layer)
            yield _body(f"{path}/quality{layer}", name, quality)
            labels = contract.plain(region_labels(atlas, name, id, part.layer))
            yield _json(f"{path}/labels{layer}", name, labels)


def _space_info(
    atlas: Atlas, name: str, parts: Sequence[Part], graphs: dict[Part, NeighborGraph]
) -> Json:
    """Describe what is chosen of a space (`SpaceInfo`)."""
    info = contract.space_info(atlas, atlas[name], atlas.version(name))
    chosen = {"" if part.layer is None else str(part.layer): part for part in parts}
    return info | {
        "layers": [part.layer for part in parts if part.layer is not None],
        "projections": {
            key: [each for each in info["projections"][key] if each["id"] in part.projections]
            for key, part in chosen.items()
        },
        "graphs": {
            key: {"method": graph.method, "k": graph.k, "recall": graph.recall}
            for key, graph in ((key, graphs[part]) for key, part in chosen.items())
        },
        # No model is there to read a sentence with.
        "live": False,
    }


def _wanted(atlas: Atlas, part: Part, k: int | None) -> int:
    """Return how many neighbours of each point are written."""
    space = atlas[part.space]
    # One of a single point: the token types of RoBERTa and its kin are one.
    most = max(len(space) - 1, 0)
    kept = space.graphs.get(part.layer)
    if k is not None and kept is not None and kept.k < min(k, most):
        raise LexiscopeError(
            f"-k {k}: the atlas keeps the {kept.k} nearest neighbours of each point of "
            f"{part.name}; give {kept.k} or fewer"
        )
    return min(k or K, most if kept is None else kept.k)


def _graph(atlas: Atlas, part: Part, k: int, progress: Progress) -> NeighborGraph:
    """Return the neighbours of a part: those the atlas keeps, or where it keeps none, new ones."""
    space = atlas[part.space]
    if not k:
        none = (len(space), 0)
        return NeighborGraph(np.empty(none, np.int32), np.empty(none, np.float32), "exact", 1.0)

    def share(done: float) -> None:
        progress(f"neighbours of {part.name}", "%", round(100 * done), 100)

    if part.layer not in space.graphs:
        share(0)  # of many points the first share is done after minutes only
    return (space if part.layer is None else space.layer(part.layer)).graph(k, share).first(k)


def packed(graph: NeighborGraph) -> bytes:
    """Return a neighbour graph as the page unpacks it.

    Row by row the neighbours' numbers, as uint16 where they fit and uint32 otherwise; then as
    int16 ten thousand times the similarities, rounded: of each row the first, then how each
    differs from the one before. All are little-endian, so a similarity is exact to 0.00005.
    """
    wide = len(graph.indices) > 2**16
    numbers = graph.indices.astype("<u4" if wide else "<u2")
    whole: NDArray[np.int16] = np.round(1e4 * graph.similarities.astype(np.float64)).astype("<i2")
    steps = np.diff(whole, axis=1, prepend=np.zeros((len(whole), 1), "<i2"))
    return numbers.tobytes() + steps.astype("<i2").tobytes()


def _body(path: str, space: str | None, content: bytes) -> Body:
    return Body(path, space, gzip.compress(content, 9, mtime=0))


def _json(path: str, space: str | None, value: Any) -> Body:
    # Half a surrogate pair, which no text can hold, is written as an escape.
    return _body(path, space, json.dumps(value, allow_nan=False).encode("ascii"))


# ---- one file ----------------------------------------------------------------------------


def _embedded(groups: Sequence[Iterator[Body]], destination: Path) -> str:
    """Return the bodies as scripts that no browser runs; refuse after a group that is too much."""
    sizes: dict[str | None, int] = {}
    scripts = []
    for group in groups:
        for body in group:
            script = _script(body)
            sizes[body.space] = sizes.get(body.space, 0) + len(script)
            # Once it is too much only the sizes are wanted.
            if sum(sizes.values()) <= LARGEST:
                scripts.append(script)
            else:
                scripts.clear()
        if sum(sizes.values()) > LARGEST:
            raise _too_large(destination, sizes, whole=group is groups[-1])
    return "".join(scripts)


def _script(body: Body) -> str:
    content = base64.b64encode(body.content).decode("ascii")
    path = html.escape(body.path)
    return f'\n    <script type="application/octet-stream" data-path="{path}">{content}</script>'


def _too_large(
    destination: Path, sizes: Mapping[str | None, int], *, whole: bool
) -> LexiscopeError:
    each = ", ".join(
        f"{name or 'findings and bookmarks'} {size / 1e6:.1f} MB"
        for name, size in sorted(sizes.items(), key=lambda item: -item[1])
    )
    return LexiscopeError(
        f"{destination} would have {sum(sizes.values()) / 1e6:.1f} MB ({each})"
        f"{'' if whole else ' without its neighbours'}, and one file may have "
        f"{LARGEST / 1e6:.0f}: name a folder, such as {destination.with_suffix('')}, or choose "
        "with --space, --layers and --projection"
    )


# ---- a folder ----------------------------------------------------------------------------


def _check_free(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier export."""
    if folder.is_dir():
        others = {entry.name for entry in folder.iterdir()} - {INDEX, DATA}
        index = folder / INDEX
        earlier = index.is_file() and b'content="Lexiscope"' in index.read_bytes()[:4096]
        if others or (any(folder.iterdir()) and not earlier):
            raise LexiscopeError(f"{folder} holds other files; name an empty or a new folder")


def _write_folder(folder: Path, template: str, title: str, bodies: Iterator[Body]) -> None:
    """Write aside, then put it in the folder's place."""
    folder = folder.absolute()
    aside = folder.with_name(f".{folder.name}.new")
    with storing(folder.parent):
        try:
            shutil.rmtree(aside, ignore_errors=True)
            (aside / DATA).mkdir(parents=True)
            files = {}
            for number, body in enumerate(bodies):
                # Not .gz, which some hosts unpack on the way and others do not.
                files[body.path] = f"{DATA}/{number:04d}.bin"
                (aside / files[body.path]).write_bytes(body.content)
            page = filled(template, title, {"files": files})
            (aside / INDEX).write_text(page, encoding="utf-8", errors="replace")
            if folder.exists():
                shutil.rmtree(folder)
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
