"""As much of TypeScript as the contract is written in: does a JSON value have a type's shape?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[1] / "web" / "src" / "contract.ts"

_TOKEN = re.compile(r'"[^"]*"|\w+|[{}()\[\]<>|:;,?]')
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
PRIMITIVES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}

Type = tuple[Any, ...]


class Contract:
    """The interfaces of a file, and what departs from them.

    A type is a tuple: ("name", text), ("value", value), ("list", type), ("tuple", types),
    ("record", type), ("union", types) or ("object", {field: (type, is_optional)}).
    """

    def __init__(self, path: Path = CONTRACT) -> None:
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        self._tokens = iter(_TOKEN.findall(text))
        self._next = next(self._tokens, "")
        self.interfaces: dict[str, Type] = {}
        while self._next:
            if self._take() == "interface":
                name = self._take()
                extended = self._take() and self._take() if self._next == "extends" else None
                kind, fields = self._one()
                if extended:
                    fields = self.interfaces[extended][1] | fields
                self.interfaces[name] = (kind, fields)

    def departures(self, value: Any, of: str, path: str = "") -> list[str]:
        """Say where a value departs from an interface; nothing when it fits."""
        return list(self._departures(value, self.interfaces[of], path or of))

    def _take(self, expected: str | None = None) -> str:
        token = self._next
        assert expected in (None, token), f"{expected} expected, not {token}"
        self._next = next(self._tokens, "")
        return token

    def _type(self) -> Type:
        types = [self._one()]
        while self._next == "|":
            self._take()
            types.append(self._one())
        return types[0] if len(types) == 1 else ("union", types)

    def _one(self) -> Type:
        token = self._take()
        found: Type
        if token == "{":
            fields = {}
            while self._next != "}":
                name = self._take()
                if name == "[":  # an index: [name: string]: type
                    while self._take() != "]":
                        pass
                    name = "*"
                is_optional = self._next == "?" and bool(self._take())
                self._take(":")
                fields[name] = (self._type(), is_optional)
                if self._next in ";,":
                    self._take()
            self._take("}")
            found = ("object", fields)
        elif token == "(":
            found = self._type()
            self._take(")")
        elif token == "[":
            parts = [self._type()]
            while self._take() == ",":
                parts.append(self._type())
            found = ("tuple", parts)
        elif token == "Record":
            self._take("<")
            self._type()
            self._take(",")
            found = ("record", self._type())
            self._take(">")
        elif token[0] == '"' or token.isdecimal():
            found = ("value", token.strip('"') if token[0] == '"' else int(token))
        else:
            found = ("name", token)
        while self._next == "[":
            self._take()
            self._take("]")
            found = ("list", found)
        return found

    def _departures(self, value: Any, of: Type, path: str) -> Iterator[str]:
        kind, what = of
        if kind == "union":
            if all(any(self._departures(value, each, path)) for each in what):
                tried = [list(self._departures(value, each, path)) for each in what]
                yield min(tried, key=len)[0] if value is not None else f"{path} is null"
        elif kind == "value":
            if value != what:
                yield f"{path} is {value!r}, not {what!r}"
        elif kind == "name" and what in PRIMITIVES:
            fits = isinstance(value, PRIMITIVES[what])
            if not fits or (what == "number" and isinstance(value, bool)):
                yield f"{path} is {value!r}, not a {what}"
        elif kind == "name":
            if what != "unknown":
                yield from self._departures(value, self.interfaces[what], path)
        elif kind in ("list", "tuple"):
            if not isinstance(value, list) or (kind == "tuple" and len(value) != len(what)):
                yield f"{path} is {value!r}, not a {kind}"
            else:
                types = what if kind == "tuple" else [what] * len(value)
                for number, (part, each) in enumerate(zip(value, types, strict=True)):
                    yield from self._departures(part, each, f"{path}[{number}]")
        elif not isinstance(value, dict):
            yield f"{path} is {value!r}, not an object"
        elif kind == "record":
            for name, part in value.items():
                yield from self._departures(part, what, f"{path}.{name}")
        else:
            for name, (each, is_optional) in what.items():
                if name in value:
                    yield from self._departures(value[name], each, f"{path}.{name}")
                elif not is_optional and name != "*":
                    yield f"{path} has no {name}"
            if "*" not in what:
                yield from (f"{path} has {name} besides" for name in value.keys() - what.keys())
