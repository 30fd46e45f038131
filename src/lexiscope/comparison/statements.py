"""Statements: what a comparison says, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import comb, floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Figures = Mapping[str, Any]

# Lengths that differ by less are the same: storing a table in bfloat16 changes them by 1e-3.
SAME_LENGTH = 2e-3
# A cosine that is smaller took a rotation to make it larger.
UNTURNED = 1 - 1e-5
NAMED = 5
# A share that shows in the figures beside it.
WORTH_TELLING = 0.005


def statements(
    figures: Figures, x: Floats, y: Floats, shares: Floats | None, k: int, tied: bool
) -> Iterator[str]:
    """Say what a comparison found.

    Parameters
    ----------
    figures : mapping
        Attributes of a `lexiscope.comparison.Comparison`.
    x, y : ndarray of shape (shared, dim)
        The vectors compared.
    shares : ndarray of shape (shared,), float32, or None
        Overlap of every point, NaN where it is left out.
    k : int
        The neighbours that were asked for.
    tied : bool
        Whether others moved as far as the last that is named.

    Yields
    ------
    str
    """
    yield _sharing(figures)
    if figures["identical"]:
        yield f"All {figures['shared']:,} shared vectors are identical, bit for bit."
        return
    if figures["moved"] is None:
        why = figures["cosine_reason"]
        if shares is None:
            yield f"{figures['shared']:,} points are too few to say what moved: {why}."
        else:
            yield f"What moved cannot be said: {why}, and nearest neighbours are arbitrary."
    elif figures["movement_by"] == "procrustes":
        yield _unmoved(figures, x, y) if not figures["moved"] else _moved(figures)
    elif shares is not None:
        yield _other_neighbors(figures, shares)
    if figures["most_moved"]:
        named = list(dict.fromkeys(each["label"] for each in figures["most_moved"]))
        how = ""
        if figures["movement_by"] == "overlap":
            how = " (of equal ones those whose former neighbours are farthest now)"
        if tied:
            how = ", with others that moved as far"
        yield f"Moved most{how}: {', '.join(named[:NAMED])}."
    yield _neighbors(figures, shares, k)
    cka = _arrangement(figures)
    if cka:
        yield cka
    if any(each is not None for each in (figures["within_words"] or {}).values()):
        yield _exchanged(figures)


def _called(side: Figures) -> str:
    at = "" if side["layer"] is None else f" (layer {side['layer']})"
    return f"{side['name']}{at}"


def _sharing(figures: Figures) -> str:
    a, b = _called(figures["a"]), _called(figures["b"])
    lost, gained, ambiguous = figures["lost"]["n"], figures["gained"]["n"], figures["ambiguous"]
    said = f"{a} and {b} share {figures['shared']:,} points of {figures['space']}"
    if lost or gained:
        said += f"; {lost:,} are only in {a} and {gained:,} only in {b}"
    if ambiguous:
        said += f"; {ambiguous:,} labels that are not unique are left out"
    return f"{said}."


def _unmoved(figures: Figures, x: Floats, y: Floats) -> str:
    """Say in what the vectors differ, when their directions do not but for a rotation."""
    length_x, length_y = (
        np.sqrt(np.einsum("ij,ij->i", each, each, dtype=np.float64)) for each in (x, y)
    )
    some = (length_x > 0) & (length_y > 0)
    along = np.einsum("ij,ij->i", x, y, dtype=np.float64)[some]
    turned = bool((along < UNTURNED * (length_x * length_y)[some]).any())
    ratios = length_y[some] / length_x[some]
    ratio = float(np.median(ratios)) if some.any() else 1.0
    if np.abs(ratios / ratio - 1).max(initial=0) > SAME_LENGTH:
        how = "rotated, and of other lengths" if turned else "but for the vectors' lengths"
    elif abs(ratio - 1) > SAME_LENGTH:
        how = f"rotated and scaled by {ratio:.3g}" if turned else f"scaled by {ratio:.3g}"
    else:
        how = "rotated, and nothing else" if turned else "but for rounding"
    lowest = 1 - float(figures["cosine"]["lowest"])
    return (
        f"Nothing moved: {_called(figures['b'])} is {_called(figures['a'])} {how} (no vector is "
        f"farther than {lowest:.1g} from its counterpart, by 1 - cosine after the best rotation)."
    )


def _moved(figures: Figures) -> str:
    cosine = figures["cosine"]
    low = f"5 % lie below {_near_one(cosine['low'])}, "
    if cosine["low"] > UNTURNED:  # fewer than 5 % moved
        low = ""
    return (
        f"{figures['moved']:,} of {figures['shared']:,} points moved: after the best rotation "
        f"the mean cosine of a vector with its counterpart is {_near_one(cosine['mean'])} (median "
        f"{_near_one(cosine['median'])}, {low}the lowest is {_near_one(cosine['lowest'])}; "
        f"{cosine['chance']:.2g} with the points shuffled, seed {figures['seed']})."
    )


def _other_neighbors(figures: Figures, shares: Floats) -> str:
    """Say how many points have other neighbours, and how many would by chance."""
    compared, others, k = int((~np.isnan(shares)).sum()), len(shares) - 1, figures["overlap"]["k"]
    all_kept, none_kept = 1 / comb(others, k), comb(others - k, k) / comb(others, k)
    return (
        f"{figures['moved']:,} of {compared:,} points have at least one other neighbour than "
        f"before ({compared * (1 - all_kept):,.0f} by chance), and {int((shares == 0).sum()):,} "
        f"have none of the same ({compared * none_kept:,.0f} by chance); how far they moved is "
        f"told by that alone, since {figures['cosine_reason']}."
    )


def _neighbors(figures: Figures, shares: Floats | None, k: int) -> str:
    overlap = figures["overlap"]
    undecided = 0 if shares is None else int(np.isnan(shares).sum())
    if overlap is None and undecided:
        return (
            f"Nearest neighbours cannot be compared: {undecided:,} of {figures['shared']:,} points "
            "have so many others equally near that it is arbitrary which are listed."
        )
    if overlap is None:
        most = figures["shared"] - 2
        hint = f"; give a k of at most {most:,}" if most > 0 else ""
        return f"{figures['shared']:,} shared points are too few to compare {k:,} neighbours{hint}."
    mean, low, high, chance = (
        _percent(overlap[each]) for each in ("mean", "low", "high", "chance")
    )
    few = np.isnan(overlap["low"])
    interval = "too few points for an interval" if few else f"95 % interval {low} to {high}"
    said = (
        f"Of a point's {overlap['k']} nearest neighbours {mean} are the same ({interval}; "
        f"{chance} by chance)"
    )
    if overlap["low"] <= overlap["chance"]:
        said += ", so not shown to be more than chance"
    if undecided:
        said += (
            f"; {_points(undecided)} left out, being zero or having more than {overlap['k']} "
            "others all equally near"
        )
    # However small: where it is what keeps the share from being all, it says why.
    if overlap["arbitrary"] >= min(WORTH_TELLING, 1 - overlap["mean"]) and overlap["arbitrary"]:
        said += (
            f"; {_percent(overlap['arbitrary'])} of them have others just as near, so which of "
            "these are listed is arbitrary"
        )
    if overlap["recall"] < 1:
        said += f"; the search for them finds {_percent(overlap['recall'])} of the true ones"
    return f"{said}."


def _arrangement(figures: Figures) -> str | None:
    cka = figures["cka"]
    row = cka["layers_a"].index(figures["a"]["layer"])
    column = cka["layers_b"].index(figures["b"]["layer"])
    value, debiased = cka["values"][row][column], cka["debiased"][row][column]
    if value is None:
        return None
    corrected = (
        f", {_near_one(debiased)} corrected for few points in many dimensions"
        if debiased is not None
        else ""
    )
    return (
        f"How alike both arrange the points, linear CKA: {_near_one(value)} (1 is the same "
        f"arrangement, {cka['chance']:.2g} comes by chance{corrected})."
    )


def _exchanged(figures: Figures) -> str:
    """Say what the same figures are when only the words are right."""
    within = figures["within_words"]
    named = {
        "overlap": "{} of the neighbours",
        "cosine": "a mean cosine of {}",
        "cka": "a linear CKA of {}",
    }
    told = [
        text.format(_percent(within[name]) if name == "overlap" else _near_one(within[name]))
        for name, text in named.items()
        if within[name] is not None
    ]
    return (
        "Where only the words are right, their occurrences exchanged for one another at random "
        f"(seed {figures['seed']}), there are still {', '.join(told)}."
    )


def _points(number: int) -> str:
    return "1 point is" if number == 1 else f"{number:,} points are"


def _near_one(value: float) -> str:
    """Write a figure with three digits, or as many as tell it from 1."""
    gap = 1 - value
    if UNTURNED < value < 1 or gap >= 0.0005 or gap < 0:
        return f"{value:.3g}"
    return f"{value:.{-floor(log10(gap))}f}" if gap else "1"


def _percent(share: float) -> str:
    gap = 100 * (1 - share)
    if not 1e-6 < gap < 0.05:
        return f"{100 * share:.3g} %"
    return f"{100 * share:.{-floor(log10(gap))}f} %"
