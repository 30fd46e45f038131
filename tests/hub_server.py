"""A small Hub on 127.0.0.1, which speaks as much of the real one's protocol as clients use.

Large files are answered with a redirect to another path, as the real Hub sends clients to its
storage. Every byte of every body is counted by path, and misbehaviour can be asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin")


class HubServer:
    """Models in folders, served as ``org/name`` at one commit that ``main`` and ``v1`` mean.

    Attributes
    ----------
    sent
        Bytes of bodies by repository file (``org/name/model.safetensors``) or API path.
    requests
        Every request as (method, path, headers).
    break_after
        Once, end the next body of a large file after so many bytes.
    answer
        Status to answer everything with: 500, 401, ...
    gated
        Repositories whose files only a token opens.
    ranges
        Whether range requests are honoured.
    """

    def __init__(self) -> None:
        self.models: dict[str, Path] = {}
        self.sent: Counter[str] = Counter()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.break_after: list[int] = []
        self.answer: int | None = None
        self.gated: set[str] = set()
        self.ranges = True
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        # Another host by its name, so that clients must not send their token there.
        self.storage = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def use(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        """Point huggingface_hub, in this process, at this server and an own cache."""
        from huggingface_hub import constants

        template = self.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", self.endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", "")

    def environment(self, cache: Path) -> dict[str, str]:
        """The same for a new process."""
        return {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1"}


@contextmanager
def serve(**models: Path) -> Iterator[HubServer]:
    """A server for the ``with`` block; ``tiny__bert=folder`` is served as ``tiny/bert``."""
    server = HubServer()
    server.models = {name.replace("__", "/"): folder for name, folder in models.items()}
    try:
        yield server
    finally:
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, dict(self.headers)))
        if self.hub.answer is not None:
            self._reply(self.hub.answer, {}, b"")
        elif found := re.fullmatch(r"/api/models/(.+?)(?:/revision/(.+))?", path):
            self._info(path, *found.groups())
        elif found := re.fullmatch(r"/(.+?)/resolve/([^/]+)/(.+)", path):
            self._resolve(*found.groups())
        elif found := re.fullmatch(r"/storage/(.+?)//(.+)", path):
            self._file(found[1], found[2])
        else:
            self._reply(404, {}, b"")

    def _known(self, repository: str, revision: str | None) -> bool:
        if repository not in self.hub.models:
            # The real Hub does not tell strangers whether a private model exists.
            self._reply(401, {"X-Error-Code": "RepoNotFound"}, b"")
        elif revision not in (None, "main", "v1", COMMIT):
            self._reply(404, {"X-Error-Code": "RevisionNotFound"}, b"")
        else:
            return True
        return False

    def _info(self, path: str, repository: str, revision: str | None) -> None:
        if self._known(repository, revision):
            names = sorted(file.name for file in self.hub.models[repository].iterdir())
            info = {
                "id": repository,
                "sha": COMMIT,
                "siblings": [{"rfilename": name} for name in names],
            }
            self._reply(200, {"Content-Type": "application/json"}, json.dumps(info).encode(), path)

    def _resolve(self, repository: str, revision: str, name: str) -> None:
        if not self._known(repository, revision):
            return
        file = self.hub.models[repository] / name
        common = {"X-Repo-Commit": COMMIT}
        if repository in self.hub.gated and "Authorization" not in self.headers:
            self._reply(403, {**common, "X-Error-Code": "GatedRepo"}, b"")
        elif not file.is_file():
            self._reply(404, {**common, "X-Error-Code": "EntryNotFound"}, b"")
        elif name.endswith(LARGE):
            linked = {
                "X-Linked-Size": str(file.stat().st_size),
                "X-Linked-ETag": f'"{hashlib.sha256(file.read_bytes()).hexdigest()}"',
                "Location": f"{self.hub.storage}/storage/{repository}//{name}",
            }
            self._reply(302, {**common, **linked}, b"")
        else:
            self._file(repository, name)

    def _file(self, repository: str, name: str) -> None:
        content = (self.hub.models[repository] / name).read_bytes()
        headers = {
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        counted = f"{repository}/{name}"
        if not asked or not self.hub.ranges:
            self._reply(200, headers, content, counted)
            return
        start, stop = int(asked[1]), min(int(asked[2] or len(content)) + 1, len(content))
        if start >= len(content):
            self._reply(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
            return
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        self._reply(206, headers, content[start:stop], counted)

    def _reply(self, status: int, headers: dict[str, str], body: bytes, counted: str = "") -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.break_after and counted.endswith(LARGE) and len(body) > 8:
            body = body[: self.hub.break_after.pop(0)]
            self.close_connection = True
        self.wfile.write(body)
        self.hub.sent[counted] += len(body)
