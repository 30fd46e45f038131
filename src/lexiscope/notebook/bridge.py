"""Bridge: the server's application in this process, asked without a port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.types import Message, Scope

from lexiscope.errors import LexiscopeError
from lexiscope.server import App, create_app

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
# Who asks is this process itself. Of the page's headers these count; none of them says where a
# request comes from, so that the server's guard judges what is true.
PASSED_ON = {"accept", "content-type", "if-none-match"}
METHODS = {"GET", "POST", "PUT", "DELETE"}
SECONDS_TO_START = 30


@dataclass(frozen=True)
class Request:
    """What a page asks.

    Attributes
    ----------
    path : str
        Below ``/api``, with its query.
    method : str
    headers : dict of str to str
    body : bytes
    """

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __post_init__(self) -> None:
        texts = [self.path, self.method, *self.headers, *self.headers.values()]
        if not all(isinstance(text, str) for text in texts) or self.method not in METHODS:
            raise LexiscopeError(
                f"method {self.method!r}: {', '.join(sorted(METHODS))} are answered"
            )
        if not self.path.startswith("/api/"):
            raise LexiscopeError(f"a request for {self.path[:100]!r}: only /api/ is answered")

    @property
    def scope(self) -> Scope:
        """The request as ASGI has it."""
        path, _, query = self.path.partition("?")
        headers = [(b"host", HOST.encode())] + [
            (name.lower().encode(), value.encode("latin-1", "replace"))
            for name, value in self.headers.items()
            if name.lower() in PASSED_ON
        ]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii", "replace"),
            "query_string": query.encode("ascii", "replace"),
            "root_path": "",
            "headers": headers,
            "client": None,
            "server": (HOST, 0),
        }


@dataclass(frozen=True)
class Answer:
    """What the server answered: its status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Bridge:
    """The application that `lexiscope view` serves, over one atlas, in a thread of this process.

    It listens on no port: whoever holds it may ask. All views of one atlas share one; it ends
    with the last of them.

    Parameters
    ----------
    path : pathlib.Path
        Folder of an atlas.

    Raises
    ------
    LexiscopeError
        When there is no atlas.
    """

    _open: dict[Path, Bridge] = {}  # noqa: RUF012
    _opening = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.path = path
        self._users = 0
        self._app: App = create_app([path], host=HOST)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._ending: asyncio.Event
        # A kernel that ends does not wait for it.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name=f"lexiscope {path.name}", daemon=True
        )
        self._thread.start()
        if not self._started.wait(SECONDS_TO_START):
            raise RuntimeError("the server's application did not start")

    @classmethod
    def over(cls, path: Path) -> Bridge:
        """Return the bridge to an atlas, begun if there is none; `leave` it when done."""
        whole = path.resolve()
        with cls._opening:
            if whole not in cls._open:
                cls._open[whole] = cls(whole)
            bridge = cls._open[whole]
            bridge._users += 1
            return bridge

    def leave(self) -> None:
        """Need it no more; the last who leaves ends it."""
        with self._opening:
            self._users -= 1
            if self._users:
                return
            self._open.pop(self.path, None)
        self._loop.call_soon_threadsafe(self._ending.set)
        if threading.current_thread() is not self._thread:
            self._thread.join(SECONDS_TO_START)

    def ask(self, request: Request, answer: Callable[[Answer], None]) -> None:
        """Have a request answered; `answer` is called in the bridge's thread."""

        async def asking() -> None:
            status, headers, parts = 500, dict[str, str](), list[bytes]()
            async for message in self._messages(request):
                if message["type"] == "http.response.start":
                    status = message["status"]
                    headers = {
                        name.decode("latin-1"): value.decode("latin-1")
                        for name, value in message["headers"]
                    }
                else:
                    parts.append(message.get("body", b""))
            answer(Answer(status, headers, b"".join(parts)))

        asyncio.run_coroutine_threadsafe(asking(), self._loop)

    def listen(self, tell: Callable[[str, Any], None]) -> Callable[[], object]:
        """Hear the server's events, each a name and its data, in the bridge's thread.

        Returns
        -------
        callable
            Ends it.
        """

        async def listening() -> None:
            text = ""
            async for message in self._messages(Request("/api/events")):
                text += message.get("body", b"").decode()
                *whole, text = text.split("\n\n")
                for event in whole:
                    fields = dict(line.split(": ", 1) for line in event.split("\n"))
                    if "event" in fields:  # and no sign of life
                        tell(fields["event"], json.loads(fields["data"]))

        return asyncio.run_coroutine_threadsafe(listening(), self._loop).cancel

    async def _messages(self, request: Request) -> AsyncIterator[Message]:
        """Yield what the application sends for a request, as it sends it."""
        sent: asyncio.Queue[Message | None] = asyncio.Queue()
        given: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> Message:
            if not given:
                await asyncio.Event().wait()  # who asks does not go before the answer
            return given.pop()

        async def answering() -> None:
            try:
                await self._app(request.scope, receive, sent.put)
            except Exception:  # it has answered 500
                log.exception("%s %s failed", request.method, request.path)
            finally:
                sent.put_nowait(None)

        task = asyncio.create_task(answering())
        try:
            while (message := await sent.get()) is not None:
                yield message
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        """Keep the application running, as a server's process does."""
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        given: list[Message] = [{"type": "lifespan.startup"}]

        async def receive() -> Message:
            if not given:
                await self._ending.wait()
                return {"type": "lifespan.shutdown"}
            return given.pop()

        async def send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._started.set()

        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
        self._app.close()
