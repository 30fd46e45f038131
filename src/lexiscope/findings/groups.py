"""Groups: do tokens of one kind, of one script or of one list lie together?"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.distinct import distinct, left_out
from lexiscope.findings.finding import Finding, as_points, too_few
from lexiscope.findings.word_lists import shipped_lists
from lexiscope.measure.evidence import holm
from lexiscope.measure.groups import (
    FEWER,
    MEMBERS,
    PERMUTATIONS,
    Gathering,
    gathering,
    random_counts,
)
from lexiscope.space import Space

NAME = "group"
LEVEL = 0.05
EXAMPLES, STRAYS = 8, 5
# How many of the words that are not there a refusal names.
NAMED = 10
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
class _Group:
    """Tokens that may lie together, and what they are called."""

    name: str
    source: str
    many: str
    one: str
    members: NDArray[np.int64]
    words: int | None = None
    missing: tuple[str, ...] = ()


def groups(
    space: Space,
    *,
    k: int = 10,
    seed: int = 0,
    lists: Mapping[str, Sequence[str]] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Finding]:
    """Say of every kind of token, script and list whether its members lie together.

    Scripts count from 20 tokens on, up to half of all: of a script that most tokens have,
    Latin in an English vocabulary, nearly every neighbour is of it anyway. Words of lists are
    matched with labels, in capitals or not; of ``India`` and ``india`` the one of the lower row
    is a member. Zero vectors and those with more than k copies are left out. The p-values are
    corrected for all groups tested (Holm 1979).

    Parameters
    ----------
    space : Space
        With a column `label`; `kind` and `script` where there are any.
    k : int
        Neighbours looked at.
    seed : int
        Of the permutations and the bootstrap.
    lists : mapping of str to sequence of str, optional
        Lists of words of the person's own, by name.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Finding
        Kinds, scripts, shipped lists, own lists. A list of which too few words are there gives
        a finding that says so; a kind or script of which there is too little gives none.

    Raises
    ------
    LexiscopeError
        For k below 1 or not below the number of points, vectors that hold NaN, and own lists that
        are empty or called as a group that is there already.
    """
    own = dict(lists or {})
    _check(own, space.points)
    whole = space
    space, numbers = distinct(whole, k)
    n = len(space)
    if n <= MEMBERS:
        counted = "1 point" if n == 1 else f"{n} points"
        error = TooFewError(
            f"{counted}: too few to say what gathers ({MEMBERS + 1} are needed)"
            + left_out(whole, space, k)
        )
        return [too_few(NAME, space.name, error, n)]
    indices = np.ascontiguousarray(space.graph(k).first(k).indices)
    asked = [*_kinds(space.points), *_scripts(space.points), *_lists(space.points, own)]
    if progress:
        progress(0.1)
    testable = [len(group.members) for group in asked if MEMBERS <= len(group.members) < n]
    # So many that the least p there can be is below the level after correction, too.
    needed = ceil(len(testable) / LEVEL)
    null = random_counts(
        indices,
        testable,
        permutations=max(PERMUTATIONS, needed),
        fewer=max(FEWER, needed),
        seed=seed,
    )
    measured: list[Gathering | TooFewError] = []
    for done, group in enumerate(asked):
        if progress:
            progress(0.6 + 0.4 * done / len(asked))
        try:
            drawn = null.get(len(group.members))
            measured.append(gathering(indices, group.members, seed=seed, null=drawn))
        except TooFewError as error:
            measured.append(error)
    told = [each.p for each in measured if isinstance(each, Gathering)]
    corrected = iter(holm(told))
    labels = space.points["label"]
    found = []
    for group, each in zip(asked, measured, strict=True):
        if isinstance(each, TooFewError):
            found.append(too_few(NAME, space.name, _refusal(group, each), len(group.members)))
            continue
        figures: dict[str, Any] = {
            "group": group.name,
            "source": group.source,
            "k": indices.shape[1],
            "n": len(group.members),
            "points_in_space": n,
            "words": group.words,
            "missing": list(group.missing),
            "share": each.share,
            "chance": each.chance,
            "lift": each.lift,
            "low": each.low,
            "high": each.high,
            "p": each.p,
            "p_corrected": (p_corrected := float(next(corrected))),
            "tests": len(told),
            "permutations": each.permutations,
            "seed": seed,
            "gathers": p_corrected < LEVEL,
            **_extremes(group.members, each, labels, numbers),
        }
        statement = _statement(group, each, figures, left_out(whole, space, k))
        points = as_points(numbers[group.members])
        found.append(Finding(NAME, space.name, None, statement, figures, points))
    if progress:
        progress(1.0)
    return found


def _check(own: Mapping[str, Sequence[str]], points: pa.Table) -> None:
    """Refuse lists that say nothing, and names under which something is told already."""
    taken = {_plain_name(name) for name in ONE}
    taken |= {name for name, _, _ in KINDS.values()} | {"years"}
    if "script" in points.column_names:
        taken |= {_plain_name(str(name)) for name in points["script"].unique().to_pylist()}
    for name, words in own.items():
        if not name.strip():
            raise LexiscopeError("a list of words has no name: give it one")
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise LexiscopeError(f"list {name!r}: give a list of words")
        if not any(word.strip() for word in words):
            raise LexiscopeError(f"list {name!r} holds no words")
        if _plain_name(name) in taken:
            raise LexiscopeError(
                f"list {name!r}: there is a group of this name already; call yours otherwise"
            )
        taken.add(_plain_name(name))


def _plain_name(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))


def _kinds(points: pa.Table) -> Iterator[_Group]:
    if "kind" not in points.column_names:
        return
    kinds = np.asarray(points["kind"].to_pylist(), dtype=object)
    for kind, (name, many, one) in KINDS.items():
        members = np.flatnonzero(kinds == kind)
        if MEMBERS <= len(members) < len(kinds):
            yield _Group(name, "kind", many, one, members)
        if kind == "number":
            labels = points["label"].take(pa.array(members)).to_pylist()
            dated = [label is not None and bool(YEAR.fullmatch(label)) for label in labels]
            years = members[np.asarray(dated, dtype=bool)]
            if len(years) >= MEMBERS:
                yield _Group("years", "kind", "years (numbers from 1000 to 2099)", "a year", years)


def _scripts(points: pa.Table) -> Iterator[_Group]:
    if "script" not in points.column_names:
        return
    scripts = np.asarray(points["script"].to_pylist(), dtype=object)
    for script, held in Counter(scripts).most_common():
        if script not in (None, "Common") and SCRIPT <= held <= len(scripts) / 2:
            members = np.flatnonzero(scripts == script)
            yield _Group(script, "script", f"tokens in {script} script", "such a token", members)


def _lists(points: pa.Table, own: Mapping[str, Sequence[str]]) -> Iterator[_Group]:
    by_label: dict[str, list[int]] = {}
    for point, label in enumerate(points["label"].to_pylist()):
        if label is not None:
            by_label.setdefault(_folded(label), []).append(point)

    def group(name: str, source: str, many: str, one: str, words: Sequence[str]) -> _Group:
        asked = {_folded(word): word.strip() for word in words if word.strip()}
        # Of a word's spellings the first: each would find the other, whatever else is near.
        there = (by_label[word][0] for word in asked if word in by_label)
        members = np.array(sorted(there), dtype=np.int64)
        missing = tuple(word for folded, word in asked.items() if folded not in by_label)
        return _Group(name, source, many, one, members, len(asked), missing)

    for name, words in shipped_lists().items():
        yield group(name, "list", name, ONE[name], words)
    for name, chosen in own.items():
        yield group(name, "own", f"words of the list “{name}”", "such a word", chosen)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word.strip()).casefold()


def _extremes(
    members: NDArray[np.int64],
    measured: Gathering,
    labels: pa.ChunkedArray,
    numbers: NDArray[np.int64],
) -> dict[str, list[dict[str, Any]]]:
    """Return the members that gather most, and those that gather less than the mean."""

    def told(chosen: NDArray[np.int64]) -> list[dict[str, Any]]:
        return [
            {
                "point": int(numbers[members[at]]),
                "label": labels[int(members[at])].as_py(),
                "share": float(shares[at]),
            }
            for at in chosen
        ]

    shares = measured.shares
    best = np.argsort(-shares, kind="stable")[:EXAMPLES]
    least = np.argsort(shares, kind="stable")[:STRAYS]
    return {
        "examples": told(best[(shares[best] > 0) & (shares[best] >= measured.share)]),
        "strays": told(least[shares[least] < measured.share]),
    }


def _refusal(group: _Group, error: TooFewError) -> TooFewError:
    """Say of which list there is too little, and what is missing."""
    n, rest = len(group.members), len(group.missing) - NAMED
    if n >= MEMBERS:
        return TooFewError(f"{_capital(group.many)}: {error}")
    named = ", ".join(group.missing[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
    return TooFewError(
        f"{_there(group)}: too few to say whether they gather ({MEMBERS} are needed)"
        + (f"; missing: {named}" if named else "")
    )


def _statement(group: _Group, measured: Gathering, figures: Mapping[str, Any], without: str) -> str:
    gathers, k, n = figures["gathers"], figures["k"], len(group.members)
    verb = "gather" if gathers else "do not gather more than chance would have it"
    nearest = f"{k:,} tokens" if k > 1 else "one token"
    interval = f"95 % interval {_percent(measured.low)} to {_percent(measured.high)} %"
    if measured.possible < 1:
        interval += f"; {_percent(measured.possible)} % is the most that {n:,} can have"
    lift = f", {_times(measured.lift)} times as many as by chance" if gathers else ""
    rests = f"{n:,} of {figures['points_in_space']:,} tokens"
    if group.words is not None:
        rests = _there(group)
    tests = "1 group" if figures["tests"] == 1 else f"{figures['tests']:,} groups"
    return (
        f"{_capital(group.many)} {verb}: of the {nearest} nearest to {group.one}, "
        f"{_percent(measured.share)} % are {_too(group)} ({interval}){lift}; among as many tokens "
        f"drawn at random it would be {_percent(measured.chance)} % "
        f"({_p(figures)}, corrected for {tests}; {rests}{without})."
    )


def _there(group: _Group) -> str:
    assert group.words is not None
    there = group.words - len(group.missing)
    verb = "is" if there == 1 else "are"
    return f"{there:,} of {group.words:,} {group.many} {verb} in the vocabulary"


def _too(group: _Group) -> str:
    return "in it too" if group.source == "own" else f"{group.many.partition(' (')[0]} too"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _percent(share: float) -> str:
    """Two digits, three where little is missing to all."""
    return f"{100 * share:.{3 if share > 0.99 else 2}g}"


def _times(lift: float) -> str:
    return f"{float(f'{lift:.2g}'):,.0f}" if lift >= 10 else f"{lift:.{2 if lift >= 2 else 3}g}"


def _p(figures: Mapping[str, Any]) -> str:
    """Say the corrected p; where no random group gathers as much, it is the least it can be."""
    p = figures["p_corrected"]
    if p < 0.001:
        return "p < .001"
    least = figures["p"] * (1 + figures["permutations"]) < 1.5
    return f"p {'≤' if least else '='} {p:.2g}".replace(" 0.", " .")
