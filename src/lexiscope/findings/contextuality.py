"""Contextuality: how much words depend on their text, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.findings.finding import Finding, as_points, too_few
from lexiscope.measure.contextuality import (
    EXPLAINED,
    TEXTS,
    WITHIN,
    Contextuality,
    occurrences,
)
from lexiscope.measure.contextuality import contextuality as measure
from lexiscope.measure.evidence import bootstrap_interval, sample
from lexiscope.space import Space

NAME = "contextuality"
# Of a space with more, so many are looked at, by drawing whole texts.
OCCURRENCES = 100_000
SHOWN = 5
# Digits of a mean cosine that all processors agree on, given the same vectors; of equal layers and
# words the first is told.
DIGITS = 6
# So many occurrences of each of them are shown at most, 5,000 of all.
POINTS = 500


def contextuality(
    space: Space, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[Finding]:
    """Say at which layer words depend on their text most, and how much at every layer.

    See `lexiscope.measure.contextuality` for the figures. The intervals of the adjusted ones say
    how much they depend on which words, or texts, there are, and which random sets were drawn.

    Parameters
    ----------
    space : Space
        With layers; its points have a column `target` and their text's number in `row`, or the
        text itself in `text`.
    seed : int
        Of the random sets, the interval, and the texts drawn where there are more than 100,000
        occurrences.
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Finding
        One. Its points are the occurrences of the words that depend on their text most and least.
    """
    column = next((each for each in ("row", "text") if each in space.points.column_names), None)
    if column is None or "target" not in space.points.column_names or not space.layers:
        error = TooFewError(f"{len(space):,} points that are no words in texts: nothing to compare")
        return [too_few(NAME, space.name, error, len(space))]
    texts, _ = _numbered(space, column)
    word, names = _numbered(space, "target")
    rows = _drawn(texts, seed)
    text = np.unique(texts[rows], return_inverse=True)[1]
    try:
        groups = occurrences(word[rows], text)
    except TooFewError as error:
        return [too_few(NAME, space.name, error, len(space))]
    layers = []
    for layer in space.layers:
        matrix = space.matrices[layer]
        chosen = matrix if len(rows) == len(space) else matrix[rows]
        layers.append(measure(chosen, groups, seed=seed))
        if progress:
            progress(len(layers) / len(space.layers))
    reason = None
    if not groups.of_texts:
        reason = (
            f"fewer than {TEXTS} texts have {WITHIN} or more of their words in the space; "
            "lexiscope build with --match all takes every word"
        )
    adjusted = [each.self_similarity - each.anisotropy for each in layers]
    low, high = np.transpose([bootstrap_interval(each, seed=seed) for each in adjusted])
    of_texts, of_words = (
        np.transpose([bootstrap_interval(each, error=error, seed=seed) for each, error in beyond])
        for beyond in (
            [(at.within - at.within_chance, at.within_error) for at in layers],
            [(at.explained - at.explained_chance, at.explained_error) for at in layers],
        )
    )
    most = int(np.argmin(np.round([each.mean() for each in adjusted], DIGITS)))
    order = np.argsort(layers[most].self_similarity.round(DIGITS), kind="stable")

    def told(chosen: NDArray[np.int64]) -> list[dict[str, Any]]:
        of_words = [groups.of_words[groups.words[number]] for number in chosen]
        return [
            {
                "word": names[groups.words[number]],
                "self_similarity": float(layers[most].self_similarity[number]),
                "points": as_points(rows[each[sample(len(each), POINTS, seed)]]),
            }
            for number, each in zip(chosen, of_words, strict=True)
        ]

    least = np.argsort(-layers[most].self_similarity.round(DIGITS), kind="stable")
    ends = told(order[:SHOWN]), told(least[:SHOWN])
    figures = {
        "n": len(rows),
        "words": len(groups.words),
        "texts": int(text.max()) + 1,
        "layers": list(space.layers),
        **_by_layer(layers),
        "self_similarity_low": low,
        "self_similarity_high": high,
        "intra_sentence_low": of_texts[0],
        "intra_sentence_high": of_texts[1],
        "mev_low": of_words[0],
        "mev_high": of_words[1],
        "mev_sampled": layers[0].sampled,
        "intra_reason": reason,
        "most_contextual": ends[0],
        "least_contextual": ends[1],
        "sampled": len(rows) if len(rows) < len(space) else None,
        "seed": seed,
    }
    statement = _statement(space.layers, figures, most)
    shown = {point for words in ends for each in words for point in each["points"]}
    points = tuple(sorted(shown))
    return [Finding(NAME, space.name, space.layers[most], statement, figures, points)]


def _numbered(space: Space, column: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return a column as numbers from 0 on, and what they stand for."""
    values = pc.dictionary_encode(space.points[column], null_encoding="encode").combine_chunks()
    return values.indices.to_numpy().astype(np.int64), values.dictionary.cast("string").to_pylist()


