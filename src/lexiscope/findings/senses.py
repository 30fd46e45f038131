"""Senses: whether the occurrences of a word lie apart by their labelled sense, by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.findings.finding import Finding, as_points, short_p, too_few, undecided
from lexiscope.measure.evidence import FEWEST as UNITS
from lexiscope.measure.evidence import (
    Corrected,
    bootstrap_interval,
    corrected,
    decisive_draws,
    sample,
)
from lexiscope.measure.sense_labels import FEWEST, SHUFFLES, Labels, deal, sense_labels
from lexiscope.measure.senses import DIGITS, Best, Recovery, best_layer, recovery
from lexiscope.space import Space

NAME, OVERALL = "senses", "senses_overall"
# More findings are not read, and more occurrences of a word do not change its figures.
WORDS = 200
OCCURRENCES = 5000
CERTAIN = 0.05
NAMED = 5
# Over all words, the occurrences are shown where there are fewer.
SHOWN = 5000
# Figures by layer: the name in `Recovery`, the one of it with the senses shuffled, and what the
# interval over words is called.
LAYERED = (
    ("neighbor_accuracy", "shuffled_neighbor", ""),
    ("centroid_accuracy", "shuffled_centroid", "centroid_"),
    ("macro_f1", "shuffled_macro_f1", "macro_f1_"),
    ("silhouette", "shuffled_silhouette", "silhouette_"),
    ("ami", "shuffled_ami", "ami_"),
)

Array = NDArray[Any]


def senses(
    space: Space, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[Finding]:
    """Say of every word with labelled senses whether these lie apart, and of all words together.

    The words with the most labelled occurrences are measured, 200 at most, each with 5,000
    occurrences at most, drawn. Of several layers the one with the highest nearest-neighbour
    accuracy is the best (`lexiscope.measure.senses.best_layer`); p allows for that choice, and
    the verdict, by p corrected after Holm, for the other words measured. It is unsure where the
    interval in which the shuffles tell that p to lie holds .05.

    Parameters
    ----------
    space : Space
        With layers; its points have the columns `target` and `sense`, and maybe `split`
        ("train", "test") and their text's number in `row`, or the text itself in `text`.
    seed : int
    progress : callable, optional
        Called with the share done, in [0, 1].

    Returns
    -------
    list of Finding
        ``"senses"`` for each word, and one refused one for the words with too few occurrences;
        ``"senses_overall"`` at the end where a word could be measured.
    """
    columns = {name: _column(space, name) for name in ("target", "sense", "split")}
    texts = _texts(space)
    given = np.flatnonzero([each is not None for each in columns["sense"]])
    if not len(given) or not space.layers:
        error = TooFewError(
            f"{len(space):,} points without labelled senses: to see whether senses lie apart, "
            "name the column of your file that holds them (--sense COLUMN)"
        )
        return [too_few(NAME, space.name, error, len(space))]
    names, word = np.unique(columns["target"][given].astype(str), return_inverse=True)
    counts = np.bincount(word)
    labelled: dict[str, tuple[Labels, Array]] = {}
    short: dict[str, int] = {}
    for code in np.argsort(-counts, kind="stable")[:WORDS]:
        rows = given[word == code][sample(counts[code], OCCURRENCES, seed)]
        try:
            labels = sense_labels(columns["sense"][rows], columns["split"][rows], texts[rows])
        except TooFewError:
            short[names[code]] = len(rows)
        else:
            labelled[names[code]] = labels, rows[labels.rows]
    # So many that senses that no shuffle finds as well lie apart for sure, after correction, too.
    shuffles = max(SHUFFLES, decisive_draws(len(labelled), CERTAIN))
    measured = _measured(space, labelled, shuffles, seed, progress)
    best = {name: best_layer(layers) for name, layers in measured.items()}
    p_values = corrected([(each.p, each.low, each.high) for each in best.values()])
    found = [
        _of_word(
            space,
            name,
            labels,
            rows,
            measured[name],
            best[name],
            p,
            len(labelled),
            shuffles,
            counts[names == name].item(),
            seed,
        )
        for (name, (labels, rows)), p in zip(labelled.items(), p_values, strict=True)
    ]
    if short:
        found.append(_refused(space, short))
    if labelled:
        found.append(_overall(space, labelled, measured, len(short), counts, seed))
    return found


def _column(space: Space, name: str) -> Array:
    """Return the values of a column, what is empty or not there as None."""
    if name not in space.points.column_names:
        return np.full(len(space), None, dtype=object)
    values = (None if each is None else str(each) for each in space.points[name].to_pylist())
    return np.array([each if each and each.strip() else None for each in values], dtype=object)


def _texts(space: Space) -> NDArray[np.int64]:
    """Return the number of every point's text; without a column for it, each has its own."""
    column = next((each for each in ("row", "text") if each in space.points.column_names), None)
    if column is None:
        return np.arange(len(space))
    values = pc.dictionary_encode(space.points[column], null_encoding="encode").combine_chunks()
    return np.asarray(values.indices, dtype=np.int64)


