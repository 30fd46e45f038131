"""App: the server's routes put together, and what becomes of errors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from lexiscope.errors import LexiscopeError, OutdatedError
from lexiscope.server.describe import atlas_info
from lexiscope.server.desk import Desk
from lexiscope.server.events import Events
from lexiscope.server.library import Library
from lexiscope.server.measuring import Measuring
from lexiscope.server.page import FOLDER, Page
from lexiscope.server.queue import Queue
from lexiscope.server.refusal import RefusalError
from lexiscope.server.security import Guard

SENTENCES = {
    404: "there is nothing at this address",
    405: "this address takes no {method}",
}


class App:
    """The application that serves atlases and the page that shows them (ASGI).

    Parameters
    ----------
    library : Library
    host : str
        The address it is served at.
    token : str or None
        What requests have to show; None to let every request of this machine in.
    page : pathlib.Path
        The folder of the built page.
    """

    def __init__(
        self,
        library: Library,
        *,
        host: str = "127.0.0.1",
        token: str | None = None,
        page: Path = FOLDER,
    ) -> None:
        self._library = library
        self._events = Events(library)
        self._queue = Queue(library, self._events)
        self._measuring = Measuring(library)
        asked = [
            *Desk(library, self._events).routes(),
            *self._queue.routes(),
            *self._measuring.routes(),
            Route("/events", self._events.answer),
        ]
        routes = [Mount("/api", routes=asked), Route("/{path:path}", Page(page).answer)]
        inner = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={
                LexiscopeError: _refuse,
                HTTPException: _refuse,
                Exception: _fail,
            },
        )
        # Around everything, so that the answer to a bug has the headers too.
        self._guard = Guard(inner, host, token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        await self._guard(scope, receive, send)

    def close(self) -> None:
        """End the open event streams, which would keep a server from stopping."""
        self._events.close()

    def _describe(self) -> None:
        for opened in self._library:
            atlas_info(opened)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        del app
        watching = asyncio.create_task(self._events.watch())
        # What the first page asks first is ready by the time that a browser has started.
        warming = asyncio.create_task(asyncio.to_thread(self._describe))
        try:
            yield
        finally:
            watching.cancel()
            warming.cancel()
            self._measuring.close()
            self._queue.jobs.close()


def create_app(
    atlases: Sequence[Path], *, host: str = "127.0.0.1", token: str | None = None
) -> App:
    """Make the application that serves some atlases.

    Parameters
    ----------
    atlases : sequence of pathlib.Path
        Their folders.
    host : str
        The address it is served at.
    token : str or None
        What requests have to show; None to let every request of this machine in.

    Returns
    -------
    App
        An ASGI application.

    Raises
    ------
    LexiscopeError
        When one of the folders holds no atlas.
    """
    return App(Library(atlases), host=host, token=token)


def _refuse(request: Request, error: Exception) -> Response:
    """Answer what is refused: the one place where an error becomes a 4xx."""
    if isinstance(error, HTTPException):
        sentence = SENTENCES.get(error.status_code, error.detail).format(method=request.method)
        return JSONResponse({"error": sentence}, error.status_code, error.headers)
    if isinstance(error, RefusalError):
        status = error.status
    else:
        status = 409 if isinstance(error, OutdatedError) else 400
    return JSONResponse({"error": str(error)}, status)


def _fail(request: Request, error: Exception) -> Response:
    """Answer a bug; the server logs it with its traceback."""
    del request, error
    return JSONResponse({"error": "an unexpected error; see the server's log"}, 500)
