"""Points: the table that comes with vectors, as the points of a space."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lexiscope import columns, readers
from lexiscope.errors import LexiscopeError
from lexiscope.vocabulary import CONVENTIONAL, Scheme, Vocabulary, visible
from lexiscope.vocabulary import points as of_vocabulary

LABEL = "label"
LABELS = ("label", "token", "word", "text", "name", "title")
# Labels are words when so many of them differ, and so many are one word each.
DIFFERENT, ONE_WORD = 0.9, 0.5
# In a vocabulary of word pieces at least so many go on in the middle of a word.
PIECES = 0.01
DERIVED = ("kind", "script", "length")

# What the dataset of a space takes in no column's name, and whole names that it keeps to itself.
_NOT_HELD = re.compile(r"[.`\0]|^\*$")
_KEPT_BACK = re.compile(r"_row(id|addr|offset|_created_at_version|_last_updated_at_version)")
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|[+-]?inf", re.I)


def numbered(n: int) -> pa.Table:
    """Return the points of vectors of which nothing is known: ``#0``, ``#1`` and so on."""
    return pa.table({LABEL: pa.array([f"#{row}" for row in range(n)], pa.string())})


def each_once(names: Sequence[str]) -> list[str]:
    """Return columns' names, each once: one that is blank is called after its place.

    Examples
    --------
    >>> each_once(["x", "", "x"])
    ['x', 'column_2', 'x_2']
    """
    found: list[str] = []
    for place, given in enumerate(names, start=1):
        base = given if given.strip() else f"column_{place}"
        name, copy = base, 2
        while name in found:
            name, copy = f"{base}_{copy}", copy + 1
        found.append(name)
    return found


def read_points(path: Path) -> tuple[pa.Table, tuple[str, ...]]:
    """Read a file of points: csv, tsv, jsonl, parquet, xlsx or one label a line in a txt.

    Returns
    -------
    table : pyarrow.Table
        Plain columns; those of a csv that hold numbers only are numbers, and so with truth values.
    notes : tuple of str

    Raises
    ------
    LexiscopeError
        For a file that cannot be read, naming the line.
    """
    sheet = readers.read(path, lambda _: 1)
    table = sheet.table
    if not sheet.typed:
        names = table.column_names
        kept = _named(names, LABELS)  # "007" is a label
        table = pa.table(
            {name: table[name] if name == kept else typed(table[name]) for name in names}
        )
    return table, sheet.notes


def typed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return text as numbers or truth values where all of it is, and as it is otherwise."""
    held = [value for value in values.to_pylist() if value is not None]
    if not held or not pa.types.is_string(values.type):
        return values
    if {value.lower() for value in held} <= {"true", "false"}:
        return pc.equal(pc.utf8_lower(values), "true")
    if all(_WHOLE.fullmatch(value) for value in held):
        return pc.cast(pc.utf8_ltrim(values, "+"), pa.int64())
    if all(_NUMBER.fullmatch(value) for value in held) and not any(
        re.match("[+-]?0[0-9]", value) for value in held
    ):
        numbers = [None if value is None else float(value) for value in values.to_pylist()]
        return pa.chunked_array([pa.array(numbers, pa.float64())])
    return values


def as_points(
    table: pa.Table, label: str | None, source: str
) -> tuple[pa.Table, bool, tuple[str, ...]]:
    """Return a table with `label` in front, and `kind`, `script` and `length` of words.

    Parameters
    ----------
    table : pyarrow.Table
        Plain columns.
    label : str, optional
        The column that holds the labels; by default one with a usual name, else the first of
        text, else points are numbered.
    source : str
        What a person calls where it is from.

    Returns
    -------
    points : pyarrow.Table
    words : bool
        Whether the labels are words.
    notes : tuple of str

    Raises
    ------
    LexiscopeError
        For a column that is not there.
    """
    names = table.column_names
    if label is not None and label not in names:
        has = ", ".join(names) or "none"
        raise LexiscopeError(f"{source} has no column {label!r} for the labels; it has {has}")
    chosen = label or _named(names, LABELS) or _first_text(table)
    labels = (
        numbered(table.num_rows)[LABEL].to_pylist()
        if chosen is None
        else [
            f"#{row}" if value is None else visible(str(readers.as_text(value)))
            for row, value in enumerate(table[chosen].to_pylist())
        ]
    )
    made = {LABEL: pa.array(labels, pa.string())}
    notes = list(_doubled(labels))
    missing = 0 if chosen is None else table[chosen].null_count
    if missing:
        notes.append(f"{missing:,} points have no label and are called by their number")
    for name in names:
        if name != chosen:
            free = _NOT_HELD.sub("_", name)
            while free == LABEL or free in made or not _fits(free, table[name]):
                free = f"given_{free}"
            if free != name:
                notes.append(f"the column {name!r} is called {free!r} here")
            made[free] = table[name]
    words = chosen is not None and _are_words(labels)
    if words:
        derived = of_words(labels)
        made |= {name: derived[name] for name in DERIVED if name not in made}
    return pa.table(made), words, tuple(notes)


def word_points(words: Sequence[str]) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the points of words, in their order, with what the words tell of themselves."""
    table = of_words(words).select([LABEL, *DERIVED])
    return table, tuple(_doubled(table[LABEL].to_pylist()))


