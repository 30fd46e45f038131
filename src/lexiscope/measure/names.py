"""Names for regions of a picture, drawn from the points they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, count
from math import log

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.measure.regions import Region
from lexiscope.neighbors import DECIMALS, spherize

WORDS = 3
LONGEST = 24
# Kinds and targets that fill the first share of a region give its name by themselves; words that
# fill less than the second share of it are not what it is about.
MOST, SOME = 0.6, 0.2
# How much less central a word may be for being a tenth as far down the vocabulary, over ln 10.
FREQUENT = 0.04
# Kinds that are called by the kind, not by examples.
PLURAL = {
    "unused": "unused tokens",
    "special": "special tokens",
    "byte": "bytes",
    "number": "numbers",
    "punctuation": "punctuation",
    "single character": "characters",
}

Cluster = tuple[str, NDArray[np.int64]]


def group_names(
    groups: Sequence[NDArray[np.int64]], points: pa.Table, vectors: NDArray[np.float32]
) -> list[str]:
    """Name groups of points so that a person sees what they are about; see `region_names`.

    Parameters
    ----------
    groups : sequence of ndarray of int
        The points of each.
    points : pyarrow.Table of n_points rows
    vectors : ndarray of shape (n_points, dim), float32

    Returns
    -------
    list of str
        One a group, all different.
    """
    nowhere = np.empty(0, dtype=np.float32)
    return region_names([Region(0, nowhere, each) for each in groups], points, vectors)


def region_names(
    regions: Sequence[Region],
    points: pa.Table,
    vectors: NDArray[np.float32],
    clusters: Sequence[Cluster] = (),
) -> list[str]:
    """Name regions so that a person sees what they are about.

    Words in context are named by the target that most of a region are occurrences of, with its
    sense (``"bank · river"``), or by the targets that are more frequent there than elsewhere.
    Positions are named by their range, and a region of unused tokens, numbers, another script's
    characters and the like by what they are. Other regions are named by three words near the
    mean of their vectors, all vectors centred and normalised: of a word at row `i` of the
    table counts ``cos(x_i, m) - 0.04 ln(i + 1)``, as vocabularies begin with what is frequent.

    A region of words that is mostly a cluster which has a name already takes that name: at least
    half of those of its points that are in any cluster are in this one, and .2 of all its points,
    and .6 of the cluster is in the region.

    Parameters
    ----------
    regions : sequence of Region
    points : pyarrow.Table of n_points rows
        With `label`; `kind`, `script`, `target`, `sense` and `position` where there are any.
    vectors : ndarray of shape (n_points, dim), float32
    clusters : sequence of (str, ndarray of int)
        Name and points of each; no point is in two.

    Returns
    -------
    list of str
        One a region; within a level all are different.
    """
    if not regions:
        return []
    known = _Points(points, vectors)
    cluster = np.full(len(vectors), -1)
    for number, (_, members) in enumerate(clusters):
        cluster[members] = number
    taken: set[tuple[int, str]] = set()
    names = []
    for region in regions:
        known_as = _of_clusters(clusters, cluster[region.members])
        candidates = list(known.names(region.members, known_as))
        more = (f"{candidates[0]} ({number})" for number in count(2))
        name = next(each for each in chain(candidates, more) if (region.level, each) not in taken)
        taken.add((region.level, name))
        names.append(name)
    return names


def _of_clusters(clusters: Sequence[Cluster], held: NDArray[np.int64]) -> Iterator[str]:
    """Yield the name of the cluster that points with these clusters mostly are, if there is one."""
    numbers = np.bincount(held[held >= 0])
    if not len(numbers):
        return
    name, members = clusters[int(numbers.argmax())]
    number = int(numbers.max())
    if number >= max(numbers.sum() / 2, SOME * len(held), MOST * len(members)):
        yield name


class _Points:
    """What the points of a space have to say."""

    def __init__(self, points: pa.Table, vectors: NDArray[np.float32]) -> None:
        def column(name: str) -> NDArray[np.object_] | None:
            if name not in points.column_names:
                return None
            return np.asarray(points[name].to_numpy(), dtype=object)

        labels = column("label")
        self.labels = labels if labels is not None else np.arange(len(vectors)).astype(object)
        self.kinds, self.scripts = column("kind"), column("script")
        self.targets, self.senses = column("target"), column("sense")
        self.positions = column("position")
        self.overall = Counter(() if self.targets is None else self.targets)
        self.vectors = vectors if self.targets is not None else spherize(vectors)

    def names(self, members: NDArray[np.int64], known_as: Iterator[str]) -> Iterator[str]:
        """Yield names for some points, the best first, at least one.

        What points are by their kind or position is said of these very points, and goes before
        the names by which they are known otherwise.
        """
        if self.targets is not None:
            yield from known_as
            yield from self._of_targets(members)
        elif self.positions is not None:
            yield _ranges(members)
        elif self.kinds is not None:
            yield from self._of_kinds(members, self.kinds[members])
        yield from known_as
        yield from self._of_words(members)

    def _of_targets(self, members: NDArray[np.int64]) -> Iterator[str]:
        assert self.targets is not None
        numbers = Counter(each for each in self.targets[members] if each is not None)
        if not numbers:
            return
        target, number = numbers.most_common(1)[0]
        if number >= MOST * len(members):
            if self.senses is not None:
                senses = Counter(self.senses[members][self.targets[members] == target])
                sense, held = senses.most_common(1)[0]
                if sense is not None and held >= MOST * number:
                    yield f"{target} · {sense}"
            yield str(target)
            if self.senses is not None and sense is not None:
                yield f"{target} · {sense}"
        # The share of a Kullback-Leibler divergence that a target contributes.
        beyond = {
            each: number * log(number / len(members) * len(self.targets) / self.overall[each])
            for each, number in numbers.items()
        }
        best = sorted(beyond, key=lambda each: (-beyond[each], each))
        yield from _windows([str(each) for each in best])

    def _of_kinds(self, members: NDArray[np.int64], kinds: NDArray[np.object_]) -> Iterator[str]:
        """Yield what the points are where they are no words, nor pieces of any in Latin script."""
        sorts = [PLURAL.get(kind, "") for kind in kinds]
        if self.scripts is not None:
            sorts = [
                f"{script} characters"
                if kind in ("piece", "single character") and script not in ("Latin", "Common")
                else sort
                for sort, kind, script in zip(sorts, kinds, self.scripts[members], strict=True)
            ]
        numbers = Counter(sorts)
        if numbers.pop("", 0) > (1 - MOST) * len(members):
            return
        frequent = [sort for sort, held in numbers.most_common() if held >= SOME * len(members)]
        if frequent == ["numbers"] and numbers["numbers"] >= MOST * len(members):
            # Not the outermost ones, which a few strays decide.
            digits = [int(each) for each in self.labels[members] if each.isdecimal()]
            if len(digits) >= MOST * len(members):
                low, high = np.quantile(digits, (0.1, 0.9), method="nearest")
                yield f"numbers {low}–{high}"
        # What is left are marks and characters, a few of each sort.
        if sum(numbers[sort] for sort in frequent) < MOST * len(members):
            frequent.append("characters of many scripts")
        yield ", ".join(frequent)

    def _of_words(self, members: NDArray[np.int64]) -> Iterator[str]:
        mean = self.vectors[members].mean(axis=0, dtype=np.float64)
        able = members
        if self.kinds is not None:
            for kinds in (["word"], ["word", "piece"]):
                chosen = members[np.isin(self.kinds[members], kinds)]
                if len(chosen) >= max(WORDS, SOME * len(members)):
                    able = chosen
                    break
        norm = float(np.linalg.norm(mean)) or 1.0
        # Summed up in an order of our own: which words stand for many must not hang on a last bit.
        cosines = (self.vectors[able] * (mean / norm)).sum(axis=1)
        near = (cosines - FREQUENT * np.log(able + 1)).round(DECIMALS)
        order = np.argsort(-near, kind="stable")
        yield from _windows([str(each) for each in self.labels[able[order]]])


def _windows(words: Sequence[str]) -> Iterator[str]:
    """Yield three words at a time that do not say the same, then the later ones."""
    chosen: list[str] = []
    for word in words:
        if len(word) <= LONGEST and not any(_alike(word, other) for other in chosen):
            chosen.append(word)
        if len(chosen) == 2 * WORDS:
            break
    chosen = chosen or [words[0][:LONGEST]]
    for start in range(max(1, len(chosen) - WORDS + 1)):
        yield ", ".join(chosen[start : start + WORDS])


def _alike(one: str, other: str) -> bool:
    """Tell whether two words differ in case or in their ends only."""
    one, other = one.casefold().lstrip("#"), other.casefold().lstrip("#")
    shorter, longer = sorted((one, other), key=len)
    stem = shorter[: max(4, len(shorter) - 2)] if len(shorter) > 4 else shorter
    return one == other or (len(stem) >= 4 and longer.startswith(stem))


def _ranges(rows: NDArray[np.int64]) -> str:
    """Name rows by their longest runs, gaps of seven bridged: ``0–127`` or ``0–31, 64–95``."""
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 8) + 1)
    longest = sorted(runs, key=len, reverse=True)
    kept = longest[: 1 if len(longest[0]) >= MOST * len(rows) else WORDS]
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0])
        for run in sorted(kept, key=lambda run: int(run[0]))
    )
