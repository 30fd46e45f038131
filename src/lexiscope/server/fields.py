"""Fields: what a request gives, each read as what it must be, or refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NoReturn

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from lexiscope.server.refusal import RefusalError

MB = 2**20
LONGEST = 1000

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_REQUIRED: Any = object()


class Fields:
    """The fields of a JSON body or of an address.

    Every method takes a field's name and raises `RefusalError` when it is of the wrong type, out of
    its bounds, or missing without a default.

    Parameters
    ----------
    values : mapping
    in_address : bool
        Whether all values are texts, so that ``"12"`` stands for a number.
    """

    def __init__(self, values: Mapping[str, Any], *, in_address: bool = False) -> None:
        self._values = values
        self._in_address = in_address

    @classmethod
    def of_address(cls, request: Request) -> Fields:
        """Return the fields of a request's query string."""
        return cls(request.query_params, in_address=True)

    @classmethod
    def of_json(cls, content: bytes) -> Fields:
        """Return the fields of a JSON object."""
        value = parse(content)
        if not isinstance(value, dict):
            raise RefusalError(400, "the body has to be a JSON object")
        return cls(value)

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def raw(
        self,
        name: str,
        kind: type[Any] | tuple[type[Any], ...],
        what: str,
        default: Any = _REQUIRED,
    ) -> Any:
        """Return a value of a Python type; `what` says which, for the refusal."""
        value = self._values.get(name)
        if value is None:
            if default is _REQUIRED:
                raise RefusalError(400, f"{name} is missing: give {what}")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise RefusalError(400, f"{name} has to be {what}")
        return value

    def text(self, name: str, default: Any = _REQUIRED, *, longest: int = LONGEST) -> str:
        """Return a text, white space kept."""
        value: str = self.raw(name, str, "a text", default)
        return checked_text(name, value, longest)

    def integer(
        self, name: str, default: Any = _REQUIRED, *, low: int = 0, high: int = 2**31
    ) -> Any:
        """Return a whole number from `low` to `high`, or the default."""
        what = f"a whole number from {low:,} to {high:,}"
        if not self._in_address:
            value = self.raw(name, int, what, default)
        else:
            text = self.raw(name, str, what, None)
            if text is None:
                return self.raw(name, str, what, default)
            if not _INTEGER.fullmatch(text):
                raise RefusalError(400, f"{name} has to be {what}")
            value = int(text)
        if value is not default and not low <= value <= high:
            raise RefusalError(400, f"{name} has to be {what}")
        return value

    def choice(self, name: str, options: Sequence[Any], default: Any = _REQUIRED) -> Any:
        """Return one of a few values."""
        what = f"one of {', '.join(map(str, options))}"
        value = self.raw(name, type(options[0]), what, default)
        if value not in options:
            raise RefusalError(400, f"{name} has to be {what}")
        return value

    def flag(self, name: str) -> bool:
        """Return whether something is wanted: 0 or 1 in an address, a boolean in JSON."""
        if self._in_address:
            return bool(self.choice(name, ("0", "1"), "0") == "1")
        return bool(self.raw(name, bool, "true or false", False))

    def points(self, name: str, count: int) -> NDArray[np.int64]:
        """Return point numbers of a space of `count` points."""
        given = self.raw(name, list, "a list of point numbers")
        if not all(type(point) is int for point in given):
            raise RefusalError(400, f"{name} has to be a list of point numbers")
        if given and not 0 <= min(given) <= max(given) < count:
            raise RefusalError(400, f"{name}: this space has the points 0 to {count - 1}")
        return np.array(given, dtype=np.int64)


def checked_text(name: str, value: str, longest: int = LONGEST) -> str:
    """Refuse a text that is too long, or no Unicode: half a surrogate pair."""
    if len(value) > longest:
        raise RefusalError(
            400, f"{name} is {len(value):,} characters long; up to {longest:,} are read"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RefusalError(400, f"{name} holds a character that is none") from None
    return value


def parse(content: bytes) -> Any:
    """Read JSON as the standard has it: UTF-8, without NaN and infinities."""
    try:
        value = json.loads(content.decode(), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise RefusalError(400, f"the body is not JSON: {error}") from None
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is too large a number")
    return value


Endpoint = Callable[[Any, Request], Awaitable[Response]]


def reads_body(limit: int) -> Callable[[Callable[[Any, Request, bytes], Response]], Endpoint]:
    """Make a method that takes a request and its body, of up to `limit` bytes, an endpoint.

    The method runs in a thread, as Starlette's own do that are not coroutines.
    """

    def decorate(method: Callable[[Any, Request, bytes], Response]) -> Endpoint:
        @wraps(method)
        async def endpoint(self: Any, request: Request) -> Response:
            parts, size = [], 0
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise RefusalError(413, f"the body is larger than {limit // MB} MB")
                parts.append(part)
            return await to_thread.run_sync(method, self, request, b"".join(parts))

        return endpoint

    return decorate
