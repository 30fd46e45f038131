"""Desk: where requests about atlases are read, handed on and answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import lexiscope
from lexiscope.contract import column_stream, layout_stream, plain, quality_stream
from lexiscope.neighbors import METRICS
from lexiscope.server import arrow, table
from lexiscope.server.describe import atlas_info, space_info
from lexiscope.server.events import Events
from lexiscope.server.fields import MB, Fields, parse, reads_body
from lexiscope.server.library import Library, Shelf
from lexiscope.server.live import LONGEST, Live
from lexiscope.server.neighborhood import neighborhood
from lexiscope.server.refusal import RefusalError
from lexiscope.server.search import MODES, search
from lexiscope.workflow import region_labels

ATLAS = "/atlases/{atlas}"
SPACE = ATLAS + "/spaces/{space}"
MOST_NEIGHBORS = 1000
MOST_BOOKMARKS = 1000
# A view names every point that is selected in it.
LONGEST_NAME, LONGEST_VIEW = 4000, 2_000_000


class Desk:
    """Answers what is asked of atlases and their spaces.

    Parameters
    ----------
    library : Library
    events : Events
    """

    def __init__(self, library: Library, events: Events) -> None:
        self._library, self._events = library, events
        self._live = Live()

    def routes(self) -> list[Route]:
        """Return its routes, below ``/api``."""
        projection = SPACE + "/projections/{id}"
        return [
            Route("/atlases", self.atlases),
            Route(ATLAS + "/bookmarks", self.bookmarks),
            Route(ATLAS + "/bookmarks", self.keep_bookmarks, methods=["PUT"]),
            Route(SPACE + "/columns", self.columns),
            Route(SPACE + "/columns", self.add_columns, methods=["POST"]),
            Route(projection, self.projection),
            Route(projection + "/quality", self.quality),
            Route(projection + "/labels", self.labels),
            Route(SPACE + "/neighbors", self.neighbors),
            Route(SPACE + "/search", self.search),
            Route(SPACE + "/live", self.live, methods=["POST"]),
            Route(SPACE + "/tags", self.tag, methods=["POST"]),
            Route(SPACE + "/tags/{column:path}", self.drop, methods=["DELETE"]),
            Route(SPACE + "/selection", self.selection, methods=["POST"]),
        ]

    # ---- reading -----------------------------------------------------------------------

    def atlases(self, request: Request) -> Response:
        """Answer all atlases (`Atlases`)."""
        del request
        infos = [atlas_info(opened) for opened in self._library]
        return JSONResponse(
            {"lexiscope": lexiscope.__version__, "atlases": infos},
            headers={"Cache-Control": "no-store"},
        )

    def columns(self, request: Request) -> Response:
        """Answer columns of the points."""
        shelf, headers = self._asked(request)
        points = shelf.space.points
        names = list(dict.fromkeys(request.query_params.getlist("name")))
        if not names:
            raise RefusalError(400, "name is missing: name one column or several")
        for name in names:
            if name not in points.column_names:
                has = ", ".join(points.column_names)
                raise RefusalError(404, f"there is no column {name!r}: {shelf.name} has {has}")
        return _unless_known(
            request,
            headers,
            lambda: column_stream(shelf.space, names),
        )

    def projection(self, request: Request) -> Response:
        """Answer the coordinates of a projection."""
        shelf, headers = self._asked(request)
        id, layer = _projection(request, shelf)
        return _unless_known(
            request,
            headers,
            lambda: layout_stream(shelf.atlas, shelf.name, id, layer),
        )

    def quality(self, request: Request) -> Response:
        """Answer the quality of a projection, point by point."""
        shelf, headers = self._asked(request)
        id, layer = _projection(request, shelf)
        return _unless_known(
            request,
            headers,
            lambda: quality_stream(shelf.atlas, shelf.name, id, layer),
        )

    def labels(self, request: Request) -> Response:
        """Answer the labels of a projection's regions (`ClusterLabel[]`)."""
        shelf, headers = self._asked(request)
        id, layer = _projection(request, shelf)
        # Regions have the names of the clusters that were found.
        headers["ETag"] = f'{headers["ETag"][:-1]}-{shelf.atlas.measured}"'
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        found = region_labels(shelf.atlas, shelf.name, id, layer)
        return JSONResponse(plain(found), headers=headers)

    def neighbors(self, request: Request) -> Response:
        """Answer the points nearest to a query (`Neighbors`)."""
        shelf, _ = self._asked(request)
        fields = Fields.of_address(request)
        found = neighborhood(
            shelf,
            fields.text("query"),
            fields.integer("k", 10, low=1, high=MOST_NEIGHBORS),
            fields.choice("metric", METRICS, "cosine"),
            layer=_layer(shelf, fields),
            spherized=fields.flag("spherize"),
        )
        return JSONResponse(found)

    def search(self, request: Request) -> Response:
        """Answer the points that a pattern finds."""
        shelf, _ = self._asked(request)
        fields = Fields.of_address(request)
        found = search(
            shelf,
            fields.text("column", "label"),
            fields.text("pattern"),
            fields.choice("mode", MODES, "substring"),
            case=fields.flag("case"),
        )
        return arrow.answer({"point": pa.array(found)})

    def bookmarks(self, request: Request) -> Response:
        """Answer an atlas' bookmarks."""
        opened = self._library[request.path_params["atlas"]]
        return JSONResponse(opened.atlas().bookmarks, headers={"Cache-Control": "no-store"})

    @reads_body(MB)
    def live(self, request: Request, content: bytes) -> Response:
        """Answer a sentence (`LiveAnswer`)."""
        shelf, _ = self._asked(request)
        fields = Fields.of_json(content)
        text = fields.text("text", longest=LONGEST)
        at = fields.integer("at", None)
        k = fields.integer("k", 15, low=1, high=MOST_NEIGHBORS)
        return JSONResponse(plain(self._live.answer(shelf, text, at, k)))

    @reads_body(32 * MB)
    def selection(self, request: Request, content: bytes) -> Response:
        """Answer points, by default all, as a csv file."""
        shelf, _ = self._asked(request)
        fields, count = Fields.of_json(content), len(shelf.space)
        rows = table.written(
            shelf,
            fields.points("points", count) if "points" in fields else np.arange(count),
            _layer(shelf, fields),
            vectors=fields.flag("vectors"),
        )
        # A space's name has no character that a header could not have.
        attachment = {"Content-Disposition": f'attachment; filename="{shelf.name}.csv"'}
        return Response(rows, media_type="text/csv", headers=attachment)

    # ---- writing -----------------------------------------------------------------------

    @reads_body(32 * MB)
    def keep_bookmarks(self, request: Request, content: bytes) -> Response:
        """Keep bookmarks in place of those there were."""
        opened = self._library[request.path_params["atlas"]]
        given = parse(content)
        if not isinstance(given, list) or len(given) > MOST_BOOKMARKS:
            raise RefusalError(
                400, f"the body has to be a list of up to {MOST_BOOKMARKS:,} bookmarks"
            )
        kept = []
        for each in given:
            if not isinstance(each, dict):
                raise RefusalError(400, "a bookmark has to be a JSON object")
            fields = Fields(each)
            kept.append(
                {
                    "name": fields.text("name", longest=LONGEST_NAME),
                    "view": fields.text("view", longest=LONGEST_VIEW),
                    "made": fields.text("made"),
                }
            )
        opened.atlas().keep_bookmarks(kept)
        return JSONResponse(kept)

    @reads_body(32 * MB)
    def tag(self, request: Request, content: bytes) -> Response:
        """Tag points, and answer the space."""
        shelf, _ = self._asked(request)
        fields = Fields.of_json(content)
        points = fields.points("points", len(shelf.space))
        column, value = fields.text("column"), fields.text("value")
        shelf.atlas.tag(shelf.name, column, value, points, shelf.key)
        return self._changed(request)

    def drop(self, request: Request) -> Response:
        """Remove a person's own column, and answer the space."""
        shelf, _ = self._asked(request)
        column = request.path_params["column"]
        if column not in shelf.atlas.own_columns(shelf.name):
            raise RefusalError(404, f"there is no column of your own by the name {column!r}")
        shelf.atlas.drop_columns(shelf.name, [column], shelf.key)
        return self._changed(request)

    @reads_body(64 * MB)
    def add_columns(self, request: Request, content: bytes) -> Response:
        """Add the columns of a csv or tsv file, and answer the space."""
        shelf, _ = self._asked(request)
        kind = request.headers["content-type"].partition(";")[0].strip().lower()
        delimiters = {"text/csv": ",", "text/tab-separated-values": "\t"}
        if kind not in delimiters:
            raise RefusalError(415, f"the Content-Type has to be one of {', '.join(delimiters)}")
        added = table.read(shelf, content, delimiters[kind])
        shelf.atlas.add_columns(shelf.name, added, shelf.key)
        return self._changed(request)

    # ---- what they share ---------------------------------------------------------------

    def _asked(self, request: Request) -> tuple[Shelf, dict[str, str]]:
        """Return the space that a request is about, and the headers that let its answer be kept."""
        shelf = self._library[request.path_params["atlas"]].space(request.path_params["space"])
        tag = f'"{lexiscope.__version__}-{shelf.version}"'
        return shelf, {"ETag": tag, "Cache-Control": "no-cache"}

    def _changed(self, request: Request) -> Response:
        opened = self._library[request.path_params["atlas"]]
        self._events.look(opened)
        return JSONResponse(space_info(opened.space(request.path_params["space"])))


def _layer(shelf: Shelf, fields: Fields) -> int | None:
    layer: int | None = fields.integer("layer", None)
    if layer is not None and layer not in shelf.space.layers:
        has = ", ".join(map(str, shelf.space.layers)) or "none, being a table"
        raise RefusalError(404, f"there is no layer {layer}: {shelf.name} has {has}")
    return layer


def _projection(request: Request, shelf: Shelf) -> tuple[str, int | None]:
    """Return the id and the layer of the projection that a request is about."""
    layer = _layer(shelf, Fields.of_address(request))
    id = request.path_params["id"]
    if id not in shelf.atlas.projections(shelf.name, layer):
        raise RefusalError(404, f"there is no projection {id!r} of {shelf.name} at this layer")
    return id, layer


def _unless_known(request: Request, headers: dict[str, str], content: Any) -> Response:
    """Answer with Arrow content, or that the page has it as it is."""
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content(), media_type=arrow.MEDIA_TYPE, headers=headers)
