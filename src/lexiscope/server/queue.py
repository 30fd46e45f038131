"""Queue: where projections are ordered, and their jobs looked at and steered."""

from __future__ import annotations

import sys
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lexiscope.contract import coordinates
from lexiscope.projection import METHODS
from lexiscope.server import arrow
from lexiscope.server.desk import SPACE
from lexiscope.server.events import Events
from lexiscope.server.fields import MB, Fields, checked_text, reads_body
from lexiscope.server.jobs import Job, Jobs, Order
from lexiscope.server.library import Library, Shelf
from lexiscope.server.refusal import RefusalError

SEEDS = 2**31
# What every method's parameters are; `Space.check` says which a method takes, and what in them.
PARAMETERS: dict[str, Any] = {
    "components": list,
    "axes": list,
    "supervise": str,
    "spherize": bool,
    "neighbors": int,
    **dict.fromkeys(("perplexity", "learning_rate", "supervision", "min_dist"), (int, float)),
}
KINDS: dict[Any, str] = {int: "a whole number", (int, float): "a number"}


class Queue:
    """Answers what is asked about projections to compute.

    Parameters
    ----------
    library : Library
    events : Events
    """

    def __init__(self, library: Library, events: Events) -> None:
        self._library = library
        self.jobs = Jobs(lambda job: events.publish("job", job.id, job.info()), events.look)

    def routes(self) -> list[Route]:
        """Return its routes, below ``/api``."""
        job = "/jobs/{id}"
        return [
            Route(SPACE + "/projections", self.project, methods=["POST"]),
            Route("/jobs", self.all),
            Route(job, self.order, methods=["POST"]),
            Route(job + "/coordinates", self.coordinates),
        ]

    @reads_body(MB)
    def project(self, request: Request, content: bytes) -> Response:
        """Take an order for a projection (`ProjectionRequest`)."""
        opened = self._library[request.path_params["atlas"]]
        shelf = opened.space(request.path_params["space"])
        asked = _checked(shelf, Fields.of_json(content))
        job = Job(opened, shelf.name, asked)
        self.jobs.add(job, _kept(shelf, asked))
        return JSONResponse(job.info(), 202)

    def all(self, request: Request) -> Response:
        """Answer all jobs."""
        del request
        infos = [job.info() for job in self.jobs.all()]
        return JSONResponse(infos, headers={"Cache-Control": "no-store"})

    @reads_body(MB)
    def order(self, request: Request, content: bytes) -> Response:
        """Steer a job (`JobOrder`)."""
        job = self.jobs.get(request.path_params["id"])
        self.jobs.order(job, Fields.of_json(content).choice("order", get_args(Order)))
        return JSONResponse(job.info())

    def coordinates(self, request: Request) -> Response:
        """Answer the layout that a job is at."""
        layout = self.jobs.get(request.path_params["id"]).layout
        if layout is None:
            raise RefusalError(404, "there is no layout of this job to look at")
        return arrow.answer(coordinates(layout), {"Cache-Control": "no-store"})


def _checked(shelf: Shelf, fields: Fields) -> dict[str, Any]:
    """Return a request for a projection, whole and of the right types."""
    layers = shelf.space.layers
    asked: dict[str, Any] = {
        "method": fields.choice("method", tuple(METHODS)),
        "dims": fields.choice("dims", (2, 3)),
        "seed": fields.integer("seed", 0, high=SEEDS),
        "parameters": fields.raw("parameters", dict, "a JSON object", {}),
    }
    for name, value in asked["parameters"].items():
        _check(name, value)
    shelf.space.check(
        asked["method"],
        asked["parameters"],
        dims=asked["dims"],
        dimensions=shelf.atlas.dimensions(shelf.name),
    )
    if "layer" in fields or layers:
        layer = fields.raw("layer", (int, str), 'a layer, or "all"', layers[-1] if layers else None)
        if layer not in layers and not (layer == "all" and layers):
            has = f"{', '.join(map(str, layers))} and all" if layers else "none, being a table"
            raise RefusalError(404, f"there is no layer {layer!r}: {shelf.name} has {has}")
        asked["layer"] = layer
    return asked


def _check(name: str, value: Any) -> None:
    """Refuse a parameter of the wrong type."""
    kind = PARAMETERS.get(name)
    if kind is None:
        return
    fields = Fields({name: value})
    if kind is list:
        for part in fields.raw(name, list, "a list"):
            if isinstance(part, str):
                checked_text(name, part)
    elif kind is str:
        fields.text(name)
    elif kind is bool:
        fields.flag(name)
    elif abs(fields.raw(name, kind, KINDS[kind])) > sys.float_info.max:
        raise RefusalError(400, f"{name} is too large a number")


def _kept(shelf: Shelf, asked: dict[str, Any]) -> str | None:
    """Return the id of a projection where the atlas has it already, at every layer wanted."""
    layer = asked.get("layer")
    wanted = shelf.space.layers if layer == "all" else (layer,)
    id = shelf.space.projection_id(
        asked["method"], asked["dims"], asked["seed"], asked["parameters"]
    )
    there = (shelf.atlas.projections(shelf.name, each) for each in wanted)
    return id if all(id in known for known in there) else None
