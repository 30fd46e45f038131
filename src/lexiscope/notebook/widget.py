"""View: an atlas in a notebook's cell, the page that `lexiscope view` opens."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import reprlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import anywidget
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import traitlets

from lexiscope.atlas import Atlas
from lexiscope.contract import typed
from lexiscope.errors import LexiscopeError
from lexiscope.notebook.address import Address, encode_points
from lexiscope.notebook.bridge import Answer, Bridge, Request
from lexiscope.notebook.still import still
from lexiscope.queries import named
from lexiscope.server.page import FOLDER

LOWEST, HIGHEST = 200, 4000
# Not columns, but what the page can colour by all the same.
MEASURED = ("~kept", "~plain")
# Of windows that were closed nobody hears; of one widget's views so many are told of events.
LISTENERS = 8
Json = dict[str, Any]


class View(anywidget.AnyWidget):  # type: ignore[misc]
    """An atlas in a notebook's cell: the whole page, answered by this process without a port.

    Made by `lexiscope.view` or `Atlas.view`. Where a cell shows two maps side by side, all that
    follows is about the first.

    Attributes
    ----------
    selected : tuple of int
        The points that are selected; set it, or call `select`, to select others. Changes can be
        observed (``view.observe(function, "selected")``).
    hovered : int or None
        The point under the pointer; set it to point at one.
    height : int
        Of the cell's output, in pixels.
    """

    # The page tells of it by a message; that it is synced as well is what marimo reacts to.
    selected = traitlets.Tuple().tag(sync=True)
    hovered = traitlets.Int(None, allow_none=True)
    height = traitlets.Int(600).tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)
    _page = traitlets.Unicode().tag(sync=True)
    _picture = traitlets.Unicode().tag(sync=True)

    def __init__(self, atlas: Atlas, address: Address, height: int) -> None:
        script, page, _ = _built()
        self._atlas, self._address = atlas, address
        self._bridge: Bridge | None = None
        self._listening: dict[str, Callable[[], object]] = {}
        self._pointed: int | None = None
        super().__init__(_esm=script, _page=page, _picture=secrets.token_hex(8), height=height)
        self.on_msg(self._heard)
        self.observe(self._on_selected, "selected")
        self.observe(self._on_hovered, "hovered")

    def __repr__(self) -> str:
        return f"<View of {self._atlas.path}, {self.space}: {len(self.selected)} selected>"

    @property
    def space(self) -> str:
        """Name of the space that is shown."""
        return self._address.get("s")

    @property
    def layer(self) -> int | None:
        """The layer that is shown; None for a table."""
        number = self._address.get("l")
        return self._atlas[self.space].resolve_layer(int(number) if number else None)

    @property
    def projection(self) -> str:
        """Id of the projection that is shown."""
        known = self._atlas.projections(self.space, self.layer)
        return self._address.get("p") or next(iter(known), "")

    @property
    def selection(self) -> pa.Table:
        """The points that are selected: their numbers in `point`, and all their columns."""
        points = self._atlas[self.space].points
        numbers = pa.array(self.selected, pa.int64())
        if len(numbers) and max(self.selected) >= len(points):
            raise LexiscopeError(f"{self.space} was built anew since: select again")
        return points.take(numbers).add_column(0, "point", numbers)

    def select(self, points: int | str | Iterable[int | str]) -> None:
        """Select points of the space that is shown, in place of those that are selected.

        Parameters
        ----------
        points : int, str, or iterable of them
            Point numbers and labels (``"bank"``, ``"#12"``), or a column of them, such as
            ``view.selection["point"]``; none of them, ``[]``, unselects all.

        Raises
        ------
        LexiscopeError
            For a label or a number that is not there, and for what is neither.
        """
        self.selected = _numbers(points, self._atlas[self.space].points)

    def color_by(self, column: str | None) -> None:
        """Colour the points by a column; None is the space's own choice.

        Parameters
        ----------
        column : str or None
            A column of numbers or categories, ``"~kept"`` for the share of true neighbours that
            the picture kept, or ``"~plain"`` for one colour.

        Raises
        ------
        LexiscopeError
            For a column that is not there, or whose values are all different.
        """
        address = self._address.put(c=column, hide=None, range=None)
        self._show(_checked(self._atlas, address))

    def show(
        self, space: str | None = None, layer: int | None = None, projection: str | None = None
    ) -> None:
        """Show another space, layer or projection; what is None stays as it is.

        Raises
        ------
        LexiscopeError
            For one that is not there.
        """
        address = self._address
        moves = space is not None and space != self.space
        if moves:
            address = address.moved(str(space))
        if layer is not None:
            address = address.put(l=layer)
        if projection is not None:
            address = address.put(p=projection, cam=None)
        self._show(_checked(self._atlas, address))
        if moves:
            self.selected = ()

    def close(self) -> None:
        """Take the view out of the notebook, and end what answers it."""
        for stop in self._listening.values():
            stop()
        self._listening.clear()
        bridge, self._bridge = self._bridge, None
        if bridge:
            bridge.leave()
        super().close()

    # ---- what the page says --------------------------------------------------------------

    def _heard(self, _: Any, content: Json, buffers: Sequence[memoryview]) -> None:
        """Take a message of a view in a cell (`FromView` in ``web/src/notebook/model.ts``)."""
        kind = content["type"]
        if kind == "open":
            self._open(content)
        elif kind == "listen":
            self._listen(content["connection"])
        elif kind == "request":
            self._request(content, bytes(buffers[0]) if buffers else b"")
        elif kind == "view":
            self._address = Address(content["view"])
        elif kind == "selection":
            points = np.frombuffer(buffers[0], np.int32).tolist()
            now = self._address if content["space"] == self.space else Address()
            sel = encode_points(points)
            self._address = now.put(s=content["space"], l=content["layer"], sel=sel)
            self.selected = tuple(points)
        elif kind == "hover":
            self._pointed = None if content["point"] < 0 else content["point"]
            self.hovered = self._pointed
        elif kind == "close":
            self._listening.pop(content["connection"], _nothing)()

    def _open(self, content: Json) -> None:
        options = {
            "view": self._address.text,
            "compute": True,
            "write": os.access(self._atlas.path, os.W_OK),
        }
        message = {"type": "opened", "connection": content["connection"], "options": options}
        self.send(message, [] if content["has"] else [_built()[2]])

    def _asked(self) -> Bridge:
        """Return what answers; it begins with the first page."""
        if self._bridge is None:
            self._bridge = Bridge.over(self._atlas.path)
        return self._bridge

    def _listen(self, connection: str) -> None:
        self._listening.pop(connection, _nothing)()
        while len(self._listening) >= LISTENERS:
            self._listening.pop(next(iter(self._listening)))()

        def tell(name: str, data: Any) -> None:
            self.send({"type": "event", "connection": connection, "name": name, "data": data})

        self._listening[connection] = self._asked().listen(tell)

    def _request(self, content: Json, body: bytes) -> None:
        about = {"type": "answer", "connection": content["connection"], "id": content["id"]}

        def answer(answer: Answer) -> None:
            said = {"status": answer.status, "headers": answer.headers}
            self.send(about | said, [answer.body] if answer.body else [])

        try:
            asked = Request(content["path"], content["method"], content["headers"], body)
        except LexiscopeError as error:
            refusal = json.dumps({"error": str(error)}).encode()
            answer(Answer(400, {"content-type": "application/json"}, refusal))
        else:
            self._asked().ask(asked, answer)

    # ---- what the page is told -------------------------------------------------------------

    def _show(self, address: Address) -> None:
        self._address = address
        self.send({"type": "show", "view": address.text})

    @traitlets.validate("selected")  # type: ignore[untyped-decorator]
    def _valid_selected(self, proposal: Any) -> tuple[int, ...]:
        return _numbers(proposal["value"], self._atlas[self.space].points)

    def _on_selected(self, change: Any) -> None:
        chosen = encode_points(change["new"])
        if chosen != self._address.get("sel"):  # it was not the page that said so
            self._show(self._address.put(sel=chosen, ask=None))

    @traitlets.validate("hovered")  # type: ignore[untyped-decorator]
    def _valid_hovered(self, proposal: Any) -> int | None:
        point: int | None = proposal["value"]
        return point if point is None else _numbers(point, self._atlas[self.space].points)[0]

    def _on_hovered(self, change: Any) -> None:
        if change["new"] != self._pointed:
            self._pointed = change["new"]
            self.send({"type": "hover", "point": -1 if change["new"] is None else change["new"]})

    # ---- in the cell -----------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the page, and after it a picture for where no kernel answers the page any more."""
        from IPython.display import display

        data, metadata = self._repr_mimebundle_() or ({}, {})
        display(data, metadata=metadata, raw=True)
        color = self._address.get("c")
        drawn = still(self._atlas, self.space, self.layer, self.projection, color, self._picture)
        display({"text/html": drawn, "text/plain": repr(self)}, raw=True)