def of_words(words: Sequence[str]) -> pa.Table:
    """Return the columns of a vocabulary that has these words as its tokens."""
    pieces = sum(word.startswith("##") and len(word) > 2 for word in words)
    scheme: Scheme = "wordpiece" if pieces >= PIECES * len(words) and pieces else "plain"
    tokens = tuple((word, row) for row, word in enumerate(words))
    vocabulary = Vocabulary(tokens, frozenset(CONVENTIONAL), frozenset(), scheme)
    return of_vocabulary(vocabulary, len(words))[0]


def _doubled(labels: Sequence[str]) -> list[str]:
    more = len(labels) - len(set(labels))
    if not more:
        return []
    seen: set[str] = set()
    first = next(label for label in labels if label in seen or seen.add(label))  # type: ignore[func-returns-value]
    return [
        f"{more:,} {'label stands' if more == 1 else 'labels stand'} there again "
        f"(the first: {first!r}); each is a point of its own"
    ]


def _are_words(labels: Sequence[str]) -> bool:
    single = sum(
        any(map(str.isalpha, label)) and not any(map(str.isspace, label)) for label in labels
    )
    return len(set(labels)) >= DIFFERENT * len(labels) and single >= ONE_WORD * len(labels)


def _named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Return the column with the first of the wanted names, in capitals or not."""
    known = {name.strip().lower(): name for name in reversed(names)}
    return next((known[name] for name in wanted if name in known), None)


def _first_text(table: pa.Table) -> str | None:
    return next((field.name for field in table.schema if pa.types.is_string(field.type)), None)


def _is_running(values: pa.ChunkedArray) -> bool:
    held = values.drop_null().to_numpy()
    return pa.types.is_integer(values.type) and bool((np.diff(held) > 0).all())


def _is_text(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(values.type))


def _is_count(values: pa.ChunkedArray) -> bool:
    return pa.types.is_integer(values.type) and not values.null_count


# By these names the findings and the names of regions look for something of this sort.
MEANT: dict[str, Callable[[pa.ChunkedArray], bool]] = {
    "kind": _is_text,
    "script": _is_text,
    "text": _is_text,
    "token": _is_text,
    "target": _is_text,
    "sense": _is_text,
    "length": _is_count,
    "position": _is_running,
}


def _fits(name: str, values: pa.ChunkedArray) -> bool:
    """Tell whether a column can have this name among the points."""
    if columns.is_ours(name) or _KEPT_BACK.fullmatch(name):
        return False
    return MEANT.get(name, lambda _: True)(values)
