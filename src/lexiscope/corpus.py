"""Corpus: texts with marked words, and what was left out of them and why.

Which words of a row become points, by the first of these that applies:

1. ``match="all"``: every word.
2. A pair of offset columns, in code points: ``text[start:end]`` of the text as it is.
3. ``[[marks]]`` in the text, from which the brackets are taken.
4. The row's target: every place where it stands, as `lexiscope.spans.find` tells.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import NamedTuple, TypeGuard, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lexiscope import readers, spans
from lexiscope.errors import LexiscopeError
from lexiscope.spans import Match, Span

USUAL_NAMES = {
    "text": "text sentence sentence/context context content document body passage paragraph "
    "example utterance",
    "target": "target target_word polysemy_word word keyword headword lemma term",
    "start": "start char_start start_char start_offset begin",
    "end": "end char_end end_char end_offset stop",
    "sense": "sense label gloss meaning sense_id",
    "id": "id sn index identifier uid",
}
"""Names that a column is known by when none is given, the likeliest first; case does not count."""

_WHOLE_NUMBER = r"^-?(0|[1-9][0-9]*)$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$"


@dataclass(frozen=True)
class Columns:
    """Names of the columns to read; None to find a column by its usual names.

    Attributes
    ----------
    text, target : str or None
        The text, and the word asked for in it.
    start, end : str or None
        Where the word stands: code points from the start of the text, the end not included.
    sense : str or None
        What the word means there.
    id : str or None
        What the source calls the row.
    """

    text: str | None = None
    target: str | None = None
    start: str | None = None
    end: str | None = None
    sense: str | None = None
    id: str | None = None

    def named(self) -> dict[str, str]:
        """Roles that have a column, in order, and its name."""
        pairs = ((role.name, getattr(self, role.name)) for role in fields(self))
        return {role: name for role, name in pairs if name is not None}


USUAL = Columns()


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts with marked words.

    Attributes
    ----------
    texts : pa.Table
        One row a kept text: `row` int64 (the data row in the source, from 1), `text` string, then
        every other column of the source by its name, save that of the target and the offsets; the
        sense is `sense` (string), the identifier `id`.
    occurrences : pa.Table
        One row a point, sorted by text and start: `text` int32 (index into `texts`), `start` and
        `end` int32 (code points), `word` string (``text[start:end]``), `target` string (what was
        asked for; the folded word where nothing was).
    skipped : pa.Table
        One row a row left out: `row` int64, `reason`, `text` and `target` string, the last two
        null where the source has none.
    name : str
        The file's name without its folder, or "frame".
    notes : tuple of str
        Plain sentences about what was unusual in the source.
    """

    texts: pa.Table
    occurrences: pa.Table
    skipped: pa.Table
    name: str
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, source: object, *, columns: Columns = USUAL, match: str = "word") -> Corpus:
        """Read a corpus.

        Parameters
        ----------
        source : str, path, or frame
            A path to an xlsx, csv, tsv, jsonl, parquet or txt file; or a pandas or Polars frame,
            an Arrow table or a `datasets.Dataset`.
        columns : Columns
            Names of columns; those not given are found by their usual names.
        match : {"word", "prefix", "all"}
            "word" for the whole word in any case, "prefix" for words that start with the target,
            "all" for every word of every text.

        Raises
        ------
        LexiscopeError
            If the source cannot be read, lacks the columns, or leaves no point.
        """
        if not _is_match(match):
            raise LexiscopeError(f"match is {match!r}; it may be word, prefix or all (--match).")
        sheet = readers.read(source, lambda names: _rank(names, columns, match))
        notes = sheet.notes
        found = _resolve(sheet.table.column_names, columns)
        _check(found, columns, sheet)
        if match == "all":
            named = columns.named()
            unused = ", ".join(named[role] for role in ("target", "start", "end") if role in named)
            if unused:
                notes += (f"Every word is taken (--match all), whatever {unused} says.",)
            found = replace(found, target=None, start=None, end=None)
        rows = _rows(sheet.table, found)
        placed = match == "all" or found.target is not None or found.start is not None
        if not placed and not any(spans.marks(row.text)[1] for row in rows):
            raise LexiscopeError(
                f"{sheet.name} does not say which words to take. Name their column (--target), "
                "mark them in the text as [[word]], or take every word (--match all); "
                f"columns: {sheet.listing}."
            )
        sifted = _sift(rows, found, match)
        if not sifted.rows:
            raise LexiscopeError(_nothing_left(sheet, sifted))
        texts = _texts(sheet, found, sifted)
        return cls(texts, sifted.occurrences(), sifted.skipped(), sheet.name, notes)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all three tables in hex: the same for the same content anywhere."""
        digest = hashlib.sha256()
        for table in (self.texts, self.occurrences, self.skipped):
            for name, column in zip(table.column_names, table.columns, strict=True):
                digest.update(f"{name}\0{column.type}\0{len(column)}\0".encode())
                for part in _bytes(column):
                    digest.update(part)
        return digest.hexdigest()


def _is_match(match: str) -> TypeGuard[Match]:
    return match in get_args(Match)


def _rank(names: Sequence[str], columns: Columns, match: Match) -> int:
    found = _resolve(names, columns).named()
    if "text" not in found or not found.keys() >= columns.named().keys():
        return 0
    return 2 if match == "all" or "target" in found or "start" in found else 1


def _resolve(names: Sequence[str], columns: Columns) -> Columns:
    """Columns by the names they have in the source, None where there is none."""
    usual: dict[str, str] = {}
    for name in names:
        usual.setdefault(_usual(name), name)
    named = columns.named()
    found = {
        role: name if name in names else usual.get(_usual(name)) for role, name in named.items()
    }
    for role, candidates in USUAL_NAMES.items():
        taken = set(found.values())
        free = (
            usual[name] for name in candidates.split() if name in usual and usual[name] not in taken
        )
        found.setdefault(role, next(free, None))
    if not named.keys() & {"start", "end"} and not (found["start"] and found["end"]):
        found["start"] = found["end"] = None
    return Columns(**found)


def _usual(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _check(found: Columns, columns: Columns, sheet: readers.Sheet) -> None:
    have = found.named()
    there = f"columns: {sheet.listing}."
    for role, name in columns.named().items():
        if role not in have:
            raise LexiscopeError(f"{sheet.name} has no column {name!r} (--{role}); {there}")
    twice = [name for name, count in Counter(have.values()).items() if count > 1]
    if twice:
        raise LexiscopeError(f"The column {twice[0]!r} is named for two things; {there}")
    if "text" not in have:
        raise LexiscopeError(
            f"{sheet.name} has no column of texts by a usual name; name it (--text); {there}"
        )
    if ("start" in have) != ("end" in have):
        raise LexiscopeError(
            f"Offsets are a pair of columns; name both, --start and --end, or neither; {there}"
        )


class _Row(NamedTuple):
    number: int
    text: str
    target: str
    start: str
    end: str
    sense: str


def _rows(table: pa.Table, found: Columns) -> list[_Row]:
    def values(name: str | None) -> list[str]:
        if name is None:
            return [""] * table.num_rows
        return [readers.as_text(value) or "" for value in table[name].to_pylist()]

    columns = map(values, (found.text, found.target, found.start, found.end, found.sense))
    return [_Row(i, *cells) for i, cells in enumerate(zip(*columns, strict=True), start=1)]


@dataclass(frozen=True)
class _Sifted:
    """Kept texts, their occurrences and the rows left out; lists of a group run side by side."""

    rows: list[_Row] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    owners: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    left: list[_Row] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def occurrences(self) -> pa.Table:
        bounds = np.array(self.spans, dtype=np.int32).reshape(-1, 2)
        pairs = zip(self.owners, self.spans, strict=True)
        words = [self.texts[owner][start:end] for owner, (start, end) in pairs]
        return pa.table(
            {
                "text": pa.array(self.owners, pa.int32()),
                "start": pa.array(bounds[:, 0]),
                "end": pa.array(bounds[:, 1]),
                "word": pa.array(words, pa.string()),
                "target": pa.array(self.targets, pa.string()),
            }
        )

    def skipped(self) -> pa.Table:
        return pa.table(
            {
                "row": pa.array([row.number for row in self.left], pa.int64()),
                "reason": pa.array([kind + detail for kind, detail in self.reasons], pa.string()),
                "text": pa.array([row.text or None for row in self.left], pa.string()),
                "target": pa.array([row.target or None for row in self.left], pa.string()),
            }
        )


def _sift(rows: Sequence[_Row], found: Columns, match: Match) -> _Sifted:
    sifted = _Sifted()
    first: dict[object, _Row] = {}
    for row in rows:
        text, places, problem = _place(row, found, match)
        targets = [row.target.strip() or spans.fold(text[start:end]) for start, end in places]
        if problem is None:
            same = None if match == "all" else (tuple(places), spans.fold(targets[0]))
            earlier = first.setdefault((text, same), row)
            if earlier is not row:
                other = f", whose sense is {earlier.sense!r} and not {row.sense!r}"
                other = "" if earlier.sense == row.sense else other
                problem = "duplicate", f" of row {earlier.number}{other}"
        if problem is not None:
            sifted.left.append(row)
            sifted.reasons.append(problem)
            continue
        sifted.owners.extend([len(sifted.rows)] * len(places))
        sifted.spans.extend(places)
        sifted.targets.extend(targets)
        sifted.rows.append(row)
        sifted.texts.append(text)
    return sifted


def _place(
    row: _Row, found: Columns, match: Match
) -> tuple[str, list[Span], tuple[str, str] | None]:
    """The text to keep, the words in it, and, where there is none, the kind of reason and more."""
    if not row.text.strip():
        return row.text, [], ("empty text", "")
    if row.start or row.end:
        start, end = _offset(row.start), _offset(row.end)
        if start is None or end is None or end > len(row.text) or not row.text[start:end].strip():
            given = f": {row.start or 'nothing'} to {row.end or 'nothing'}"
            return row.text, [], ("bad offsets", f"{given} in {len(row.text)} characters")
        return row.text, [(start, end)], None
    text, places = spans.marks(row.text)
    if match == "all":
        places = spans.words(text)
        return text, places, None if places else ("no word in the text", "")
    if places:
        return text, places, None
    if not row.target.strip():
        return text, [], ("empty target" if found.target else "no marked word", "")
    places = spans.find(text, row.target, match)
    return text, places, None if places else ("target not found", "")


def _offset(cell: str) -> int | None:
    cell = cell.strip()
    return int(cell) if cell.isdecimal() and len(cell) < 10 else None


def _nothing_left(sheet: readers.Sheet, sifted: _Sifted) -> str:
    if not sifted.left:
        return f"{sheet.name} has columns ({sheet.listing}) but no rows; give at least one text."
    kinds = [kind for kind, _ in sifted.reasons]
    counts = ", ".join(
        f"{kind} {count} (first: row {sifted.left[kinds.index(kind)].number})"
        for kind, count in Counter(kinds).most_common()
    )
    return (
        f"{sheet.name} leaves no word to embed; rows left out: {counts}. Look at those rows, "
        "or take inflected words too (--match prefix), or every word (--match all)."
    )


def _texts(sheet: readers.Sheet, found: Columns, sifted: _Sifted) -> pa.Table:
    roles = {name: role for role, name in found.named().items()}
    numbers = pa.array([row.number for row in sifted.rows], pa.int64())
    kept = {"row": numbers, "text": pa.array(sifted.texts, pa.string())}
    indices = pc.subtract(numbers, 1)
    taken = {*kept, *(role for role in ("sense", "id") if role in roles.values())}
    for place, name in enumerate(sheet.table.column_names, start=1):
        role = roles.get(name)
        if role == "sense":
            kept[role] = pa.array([row.sense or None for row in sifted.rows], pa.string())
        elif role in (None, "id"):
            column = sheet.table[name].take(indices)
            kept[role or _free_name(name, place, taken)] = (
                column if sheet.typed else _numbers(column)
            )
    return pa.table(kept)


def _free_name(name: str, place: int, taken: set[str]) -> str:
    """A column name that Lance takes and can filter by, and that is not taken; takes it."""
    base = re.sub(r"[.`]", "_", " ".join(name.split()))
    if base.startswith("_row"):
        base = base.lstrip("_")
    base = base or f"column_{place}"
    free, count = base, 1
    while free in taken:
        count += 1
        free = f"{base}_{count}"
    taken.add(free)
    return free


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of strings as numbers if all of them are; "007" is none."""
    for pattern, kind in ((_WHOLE_NUMBER, pa.int64()), (_NUMBER, pa.float64())):
        if pc.all(pc.match_substring_regex(column, pattern)).as_py():
            try:
                return column.cast(kind)
            except pa.ArrowInvalid:  # more than 64 bits: a name made of digits
                return column
    return column


def _bytes(column: pa.ChunkedArray) -> Iterator[bytes]:
    """Validity and values of a plain column, whatever its chunks and what lies under its nulls."""
    yield column.is_valid().to_numpy().tobytes()
    if pa.types.is_string(column.type):
        filled = pc.fill_null(column, "")
        yield pc.binary_length(filled).to_numpy().tobytes()
        for chunk in filled.chunks:
            yield "".join(chunk.to_pylist()).encode()
    elif pa.types.is_floating(column.type):
        yield pc.fill_null(column, 0.0).to_numpy().tobytes()
    else:
        whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
        yield pc.fill_null(whole.cast(pa.int64()), 0).to_numpy().tobytes()
