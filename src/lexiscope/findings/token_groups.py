"""Token groups: tokens of one kind, of one script or of one list, and what they are called."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.findings.word_lists import shipped_lists
from lexiscope.measure.groups import MEMBERS

# Of fewer tokens than this a script is a stray letter or two, and each group tested makes it
# harder for all to be significant.
SCRIPT = 20

# By the kind of a token: the group's name, what a statement calls its members, and one of them.
KINDS = {
    "number": ("numbers", "numbers", "a number"),
    "unused": ("unused", "unused tokens", "an unused token"),
    "piece": ("pieces", "pieces of words", "a piece"),
    "punctuation": ("punctuation", "punctuation marks and symbols", "one of them"),
    "single character": ("single characters", "single characters", "a single character"),
    "special": ("special", "special tokens", "a special token"),
    "byte": ("bytes", "bytes", "a byte"),
    "word": ("words", "whole words", "a whole word"),
}
# A number of four digits below 1000 or from 2100 on is seldom written of a year.
YEAR = re.compile(r"1\d{3}|20\d{2}", re.ASCII)
ONE = {
    "countries": "a country",
    "web companies": "a web company",
    "months": "a month",
    "weekdays": "a weekday",
    "colours": "a colour",
    "animals": "an animal",
    "first names": "a first name",
    "professions": "a profession",
}


@dataclass(frozen=True, eq=False)
class Group:
    """Tokens that may lie together, and what they are called.

    Attributes
    ----------
    name : str
    source : {"kind", "script", "list", "own"}
    many, one : str
        What a statement calls its members, and one of them.
    members : ndarray of int64
        Numbers of its points among those looked at.
    words : int or None
        Of a list, how many it has.
    missing, left_out : tuple of str
        Of these words, those that are not in the vocabulary, and those that are but whose vectors
        are not looked at.
    """

    name: str
    source: str
    many: str
    one: str
    members: NDArray[np.int64]
    words: int | None = None
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def token_groups(
    points: pa.Table, kept: NDArray[np.int64], own: Mapping[str, Sequence[str]]
) -> list[Group]:
    """Return the groups of a table's tokens: kinds, scripts, shipped lists, a person's own.

    Parameters
    ----------
    points : pyarrow.Table
        All points, with a column `label`; `kind` and `script` where there are any.
    kept : ndarray of shape (n,), int64
        Numbers of the points that are looked at; members are numbered among these.
    own : mapping of str to sequence of str
        See `check_lists`.

    Returns
    -------
    list of Group
    """
    looked_at = points.take(pa.array(kept))
    vocabulary = {_folded(label) for label in points["label"].to_pylist() if label is not None}
    return [*_kinds(looked_at), *_scripts(looked_at), *_lists(looked_at, own, vocabulary)]


def check_lists(own: Mapping[str, Sequence[str]], points: pa.Table) -> None:
    """Refuse lists that say nothing, and names under which something is told already."""
    taken = {plain_name(name) for name in ONE}
    taken |= {name for name, _, _ in KINDS.values()} | {"years"}
    if "script" in points.column_names:
        taken |= {plain_name(str(name)) for name in points["script"].unique().to_pylist()}
    for name, words in own.items():
        if not name.strip():
            raise LexiscopeError("a list of words has no name: give it one")
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise LexiscopeError(f"list {name!r}: give a list of words")
        if not any(word.strip() for word in words):
            raise LexiscopeError(f"list {name!r} holds no words")
        if plain_name(name) in taken:
            raise LexiscopeError(
                f"list {name!r}: there is a group of this name already; call yours otherwise"
            )
        taken.add(plain_name(name))


def plain_name(name: str) -> str:
    """Return a group's name as it is compared: case, hyphens and underscores aside."""
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))


def _kinds(points: pa.Table) -> Iterator[Group]:
    if "kind" not in points.column_names:
        return
    kinds = np.asarray(points["kind"].to_pylist(), dtype=object)
    for kind, (name, many, one) in KINDS.items():
        members = np.flatnonzero(kinds == kind)
        if MEMBERS <= len(members) < len(kinds):
            yield Group(name, "kind", many, one, members)
        if kind == "number":
            labels = points["label"].take(pa.array(members)).to_pylist()
            dated = [label is not None and bool(YEAR.fullmatch(label)) for label in labels]
            years = members[np.asarray(dated, dtype=bool)]
            if len(years) >= MEMBERS:
                yield Group("years", "kind", "years (numbers from 1000 to 2099)", "a year", years)


def _scripts(points: pa.Table) -> Iterator[Group]:
    if "script" not in points.column_names:
        return
    scripts = np.asarray(points["script"].to_pylist(), dtype=object)
    for script, held in Counter(scripts).most_common():
        if script not in (None, "Common") and SCRIPT <= held <= len(scripts) / 2:
            members = np.flatnonzero(scripts == script)
            yield Group(script, "script", f"tokens in {script} script", "such a token", members)


def _lists(
    points: pa.Table, own: Mapping[str, Sequence[str]], vocabulary: set[str]
) -> Iterator[Group]:
    by_label: dict[str, list[int]] = {}
    for point, label in enumerate(points["label"].to_pylist()):
        if label is not None:
            by_label.setdefault(_folded(label), []).append(point)

    def group(name: str, source: str, many: str, one: str, words: Sequence[str]) -> Group:
        asked = {_folded(word): word.strip() for word in words if word.strip()}
        # Of a word's spellings the first: each would find the other, whatever else is near.
        there = (by_label[word][0] for word in asked if word in by_label)
        members = np.array(sorted(there), dtype=np.int64)
        absent = {folded: word for folded, word in asked.items() if folded not in by_label}
        missing = tuple(word for folded, word in absent.items() if folded not in vocabulary)
        left_out = tuple(word for folded, word in absent.items() if folded in vocabulary)
        return Group(name, source, many, one, members, len(asked), missing, left_out)

    for name, words in shipped_lists().items():
        yield group(name, "list", name, ONE[name], words)
    for name, chosen in own.items():
        yield group(name, "own", f"words of the list “{name}”", "such a word", chosen)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word.strip()).casefold()
