"""Finding: something measured of a space, with its figures, its evidence and one sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.figures import figure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = {"name", "space", "layer", "statement", "figures", "points"}


@dataclass(frozen=True, eq=False)
class Finding:
    """Something measured of a space.

    Attributes
    ----------
    name : str
        What was measured: a key of `lexiscope.findings.KINDS`, or that and what it is about,
        ``"group"``.
    space : str
    layer : int or None
        The layer that the statement is about; None for a table, and where it is about all.
    statement : str
        One sentence for a person, with the figures, the chance level and the sample in it.
    figures : mapping of str to JSON values
        Everything behind the statement. ``n`` is the number of points (or words, sentences,
        as the statement says) that it rests on; ``refused`` is true where those are too few
        to say anything, and then nothing else is there. What is not a number is None.
    points : tuple of int
        Numbers of the points that it is about, to be shown on the map.
    model : str
        What it was measured of, named by its figure; an atlas tells, and it is no part of the
        JSON.
    """

    name: str
    space: str
    layer: int | None
    statement: str
    figures: Mapping[str, Any] = field(repr=False)
    points: tuple[int, ...] = field(default=(), repr=False)
    model: str = field(default="", repr=False)

    @property
    def refused(self) -> bool:
        """Whether there were too few points to state anything."""
        return bool(self.figures.get("refused"))

    def figure(self) -> Figure:
        """Draw it on paper, with the model, the space and its layers under the title.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        LexiscopeError
            For one that had too few points, and one of a kind that has no figure.
        """
        if self.refused:
            raise LexiscopeError(f"there is nothing to draw: {self.statement}")
        about: dict[str, Any] = {"model": self.model, "space": self.space, "layer": self.layer}
        return figure_of(self.name, [self.figures], **about)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values: ``name``, ``space``, ``layer``, ``statement``, ``figures``,
        ``points``."""
        return {
            "name": self.name,
            "space": self.space,
            "layer": self.layer,
            "statement": self.statement,
            "figures": plain(self.figures),
            "points": [int(point) for point in self.points],
        }

    @classmethod
    def from_json(cls, value: Any) -> Finding:
        """Read what `as_json` gave.

        Raises
        ------
        LexiscopeError
            For anything else.
        """
        if not isinstance(value, dict) or value.keys() != PARTS:
            raise LexiscopeError(f"a finding: give an object with {', '.join(sorted(PARTS))}")
        fits = all(isinstance(value[each], str) for each in ("name", "space", "statement"))
        fits = (
            fits and isinstance(value["layer"], int | None) and isinstance(value["figures"], dict)
        )
        points = value["points"]
        if not (fits and isinstance(points, list) and all(type(each) is int for each in points)):
            raise LexiscopeError(f"the finding {value['name']!r} has parts of the wrong type")
        return cls(**{**value, "points": tuple(value["points"])})


def too_few(name: str, space: str, error: TooFewError, n: int, layer: int | None = None) -> Finding:
    """Return the finding that says that there is too little to say anything."""
    statement = str(error).removesuffix(".") + "."
    return Finding(name, space, layer, statement, {"n": n, "refused": True})


def short_p(p: float, digits: int = 2) -> str:
    """Write a p-value with some digits that count, without the nought before the point."""
    return f"{p:.{digits}g}".removeprefix("0")


def undecided(draws: str, low: float, high: float, level: float) -> str:
    """Say that draws tell a p-value to lie on either side of a level."""
    return (
        f"{draws} tell only that it lies between {short_p(low, 3)} and {short_p(high, 3)}, so it "
        f"may be below {short_p(level)} or not"
    )


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NumPy's numbers and arrays become Python's, NaN None.

    Numbers keep six significant digits, which is what single precision carries.
    """
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def as_points(members: NDArray[np.integer] | Sequence[int]) -> tuple[int, ...]:
    """Return point numbers as a finding holds them."""
    return tuple(int(point) for point in members)