def view(
    atlas: Atlas,
    space: str | None = None,
    layer: int | None = None,
    projection: str | None = None,
    color: str | None = None,
    height: int = 600,
) -> View:
    """Show an atlas in a notebook: Jupyter, VS Code, Colab, marimo.

    Parameters
    ----------
    atlas : Atlas
    space : str, optional
        A space of it; the word table, or else the first there is.
    layer : int, optional
        The last, unless one is given; -1 is the last too.
    projection : str, optional
        Its id, such as ``"tsne-2d"``; the one that keeps most neighbours.
    color : str, optional
        See `View.color_by`.
    height : int
        In pixels, 200 to 4,000.

    Returns
    -------
    View

    Raises
    ------
    LexiscopeError
        For what the atlas has not, or a height that no cell has.
    """
    if isinstance(height, bool) or not isinstance(height, int) or not LOWEST <= height <= HIGHEST:
        raise LexiscopeError(f"height {height!r}: give pixels, {LOWEST} to {HIGHEST}")
    if not atlas.spaces:
        raise LexiscopeError(f"{atlas.path} holds no space yet: build one first")
    shown = space or ("word" if "word" in atlas else atlas.spaces[0])
    address = Address().put(s=shown, l=layer, p=projection, c=color)
    return View(atlas, _checked(atlas, address), height)


