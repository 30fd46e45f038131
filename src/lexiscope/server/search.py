"""Search: the points whose value in a column holds, matches or is a text."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lexiscope.contract import as_text
from lexiscope.server.library import Shelf
from lexiscope.server.refusal import RefusalError

Mode = Literal["substring", "regex", "exact"]
MODES: tuple[Mode, ...] = ("substring", "regex", "exact")
SECONDS = 5.0
PART = 10_000


def search(shelf: Shelf, column: str, pattern: str, mode: Mode, *, case: bool) -> NDArray[np.int32]:
    """Find points by their value in a column.

    Parameters
    ----------
    shelf : Shelf
    column : str
        Of any type; numbers are compared as they are written.
    pattern : str
        White space in it counts.
    mode : {"substring", "regex", "exact"}
        ``"regex"`` is RE2's syntax, which is searched in linear time.
    case : bool
        Whether capital letters differ from small ones.

    Returns
    -------
    ndarray of int32
        Point numbers, ascending.

    Raises
    ------
    RefusalError
        For a column that is not there, a pattern that is no regular expression, or one that
        takes too long.
    """
    points = shelf.space.points
    if column not in points.column_names:
        has = ", ".join(points.column_names)
        raise RefusalError(404, f"there is no column {column!r}: {shelf.name} has {has}")
    values = as_text(points[column])
    if not case and mode != "regex":
        values, pattern = pc.utf8_lower(values), pc.utf8_lower(pattern).as_py()
    deadline = time.monotonic() + SECONDS
    found = []
    # In parts, so that the time can be looked at: Arrow's own functions cannot be interrupted.
    for start in range(0, len(values), PART):
        if time.monotonic() > deadline:
            raise RefusalError(
                400, f"this search takes more than {SECONDS:.0f} seconds; make it simpler"
            )
        hits = _hits(values.slice(start, PART), pattern, mode, case)
        found.append(np.flatnonzero(pc.fill_null(hits, False).to_numpy(False)) + start)
    return np.concatenate([np.empty(0, np.int64), *found]).astype(np.int32)


def _hits(values: pa.Array, pattern: str, mode: Mode, case: bool) -> pa.Array:
    if mode == "exact":
        return pc.equal(values, pattern)
    if mode == "substring":
        return pc.match_substring(values, pattern)
    try:
        return pc.match_substring_regex(values, pattern, ignore_case=not case)
    except pa.ArrowInvalid as error:
        raise RefusalError(400, f"{pattern!r} is no regular expression here: {error}") from error
