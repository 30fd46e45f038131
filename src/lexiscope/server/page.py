"""Page: the built page's files, read once and served from memory.

No path of a request is ever opened: what is asked for is looked up among the names read at the
start, or is not there.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lexiscope.server.refusal import RefusalError

FOLDER = Path(__file__).parent / "page"
FOREVER = "public, max-age=31536000, immutable"
# Systems differ in what they take a script for; a browser runs it by one name only.
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}
HOW_TO_BUILD = (
    "The page is not built. In a checkout of the source:\n\n"
    "    make page\n\n"
    "then start lexiscope again. An installed lexiscope has it built in.\n"
)


class Page:
    """The files of the page.

    Parameters
    ----------
    folder : pathlib.Path
        Where they lie; those under ``assets`` have a hash in their names and never change.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        self._tags = {
            name: f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            for name, content in self._files.items()
        }

    def answer(self, request: Request) -> Response:
        """Answer a request for a file; ``/`` is ``index.html``."""
        name = request.path_params["path"] or "index.html"
        if name == "index.html" and name not in self._files:
            return PlainTextResponse(HOW_TO_BUILD, 503, {"Cache-Control": "no-store"})
        if name not in self._files:
            raise RefusalError(404, "there is nothing at this address")
        tag = self._tags[name]
        headers = {
            "ETag": tag,
            "Cache-Control": FOREVER if name.startswith("assets/") else "no-cache",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        suffix = Path(name).suffix
        media = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(self._files[name], media_type=media, headers=headers)
