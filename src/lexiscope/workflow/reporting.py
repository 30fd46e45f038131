"""Reporting: the findings of an atlas' spaces, taken from it or measured and kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import lexiscope
from lexiscope.atlas import Atlas, Progress, Report
from lexiscope.errors import LexiscopeError
from lexiscope.findings import KINDS, Finding, measure, plain, plain_name, takes
from lexiscope.workflow.numbers import check_numbers
from lexiscope.workflow.spaces import silent

# What a report was measured by: one that was measured otherwise is measured anew.
MEASURED_BY = f"{lexiscope.__version__}, measures 2"


def report(
    atlas: Atlas | str | os.PathLike[str],
    *,
    lists: Mapping[str, Sequence[str]] | None = None,
    k: int = 10,
    seed: int = 0,
    again: bool = False,
    progress: Progress = silent,
) -> tuple[Finding, ...]:
    """Return what the measurements say of an atlas, measuring and keeping what is not there.

    Parameters
    ----------
    atlas : Atlas or path
    lists : mapping of str to sequence of str, optional
        Lists of words of your own, by name: do they lie together? They come beside those that
        the atlas was asked for before; one of the same name takes its place.
    k : int
        Neighbours looked at, of groups and of hubs; at least 1.
    seed : int
        Of every draw.
    again : bool
        Measure although the atlas keeps findings of the same spaces, and forget earlier lists.
    progress : callable, optional
        ``progress(stage, unit, done, total)``.

    Returns
    -------
    tuple of Finding
        Space after space, in the order of the atlas.

    Raises
    ------
    LexiscopeError
        For an atlas without spaces, and for lists or numbers that cannot be used.

    Examples
    --------
    >>> import lexiscope as lx
    >>> for finding in lx.report("senses.atlas"):  # doctest: +SKIP
    ...     print(finding.statement)
    """
    check_numbers(k=k, seed=seed)
    atlas = atlas if isinstance(atlas, Atlas) else Atlas.open(atlas)
    keys = {name: str(atlas.key(name)) for name in atlas.spaces}
    if not keys:
        raise LexiscopeError(f"{atlas.path} holds no space yet: there is nothing to measure")
    kept = None if again else atlas.report
    if lists and not any("groups" in KINDS[atlas.recipe(name)["kind"]] for name in keys):
        raise LexiscopeError(
            f"lists of words: {atlas.path} has no table of words to look for them in, only "
            f"{', '.join(keys)}"
        )
    mine = {plain_name(name) for name in lists or {}}
    before = kept.asked.get("lists", {}) if kept else {}
    before = {name: words for name, words in before.items() if plain_name(name) not in mine}
    asked = plain({"k": k, "seed": seed, "lists": {**before, **(lists or {})}})
    if kept and _is_of(kept, asked, keys):
        return atlas.findings
    old = _still_true(kept, asked, keys, words=_table(atlas))
    measured = _measured(atlas, asked, old, progress)
    # As they are read again: plain numbers and lists.
    found = tuple(Finding.from_json(each.as_json()) for each in measured)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    atlas.keep_report(Report(made, MEASURED_BY, asked, keys, found))
    return atlas.findings


def _is_of(kept: Report, asked: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Tell whether a report is what measuring now would give."""
    return (kept.lexiscope, kept.asked, kept.spaces) == (MEASURED_BY, asked, keys)


def _still_true(
    kept: Report | None, asked: Mapping[str, Any], keys: Mapping[str, str], *, words: str | None
) -> dict[str, list[Finding]]:
    """Return the kept findings, by space, that only other lists of words could change."""

    def of(report: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in report.items() if name != "lists"}

    if kept is None or kept.lexiscope != MEASURED_BY or of(kept.asked) != of(asked):
        return {}
    if words is not None and kept.spaces.get(words) != keys[words]:
        return {}  # every space may be measured with the model's words
    same = [name for name, key in keys.items() if kept.spaces.get(name) == key]
    return {name: [each for each in kept.findings if each.space == name] for name in same}


def _measured(
    atlas: Atlas,
    asked: Mapping[str, Any],
    old: Mapping[str, Sequence[Finding]],
    progress: Progress,
) -> Iterator[Finding]:
    table = _table(atlas)
    words = atlas[table] if table is not None else None
    for name in atlas.spaces:
        kinds = KINDS[atlas.recipe(name)["kind"]]
        if name in old:
            kinds = tuple(each for each in kinds if takes(each, "lists"))
        made: list[Finding] = []
        for measured in kinds:
            share = partial(_advance, progress, f"{measured} of {name}")
            share(0.0)
            made += measure(measured, atlas[name], words=words, progress=share, **asked)
            share(1.0)
        yield from made
        anew = {each.name for each in made}
        yield from (each for each in old.get(name, ()) if each.name not in anew)


def _table(atlas: Atlas) -> str | None:
    """Return the name of the model's table of words, where there is one."""
    return next((name for name in atlas.spaces if atlas.recipe(name)["kind"] == "word"), None)


def _advance(progress: Progress, stage: str, done: float) -> None:
    progress(stage, "%", round(100 * done), 100)
