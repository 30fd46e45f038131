"""Server: atlases over HTTP, with the page that shows them.

`App` is an ASGI application; `serve` runs it behind a port. What is said between it and the page
is written down in ``web/src/contract.ts``.
"""

from __future__ import annotations

from lexiscope.server.app import App, create_app
from lexiscope.server.serving import serve

__all__ = ["App", "create_app", "serve"]
