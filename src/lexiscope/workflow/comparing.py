"""Comparing: from the names of two atlases or models to what differs between them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lexiscope.atlas import MANIFEST, Atlas, Progress
from lexiscope.checkpoint import Checkpoint
from lexiscope.comparison import Comparison, compare
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.space import Space
from lexiscope.workflow.numbers import check_numbers
from lexiscope.workflow.spaces import TABLES, silent


@dataclass(frozen=True, eq=False)
class Difference:
    """What differs between two atlases or models.

    Attributes
    ----------
    a, b : str
        What a person calls them.
    comparisons : tuple of Comparison
        One a space that could be compared, the word table first.
    left_out : mapping of str to str
        The other spaces that either has, and why each is not compared.
    """

    a: str
    b: str
    comparisons: tuple[Comparison, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Both names, or the one of an atlas whose layers are compared."""
        return self.a if self.a == self.b else f"{self.a} and {self.b}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values: ``a``, ``b``, ``comparisons``, ``left_out``."""
        return {
            "a": self.a,
            "b": self.b,
            "comparisons": [each.as_json() for each in self.comparisons],
            "left_out": dict(self.left_out),
        }


def diff(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str] | None = None,
    *,
    space: str | None = None,
    layers: tuple[int, int] | None = None,
    k: int = 10,
    seed: int = 0,
    most: int = 20,
    trust_remote_code: bool = False,
    progress: Progress = silent,
) -> Difference:
    """Compare two atlases or models, space by space, by the points that they share.

    Parameters
    ----------
    a, b : str or path
        The folder of an atlas, or a model: ``"embedded"``, a local folder, a name on the Hub. Of
        a model its tables are read, and no atlas is built. Without b, two layers of a.
    space : str, optional
        The only space to compare; by default all that both have.
    layers : pair of int, optional
        The layer of a and the layer of b, -1 being the last; tables are then left out. By
        default the last of each.
    k, seed, most
        See `lexiscope.comparison.compare`.
    trust_remote_code : bool
        Whether code that comes with a checkpoint may run.
    progress : callable, optional
        ``progress(stage, unit, done, total)``.

    Returns
    -------
    Difference

    Raises
    ------
    LexiscopeError
        For what is neither atlas nor model, a space or a layer that is not there, and when there
        is nothing to compare.
    """
    check_numbers(k=k, seed=seed, most=most)
    if b is None and layers is None:
        raise LexiscopeError(f"{a} alone: name a second to compare it with, or two of its layers")
    first = _open(os.fspath(a), trust_remote_code)
    second = first if b is None or b == a else _open(os.fspath(b), trust_remote_code)
    if len(first.spaces) == len(second.spaces) == 1 and space is None:
        # Imported ones are called after their files; the only ones there are must be meant.
        name, only = next(iter(first.spaces)), next(iter(second.spaces.values()))
        second = second if name in second.spaces else _Opened(second.name, {name: only})
    if space is not None:
        for side in (first, second):
            if space not in side.spaces:
                has = ", ".join(side.spaces) or "none"
                raise LexiscopeError(f"{side.name} has no space {space!r} to compare; it has {has}")
    made: list[Comparison] = []
    left_out: dict[str, str] = {}
    for name in [space] if space is not None else _in_order(first, second):
        lacking = [side.name for side in (first, second) if name not in side.spaces]
        if lacking:
            left_out[name] = f"{name}: {lacking[0]} has none"
            continue
        of_a = first.spaces[name]()
        of_b = of_a if second is first else second.spaces[name]()
        if layers is not None and not (of_a.layers and of_b.layers):
            left_out[name] = f"{name}: a table, without layers"
            continue
        try:
            made.append(
                compare(
                    of_a,
                    of_b,
                    layers=layers,
                    k=k,
                    seed=seed,
                    most=most,
                    names=(first.name, second.name),
                    progress=_share(progress, f"comparing {name}"),
                )
            )
        except TooFewError as error:
            left_out[name] = str(error)
    if not made:
        why = "; ".join(left_out.values()) or "neither has a space"
        raise LexiscopeError(f"nothing to compare of {first.name} and {second.name}: {why}")
    return Difference(first.name, second.name, tuple(made), left_out)


@dataclass(frozen=True)
class _Opened:
    """An atlas or a model: its name, and its spaces, read when they are asked for."""

    name: str
    spaces: Mapping[str, Callable[[], Space]]


def _open(name: str, trust_remote_code: bool) -> _Opened:
    if (Path(name) / MANIFEST).exists():
        atlas = Atlas.open(name)
        return _Opened(name, {each: partial(atlas.__getitem__, each) for each in atlas.spaces})
    if name.endswith(".atlas") and not (Path(name) / "config.json").exists():
        Atlas.open(name)  # says what is wrong with it
    checkpoint = Checkpoint.open(name, trust_remote_code=trust_remote_code)
    tables = [kind for kind in TABLES if checkpoint.tables[kind].shape]
    return _Opened(checkpoint.name, {kind: partial(_table, checkpoint, kind) for kind in tables})


def _table(checkpoint: Checkpoint, kind: str) -> Space:
    return Space(kind, checkpoint.points(kind), {None: checkpoint.table(kind)})


def _in_order(first: _Opened, second: _Opened) -> list[str]:
    """Return the names of all spaces: the tables, then the others as they stand."""
    names = dict.fromkeys([*first.spaces, *second.spaces])
    return sorted(names, key=lambda name: TABLES.index(name) if name in TABLES else len(TABLES))


def _share(progress: Progress, stage: str) -> Callable[[float], None]:
    return lambda share: progress(stage, "%", round(100 * share), 100)
