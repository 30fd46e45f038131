"""Events: what the server tells its pages by itself, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
from collections.abc import AsyncIterator
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lexiscope.server.describe import atlas_info
from lexiscope.server.library import Library, OpenAtlas

log = logging.getLogger(__name__)

PING = 15.0
POLL = 0.7


class Listener:
    """One open connection, and what it has not been told yet.

    Of news about the same thing only the last waits, so that a slow reader costs nothing.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news: dict[tuple[str, str], Any] = {}
        self._woken = asyncio.Event()
        self._lock = threading.Lock()

    def tell(self, kind: str, about: str, data: Any) -> None:
        """Put news there, from any thread."""
        with self._lock:
            self._news[kind, about] = data
        self.wake()

    def wake(self) -> None:
        """Let `news` return."""
        self._loop.call_soon_threadsafe(self._woken.set)

    async def news(self) -> list[tuple[str, Any]]:
        """Wait for news; return none when nothing was new for a while."""
        try:
            async with asyncio.timeout(PING):
                await self._woken.wait()
        except TimeoutError:
            return []
        self._woken.clear()
        with self._lock:
            news, self._news = self._news, {}
        return [(kind, data) for (kind, _), data in news.items()]


class Events:
    """Tells every open page what changes: atlases, which it looks at itself, and jobs.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._server = secrets.token_hex(8)
        self._listeners: set[Listener] = set()
        self._known: dict[str, Any] = {}
        self._looking = threading.Lock()
        self._closed = False

    def publish(self, kind: str, about: str, data: Any) -> None:
        """Tell all pages, from any thread, in place of older news of the kind about the same."""
        for listener in list(self._listeners):
            listener.tell(kind, about, data)

    def look(self, opened: OpenAtlas) -> None:
        """Tell all pages of an atlas if it changed since the last look."""
        with self._looking:
            info = atlas_info(opened)
            if info != self._known.get(opened.id):
                self._known[opened.id] = info
                self.publish("atlas", opened.id, info)

    async def watch(self) -> None:
        """Look at the atlases again and again while somebody listens."""
        while True:
            await asyncio.sleep(POLL)
            if not self._listeners:
                self._known.clear()
                continue
            for opened in self._library:
                try:
                    await to_thread.run_sync(self.look, opened)
                except Exception:
                    log.exception("looking at %s failed", opened.path)

    async def answer(self, request: Request) -> Response:
        """Answer ``GET /api/events``."""
        del request
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    def close(self) -> None:
        """End every open connection, which the server would wait for otherwise."""
        self._closed = True
        for listener in list(self._listeners):
            listener.wake()

    async def _stream(self) -> AsyncIterator[str]:
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield _event("hello", {"server": self._server})
            while not self._closed:
                news = await listener.news()
                yield "".join(_event(kind, data) for kind, data in news) or ": still here\n\n"
        finally:
            self._listeners.discard(listener)


def _event(kind: str, data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n"
