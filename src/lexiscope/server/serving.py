"""Serving: the application behind a port, for as long as it is wanted."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from lexiscope.errors import LexiscopeError
from lexiscope.server.app import App, create_app
from lexiscope.server.security import is_loopback

PORTS_TRIED = 50


def serve(
    atlases: Sequence[Path],
    *,
    port: int = 8765,
    host: str = "127.0.0.1",
    ready: Callable[[str, int], None],
) -> None:
    """Serve atlases until a signal ends it.

    Parameters
    ----------
    atlases : sequence of pathlib.Path
        Their folders.
    port : int
        The first to try; the next free one is taken when it is in use. 0 takes any.
    host : str
        The address to listen on. Any but this machine's own is guarded by a token.
    ready : callable
        Called with the address to open and the port, once requests are answered.

    Raises
    ------
    LexiscopeError
        When a folder holds no atlas, or the address cannot be listened on.
    """
    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    app = create_app(atlases, host=host, token=token)
    with _listen(host, port) as listening:
        taken = int(listening.getsockname()[1])
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{taken}/" + (f"?token={token}" if token else "")
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        _Server(config, app, lambda: ready(url, taken)).run([listening])


class _Server(uvicorn.Server):
    """A server that says when it is ready, and ends what it would wait for."""

    def __init__(self, config: uvicorn.Config, app: App, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app, self._ready = app, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the first free port from `port` on."""
    last = min(port + PORTS_TRIED, 65536) if port else 1
    for candidate in range(port, last):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, candidate, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            found = socket.socket(family, kind, protocol)
            try:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                found.bind(address)
            except OSError:
                found.close()
                raise
            return found
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LexiscopeError(
                    f"cannot listen on {host}:{candidate} ({error.strerror or error})"
                ) from error
    raise LexiscopeError(
        f"no free port on {host} from {port} on ({PORTS_TRIED} tried); name another with --port"
    )