def _measured(
    space: Space,
    labelled: Mapping[str, tuple[Labels, Array]],
    shuffles: int,
    seed: int,
    progress: Callable[[float], None] | None,
) -> dict[str, list[Recovery]]:
    """Return every word's figures by layer, reading each layer once.

    Senses are dealt out anew at each layer, the same by the seed: kept for all words, they would
    take more memory than the vectors.
    """
    measured: dict[str, list[Recovery]] = {name: [] for name in labelled}
    for layer in space.layers if labelled else ():
        matrix = space.matrices[layer]
        for number, (name, (labels, rows)) in enumerate(labelled.items()):
            dealt = deal(labels, shuffles, seed)
            measured[name].append(recovery(matrix[rows], labels, dealt, seed=seed))
            if progress:
                done = space.layers.index(layer) + (number + 1) / len(labelled)
                progress(done / len(space.layers))
    return measured


def _of_word(
    space: Space,
    word: str,
    labels: Labels,
    rows: Array,
    layers: list[Recovery],
    chosen: Best,
    p: Corrected,
    words: int,
    shuffles: int,
    occurrences: int,
    seed: int,
) -> Finding:
    best, unsure = chosen.layer, p.unsure(CERTAIN)
    figures: dict[str, Any] = {
        "word": word,
        "n": len(rows),
        "senses": labels.counts,
        "majority": labels.majority,
        "layers": list(space.layers),
        **_with_micro_f1({name: [getattr(each, name) for each in layers] for name, *_ in LAYERED}),
        "shuffled": _shuffled(layers),
        "always_majority": _always_majority([labels]),
        "p": chosen.p,
        "p_corrected": p.p,
        "p_corrected_low": p.low,
        "p_corrected_high": p.high,
        "unsure": unsure,
        "best_layer": space.layers[best],
        "scored": "split" if labels.split else "leave-one-out",
        "train": len(labels.known) if labels.split else None,
        "test": len(labels.scored) if labels.split else None,
        "shuffles": shuffles,
        "seed": seed,
        "left_out": labels.rare,
    }
    drawn = f", drawn from {occurrences:,} (seed {seed})" if occurrences > OCCURRENCES else ""
    whose = "nearest train occurrence" if labels.split else "nearest other occurrence"
    of = f"of {len(labels.scored):,} {'test ' if labels.split else ''}occurrences{drawn}"
    if labels.rare:
        of += f" ({labels.rare:,} of senses too rare to score left out)"
    several = [
        f"{count:,} {what}"
        for count, what in ((len(layers), "layers"), (words, "words"))
        if count > 1
    ]
    allowed = f", corrected for {' and '.join(several)}" if several else ""
    many = ", ".join(f"{name} {count:,}" for name, count in labels.counts.items())
    verdict = f"The senses of '{word}' ({many}) are not shown to lie apart"
    if unsure:
        verdict = f"Whether the senses of '{word}' ({many}) lie apart is unsure"
    elif p.p < CERTAIN:
        verdict = f"The senses of '{word}' ({many}) lie apart"
    statement = (
        f"{verdict}: at layer {space.layers[best]} the {whose} "
        f"has the same sense for {_percent(layers[best].neighbor_accuracy)} {of}, against "
        f"{_percent(layers[best].shuffled_neighbor.mean())} with the senses shuffled and "
        f"{_percent(labels.majority)} for always guessing the most frequent one "
        f"({_p(chosen, p, shuffles, allowed)})."
    )
    return Finding(NAME, space.name, space.layers[best], statement, figures, as_points(rows))


def _p(chosen: Best, p: Corrected, shuffles: int, allowed: str) -> str:
    """Say the corrected p, and where it may lie if that is on either side of the level."""
    if p.unsure(CERTAIN):
        doubt = undecided(f"{shuffles:,} shuffles", p.low, p.high, CERTAIN)
        return f"p = {short_p(p.p, 3)}{allowed}; {doubt}"
    # None of the shuffles came near: it could be smaller with more of them.
    sign = "≤" if chosen.p * (1 + shuffles) < 1.5 and p.p < 1 else "="
    return f"p {sign} {short_p(p.p)}{allowed}"


