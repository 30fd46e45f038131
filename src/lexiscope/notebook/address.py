"""Address: a view of the page as text, read and changed; `web/src/lib/view.ts` is its grammar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

# What a pane keeps when it goes to another space.
KEPT = {"k", "m", "sph", "size", "regions"}
PANE = KEPT | {
    *("a", "s", "l", "p", "c", "t", "hide", "range", "only", "sel", "ask", "cam"),
    *("density", "text", "join"),
}
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Address:
    """A view of the page: spaces, projections, colours, what is selected.

    Attributes
    ----------
    text : str
        From its ``#`` on.
    """

    text: str = "#"

    def __str__(self) -> str:
        return self.text

    @property
    def _fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.text.removeprefix("#"), keep_blank_values=True))

    def get(self, name: str) -> str:
        """Return a field of the first pane, "" where it is left open."""
        return self._fields.get(name, "")

    def put(self, **fields: str | int | None) -> Address:
        """Return a view in which these fields of the first pane are others; None leaves one out."""
        now = self._fields
        for name, value in fields.items():
            now.pop(name, None)
            if value is not None and value != "":
                now[name] = str(value)
        return Address(f"#{urlencode(now)}")

    def moved(self, space: str) -> Address:
        """Return a view in which the first pane shows another space, from the start."""
        return self.put(**dict.fromkeys(PANE - KEPT - {"a"})).put(s=space)


def encode_points(points: Iterable[int]) -> str:
    """Write point numbers as an address has them: runs joined, gaps in base 36."""
    runs: list[list[int]] = []
    for point in sorted(set(points)):
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    parts, last = [], 0
    for start, end in runs:
        parts.append(_base36(start - last) + (f"-{_base36(end - start)}" if end > start else ""))
        last = end
    return ".".join(parts)


def _base36(number: int) -> str:
    text = DIGITS[number % 36]
    while number := number // 36:
        text = DIGITS[number % 36] + text
    return text