def _checked(atlas: Atlas, address: Address) -> Address:
    """Return an address with its layer as the atlas numbers it; refuse what the atlas has not."""
    name, number, projection, color = (address.get(field) for field in ("s", "l", "p", "c"))
    if name not in atlas:
        raise LexiscopeError(f"space {name!r}: {atlas.path} has {', '.join(atlas)}")
    space = atlas[name]
    layer = space.resolve_layer(int(number) if number else None)
    known = atlas.projections(name, layer)
    if projection and projection not in known:
        has = ", ".join(known) or "none"
        raise LexiscopeError(f"projection {projection!r}: {name} has {has} at this layer")
    if not known:
        raise LexiscopeError(f"{name} has no projection to show: make one with lexiscope.project")
    if color and color not in MEASURED:
        usable = [
            column
            for column in space.points.column_names
            if typed(space.points[column]).type != "text"
        ]
        if color not in usable:
            raise LexiscopeError(
                f"color {color!r}: {name} can be coloured by {', '.join([*usable, *MEASURED])}"
            )
    return address.put(l=layer)


def _numbers(points: Any, table: pa.Table) -> tuple[int, ...]:
    """Return the numbers of the points that are named, ascending."""
    found: set[int] = set()
    labels: set[str] = set()
    for point in _each(points):
        each = point.as_py() if isinstance(point, pa.Scalar) else point
        if isinstance(each, str):
            labels.add(each)
        elif isinstance(each, (int, np.integer)) and not isinstance(each, bool):
            if not 0 <= each < len(table):
                raise LexiscopeError(f"point {each}: there are points 0 to {len(table) - 1}")
            found.add(int(each))
        else:
            raise LexiscopeError(f"point {each!r}: give point numbers or labels")
    if labels:
        found |= _labelled(labels, table)
    return tuple(sorted(found))


def _each(points: Any) -> Iterable[Any]:
    """Return what was given one by one; refuse what holds neither numbers nor labels."""
    if isinstance(points, (int, str, np.integer, pa.Scalar)):
        return [points]
    # One would go through the codes of bytes, the keys of a mapping, the names of a table.
    if not isinstance(points, (bytes, bytearray, memoryview, Mapping)):
        if hasattr(points, "columns"):
            raise LexiscopeError(
                f"points as a {type(points).__name__}: give one column of it, such as "
                "view.selection['point']"
            )
        with contextlib.suppress(TypeError):
            listed: Iterable[Any] = iter(points)
            return listed
    raise LexiscopeError(
        f"points {reprlib.repr(points)}: give a point number, a label, or a list of them, such as "
        "[12, 'bank', '#7']; an empty list selects nothing"
    )


def _labelled(labels: set[str], table: pa.Table) -> set[int]:
    """Return the points that carry labels: in one pass all that are spelled so."""
    exact = [each for each in labels if not (each[:1] == "#" and each[1:].isdecimal())]
    column = table["label"]
    carried = pc.index_in(column, pa.array(exact, column.type))
    rest = labels.difference(exact[each] for each in pc.unique(carried).drop_null().to_pylist())
    found = np.flatnonzero(pc.is_valid(carried).to_numpy()).tolist()
    return set(found).union(*(named(each, table).tolist() for each in sorted(rest)))


@cache
def _built() -> tuple[str, str, bytes]:
    """Return the widget's script, and the page with its hash, compressed."""
    try:
        script = (FOLDER / "widget.js").read_text(encoding="utf-8")
        page = (FOLDER / "alone.html").read_bytes()
    except OSError as error:
        raise LexiscopeError(
            "the page is not built: run `make page` in a checkout of the source"
        ) from error
    return script, hashlib.sha256(page).hexdigest()[:16], gzip.compress(page, mtime=0)


def _nothing() -> None: ...