def _refused(space: Space, short: Mapping[str, int]) -> Finding:
    """Return one finding for all words that have too few occurrences."""
    listed = [f"'{word}' ({count:,})" for word, count in list(short.items())[:NAMED]]
    if len(short) > NAMED:
        listed.append(f"{len(short) - NAMED:,} more")
    n = sum(short.values())
    error = TooFewError(
        f"{n:,} labelled occurrence{'' if n == 1 else 's'} of {', '.join(listed)}: too few to say "
        f"whether senses lie apart ({FEWEST} of a word are needed, and 2 senses in 2 texts each)."
    )
    return too_few(NAME, space.name, error, n)


def _overall(
    space: Space,
    labelled: Mapping[str, tuple[Labels, Array]],
    measured: Mapping[str, list[Recovery]],
    refused: int,
    counts: NDArray[np.int64],
    seed: int,
) -> Finding:
    by_layer = list(zip(*measured.values(), strict=True))
    means: dict[str, Any] = {}
    intervals: dict[str, Any] = {}
    for name, _, prefix in LAYERED:
        values = np.array([[getattr(each, name) for each in layer] for layer in by_layer])
        means[name] = values.mean(axis=1)
        ends = np.transpose([bootstrap_interval(each, seed=seed) for each in values])
        intervals[f"{prefix}low"], intervals[f"{prefix}high"] = ends
    each_shuffled = [_shuffled(layers) for layers in measured.values()]
    levels = {
        name: np.mean([each[name] for each in each_shuffled], axis=0) for name in each_shuffled[0]
    }
    shuffled = levels["neighbor_accuracy"]
    usual = _always_majority([labels for labels, _ in labelled.values()])
    majority = usual["micro_f1"]
    n = sum(len(rows) for _, rows in labelled.values())
    ranks = np.round([means["neighbor_accuracy"], means["silhouette"]], DIGITS).T.tolist()
    best = ranks.index(max(ranks))
    figures = {
        "words": len(labelled),
        "n": n,
        "layers": list(space.layers),
        **_with_micro_f1(means),
        **intervals,
        "majority": majority,
        "shuffled": shuffled,
        "shuffled_levels": levels,
        "always_majority": usual,
        "best_layer": space.layers[best],
        "seed": seed,
    }
    interval = "one word, so no interval"
    if len(labelled) > 1:
        interval = "too few words for an interval"
    if len(labelled) >= UNITS:
        interval = f"95 % interval over words {_percent(intervals['low'][best])} to "
        interval += _percent(intervals["high"][best])
    known = f"{len(labelled):,} word{'' if len(labelled) == 1 else 's'}"
    if len(counts) > WORDS:
        known += f" of the {WORDS} with the most labelled occurrences"
    of = f"{n:,} occurrences"
    if counts.max() > OCCURRENCES:
        of += f", {OCCURRENCES:,} drawn of each word with more (seed {seed})"
    if refused:
        of += f"; {refused:,} word{'' if refused == 1 else 's'} with too few left out"
    count = len(space.layers)
    many = f"chosen as the best of {count} layers" if count > 1 else "the only one"
    statement = (
        f"Over {known} ({of}), the nearest occurrence has the same sense "
        f"{_percent(means['neighbor_accuracy'][best])} of the time at layer {space.layers[best]}, "
        f"{many} ({interval}), against {_percent(shuffled[best])} with the senses shuffled and "
        f"{_percent(majority)} for always guessing the most frequent one."
    )
    points: tuple[int, ...] = ()
    if n < SHOWN:
        points = as_points(np.concatenate([rows for _, rows in labelled.values()]))
    return Finding(OVERALL, space.name, space.layers[best], statement, figures, points)


def _with_micro_f1(figures: dict[str, Any]) -> dict[str, Any]:
    """Add the micro F1, which is the accuracy: every occurrence is given exactly one sense."""
    return figures | {"micro_f1": figures["centroid_accuracy"]}


def _shuffled(layers: Sequence[Recovery]) -> dict[str, Any]:
    """Return what every figure is by layer with the senses shuffled: the mean over shuffles."""
    return _with_micro_f1(
        {name: [getattr(each, shuffled).mean() for each in layers] for name, shuffled, _ in LAYERED}
    )


def _always_majority(words: Sequence[Labels]) -> dict[str, float]:
    """Return what always saying the most frequent sense reaches: the mean over words.

    All in one cluster, the mutual information is 0. One label has no silhouette.
    """
    return {
        "micro_f1": float(np.mean([each.majority for each in words])),
        "macro_f1": float(np.mean([each.majority_macro_f1 for each in words])),
        "ami": 0.0,
    }


def _percent(share: float | np.floating) -> str:
    return f"{100 * share:.0f} %"
