"""Groups: do tokens of one kind, of one script or of one list lie together?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.findings.distinct import distinct, left_out
from lexiscope.findings.finding import Finding, as_points, short_p, too_few, undecided
from lexiscope.findings.token_groups import Group, check_lists, token_groups
from lexiscope.measure.evidence import corrected, decisive_draws
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
    check_lists(own, space.points)
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
    asked = token_groups(whole.points, numbers, own)
    if progress:
        progress(0.1)
    testable = [len(group.members) for group in asked if MEMBERS <= len(group.members) < n]
    # So many that a group that none of them reaches gathers for sure, after correction, too.
    needed = decisive_draws(len(testable), LEVEL)
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
    told = [each for each in measured if isinstance(each, Gathering)]
    p_values = iter(corrected([(each.p, each.p_low, each.p_high) for each in told]))
    labels = space.points["label"]
    found = []
    for group, each in zip(asked, measured, strict=True):
        if isinstance(each, TooFewError):
            found.append(too_few(NAME, space.name, _refusal(group, each), len(group.members)))
            continue
        p = next(p_values)
        unsure = p.unsure(LEVEL)
        figures: dict[str, Any] = {
            "group": group.name,
            "source": group.source,
            "k": indices.shape[1],
            "n": len(group.members),
            "points_in_space": n,
            "words": group.words,
            "missing": list(group.missing),
            "left_out": list(group.left_out),
            "share": each.share,
            "chance": each.chance,
            "lift": each.lift,
            "low": each.low,
            "high": each.high,
            "p": each.p,
            "p_corrected": p.p,
            "p_corrected_low": p.low,
            "p_corrected_high": p.high,
            "tests": len(told),
            "permutations": each.permutations,
            "seed": seed,
            "gathers": p.p < LEVEL and not unsure,
            "unsure": unsure,
            **_extremes(group.members, each, labels, numbers),
        }
        statement = _statement(group, each, figures, left_out(whole, space, k))
        points = as_points(numbers[group.members])
        found.append(Finding(NAME, space.name, None, statement, figures, points))
    if progress:
        progress(1.0)
    return found


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


def _refusal(group: Group, error: TooFewError) -> TooFewError:
    """Say of which list there is too little, and what is missing."""
    if len(group.members) >= MEMBERS:
        return TooFewError(f"{_capital(group.many)}: {error}")
    return TooFewError(
        f"{_there(group)}: too few to say whether they gather ({MEMBERS} are needed)"
        + (f"; missing: {_named(group.missing)}" if group.missing else "")
    )


def _statement(group: Group, measured: Gathering, figures: Mapping[str, Any], without: str) -> str:
    gathers, unsure = figures["gathers"], figures["unsure"]
    k, n = figures["k"], len(group.members)
    verdict = f"{group.many} do not gather more than chance would have it"
    if unsure:
        verdict = f"whether {group.many} gather is unsure"
    elif gathers:
        verdict = f"{group.many} gather"
    nearest = f"{k:,} tokens" if k > 1 else "one token"
    interval = "too few for an interval"
    if not np.isnan(measured.low):
        interval = f"95 % interval {_percent(measured.low)} to {_percent(measured.high)} %"
    if measured.possible < 1:
        interval += f"; {_percent(measured.possible)} % is the most that {n:,} can have"
    lift = ""
    if gathers or unsure:
        lift = f", {_times(measured.lift)} times as many as by chance"
    rests = f"{n:,} of {figures['points_in_space']:,} tokens"
    if group.words is not None:
        rests = _there(group)
    tests = "1 group" if figures["tests"] == 1 else f"{figures['tests']:,} groups"
    doubt = ""
    if unsure:
        low, high = figures["p_corrected_low"], figures["p_corrected_high"]
        draws = f"{figures['permutations']:,} random groups"
        doubt = f"; {undecided(draws, low, high, LEVEL)}"
    return (
        f"{_capital(verdict)}: of the {nearest} nearest to {group.one}, "
        f"{_percent(measured.share)} % are {_too(group)} ({interval}){lift}; among as many tokens "
        f"drawn at random it would be {_percent(measured.chance)} % "
        f"({_p(figures)}, corrected for {tests}{doubt}; {rests}{without})."
    )


def _there(group: Group) -> str:
    assert group.words is not None
    there = group.words - len(group.missing)
    said = f"{there:,} of {group.words:,} {group.many} {_are(there)} in the vocabulary"
    if group.left_out:
        said += f", but {_named(group.left_out)} {_are(len(group.left_out))} left out"
    return said


def _named(words: Sequence[str]) -> str:
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _too(group: Group) -> str:
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
    return f"p {'≤' if least else '='} {short_p(p, 3 if figures['unsure'] else 2)}"
