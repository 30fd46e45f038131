"""Guard: who may ask the server, and what a browser may do with its answers.

The server speaks for a person's files, so no other site that the person visits may use it. A
name that was pointed at this machine (DNS rebinding) shows in Host, a foreign site in Origin, a
foreign form in Content-Type. Away from this machine a token is asked for besides.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# What a form of a foreign site cannot send without asking first.
BODIES = {"application/json", "text/csv", "text/tab-separated-values"}
OWN_NAMES = {"localhost", "127.0.0.1", "::1"}


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


class Guard:
    """Stands before an application: lets its own page in, and sets the headers of every answer.

    Parameters
    ----------
    app : ASGI application
    host : str
        The address listened on; besides the names of this machine, requests may be made to it.
    token : str or None
        A secret to ask for: in the address, from which it moves into a cookie, or as
        ``Authorization: Bearer``.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None) -> None:
        self._app = app
        # Whoever listens on every address has names that nobody here knows; the token guards it.
        self._names = None if _is_everywhere(host) else OWN_NAMES | {host.lower()}
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal:
            await _answer(send_guarded, refusal[0], refusal[1])
        elif self._token is None or _shows(scope, headers, self._token):
            await self._app(scope, receive, send_guarded)
        elif scope["method"] == "GET" and (clean := _without_token(scope, self._token)):
            cookie = f"{_cookie_name(scope)}={self._token}; HttpOnly; SameSite=Strict; Path=/"
            moved = {"Location": clean, "Set-Cookie": cookie}
            await _answer(send_guarded, 303, "see the address without the token", moved)
        else:
            sentence = "this server asks for a token: open the address that it printed"
            await _answer(send_guarded, 401, sentence)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = _name(host)
        if name is None or (self._names is not None and name not in self._names):
            return 403, f"this server does not go by the name {host[:100]!r}"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (
            f"http://{host.lower()}",
            f"https://{host.lower()}",
        ):
            return 403, f"requests from {origin[:100]!r} are not answered"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if method in ("POST", "PUT", "PATCH") and kind not in BODIES:
            return 415, f"the Content-Type has to be one of {', '.join(sorted(BODIES))}"
        return None


def _shows(scope: Scope, headers: Headers, token: str) -> bool:
    """Tell whether a request shows the token in its headers or its cookie."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    kept = HTTPConnection(scope).cookies.get(_cookie_name(scope), "")
    return _same(kept, token) or (kind.lower() == "bearer" and _same(given.strip(), token))


def _without_token(scope: Scope, token: str) -> str | None:
    """Return the address without the token, or None where it has not the right one."""
    fields = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if not any(name == "token" and _same(value, token) for name, value in fields):
        return None
    rest = urlencode([(name, value) for name, value in fields if name != "token"])
    # A path that began with two slashes would be another host.
    return "/" + quote(scope["path"].lstrip("/")) + (f"?{rest}" if rest else "")


def _cookie_name(scope: Scope) -> str:
    # Browsers share cookies among the ports of a host, and a second server has another token.
    return f"lexiscope-{(scope.get('server') or ('', 0))[1]}"


def _name(host: str) -> str | None:
    """Return the name of a Host header without its port."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())


async def _answer(
    send: Send, status: int, sentence: str, headers: dict[str, str] | None = None
) -> None:
    content = json.dumps({"error": sentence}).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    named = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in (fields | (headers or {})).items()
    ]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": content})