def _drawn(texts: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the points to look at: all, or those of randomly drawn texts."""
    if len(texts) <= OCCURRENCES:
        return np.arange(len(texts))
    sizes = np.bincount(texts)
    order = np.random.default_rng(seed).permutation(len(sizes))
    fitting = order[np.cumsum(sizes[order]) <= OCCURRENCES]
    return np.flatnonzero(np.isin(texts, fitting))


def _by_layer(layers: Sequence[Contextuality]) -> dict[str, list[float | None]]:
    """Return the means over words and texts, by layer."""

    def means(values: Callable[[Contextuality], NDArray[np.float64]]) -> list[float | None]:
        each = [values(layer) for layer in layers]
        return [float(value.mean()) if len(value) else None for value in each]

    return {
        "anisotropy": [each.anisotropy for each in layers],
        "self_similarity": means(lambda at: at.self_similarity),
        "self_similarity_adjusted": means(lambda at: at.self_similarity - at.anisotropy),
        "intra_sentence": means(lambda at: at.within),
        "intra_sentence_adjusted": means(lambda at: at.within - at.within_chance),
        "mev": means(lambda at: at.explained),
        "mev_adjusted": means(lambda at: at.explained - at.explained_chance),
        "mev_baseline": means(lambda at: at.explained_chance),
    }


def _statement(layers: Sequence[int], figures: dict[str, Any], most: int) -> str:
    adjusted, low, high = (
        figures[f"self_similarity_{each}"] for each in ("adjusted", "low", "high")
    )
    of = f"{figures['words']:,} words ({figures['n']:,} occurrences in {figures['texts']:,} texts"
    of += f", drawn with seed {figures['seed']})" if figures["sampled"] else ")"
    # Intervals that overlap do not tell which of the layers has the least.
    alike = [n for n in range(len(layers)) if n != most and low[n] <= high[most]]
    begin = f"Words depend on their text most at layer {layers[most]}"
    if alike:
        begin += f", and about as much at {_spans([layers[n] for n in alike])}"
    if len(layers) == 1:
        begin = f"At layer {layers[0]} words depend on their text like this"
    than = "more" if adjusted[most] >= 0 else "less"
    interval = f"95 % interval over words {_short(low[most])} to {_short(high[most])}"
    if np.isnan(low[most]):
        interval = "too few words for an interval"
        if len(layers) > 1:
            interval += ", so which layer it is may be by chance"
    elif low[most] <= 0:
        interval += ", so not shown to be more alike than by chance"
    least = int(np.argmax(np.round(adjusted, DIGITS)))
    other = f"; at layer {layers[least]} it is {_short(adjusted[least])}" if least != most else ""
    raw = int(np.argmin(np.round(figures["self_similarity"], DIGITS)))
    if raw != most:
        lowest = _short(figures["self_similarity"][raw])
        other += f"; the raw mean is lowest at layer {layers[raw]}, {lowest}"
    said = (
        f"{begin}: of {of} two occurrences of one word have a mean cosine of "
        f"{_short(figures['self_similarity'][most])}, {_short(abs(adjusted[most]))} {than} than "
        f"the {_short(figures['anisotropy'][most])} of two of different words ({interval}{other})"
    )
    if figures["mev_sampled"]:
        said += (
            f"; what one direction explains is that of {EXPLAINED:,} drawn occurrences (seed "
            f"{figures['seed']}) for the {figures['mev_sampled']:,} with more"
        )
    if figures["intra_reason"]:
        reason = figures["intra_reason"]
        return f"{said}; how alike the words of one text are cannot be said: {reason}."
    beyond = figures["intra_sentence_adjusted"][most]
    low, high = (figures[f"intra_sentence_{each}"][most] for each in ("low", "high"))
    sure = ", so not shown to differ from random ones" if low <= 0 <= high else ""
    return (
        f"{said}; the words of one text have a mean cosine of "
        f"{_short(figures['intra_sentence'][most])} with their mean, {_short(abs(beyond))} "
        f"{'more' if beyond >= 0 else 'less'} than random ones (95 % interval over texts "
        f"{_short(low)} to {_short(high)}{sure})."
    )


def _spans(layers: Sequence[int]) -> str:
    """Return ascending layers in words, those in a row as one: "layers 1, 3-5"."""
    runs: list[list[int]] = []
    for layer in layers:
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    said = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"layer{'s' if len(layers) > 1 else ''} {', '.join(said)}"


def _short(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"
