"""Measuring: the findings of an atlas as the page asks for them, and what two spaces share."""

from __future__ import annotations

import logging
import threading
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lexiscope import workflow
from lexiscope.atlas import Atlas
from lexiscope.comparison import compare
from lexiscope.contract import findings_info
from lexiscope.errors import LexiscopeError
from lexiscope.server.desk import ATLAS
from lexiscope.server.fields import MB, Fields, reads_body
from lexiscope.server.jobs import StoppedError, yield_to_others
from lexiscope.server.library import Library, OpenAtlas, Shelf
from lexiscope.server.refusal import RefusalError
from lexiscope.space import Layer

log = logging.getLogger(__name__)

Json = dict[str, Any]


class Measuring:
    """Answers what is asked about findings and comparisons.

    Reports are measured in a thread each, one at a time.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._running: dict[str, Json] = {}
        self._errors: dict[str, str] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._comparing = threading.Lock()
        # The comparison asked for last: an older one that still runs is given up.
        self._asking = object()
        self._closed = False

    def routes(self) -> list[Route]:
        """Return its routes, below ``/api``."""
        return [
            Route(ATLAS + "/findings", self.findings),
            Route(ATLAS + "/findings", self.measure, methods=["POST"]),
            Route("/comparisons", self.compare, methods=["POST"]),
        ]

    def findings(self, request: Request) -> Response:
        """Answer the findings that an atlas keeps (`Findings`)."""
        opened = self._library[request.path_params["atlas"]]
        return JSONResponse(self._state(opened), headers={"Cache-Control": "no-store"})

    @reads_body(MB)
    def measure(self, request: Request, content: bytes) -> Response:
        """Begin to measure an atlas, unless that runs already (`Findings`)."""
        del content
        opened = self._library[request.path_params["atlas"]]
        opened.atlas()
        with self._lock:
            is_new = opened.id not in self._running
            if is_new:
                self._running[opened.id] = _progress("waiting", "%", 0, 100)
                self._errors.pop(opened.id, None)
        if is_new:
            work = threading.Thread(target=self._measure, args=(opened,), daemon=True)
            work.start()
        return JSONResponse(self._state(opened), 202)

    @reads_body(MB)
    def compare(self, request: Request, content: bytes) -> Response:
        """Compare two spaces, point by point at one layer of each (`ComparisonAnswer`)."""
        del request
        asked = Fields.of_json(content)
        (one, first), (other, second) = (
            self._side(asked.raw(side, dict, "an object with atlas, space and layer"))
            for side in ("a", "b")
        )
        asking = self._asking = object()

        def heed(done: float) -> None:
            del done
            if self._closed or self._asking is not asking:
                raise RefusalError(409, "another comparison was asked for meanwhile")

        with self._comparing:  # each takes every core
            heed(0.0)
            names = (one.opened.id, other.opened.id)
            found = compare(
                one.space, other.space, layers=(first, second), names=names, progress=heed
            )
        return JSONResponse(found.as_json() | {"by_point": found.by_point()})

    def close(self) -> None:
        """Let what is measured end at its next step."""
        self._closed = True

    def _side(self, given: Json) -> tuple[Shelf, Layer]:
        fields = Fields(given)
        shelf = self._library[fields.text("atlas")].space(fields.text("space"))
        layer = given.get("layer")
        if layer is not None and (isinstance(layer, bool) or not isinstance(layer, int)):
            raise RefusalError(400, f"layer is {layer!r}: give a number, or null for a table")
        return shelf, shelf.space.resolve_layer(layer)

    def _state(self, opened: OpenAtlas) -> Json:
        atlas = opened.atlas()
        running, error = self._running.get(opened.id), self._errors.get(opened.id)
        state = findings_info(atlas)
        return state | {"running": running, "error": state["error"] or error}

    def _measure(self, opened: OpenAtlas) -> None:
        yield_to_others()

        def advance(stage: str, unit: str, done: int, total: int) -> None:
            self._running[opened.id] = _progress(stage, unit, done, total)
            if self._closed:
                raise StoppedError

        try:
            with self._turn:
                # An atlas of its own, for the server's is asked from other threads meanwhile.
                atlas = Atlas.open(opened.path)
                workflow.report(atlas, **_asked(atlas), again=True, progress=advance)
        except StoppedError:
            pass
        except LexiscopeError as error:
            self._errors[opened.id] = str(error)
        except Exception:
            log.exception("measuring %s failed", opened.path)
            self._errors[opened.id] = "an unexpected error; see the server's log"
        finally:
            self._running.pop(opened.id, None)


def _asked(atlas: Atlas) -> Json:
    """Return what was chosen for the last report: a person's own lists are measured again."""
    try:
        kept = atlas.report
    except LexiscopeError:  # damaged: it is replaced
        return {}
    return dict(kept.asked) if kept else {}


def _progress(stage: str, unit: str, done: int, total: int) -> Json:
    return {"stage": stage, "unit": unit, "done": done, "total": total}
