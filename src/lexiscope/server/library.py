"""Library: the atlases that are open, and what of them is kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lexiscope.atlas import Atlas
from lexiscope.contract import atlas_id
from lexiscope.errors import LexiscopeError
from lexiscope.neighbors import normalize, spherize
from lexiscope.server.refusal import RefusalError
from lexiscope.space import Layer, Space

Floats = NDArray[np.float32]

MATRICES_LIMIT = 2 * 2**30
FORMS: dict[str, Callable[[Floats], Floats]] = {
    "raw": lambda vectors: vectors,
    "unit": normalize,
    "spherized": spherize,
}


class Matrices:
    """Vectors in the form in which they are compared; those not asked for longest go first.

    Parameters
    ----------
    limit : int
        Bytes to keep; the matrix asked for last is kept whatever its size.
    """

    def __init__(self, limit: int = MATRICES_LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[Any, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any, make: Callable[[], Floats]) -> Floats:
        """Return the matrix of a key, made when it is not kept."""
        with self._lock:  # for the making too: two requests for one matrix make it once
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while self._bytes() > self._limit and len(self._kept) > 1:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _bytes(self) -> int:
        return sum(matrix.nbytes for matrix in self._kept.values())


class OpenAtlas:
    """An atlas that is open, though it may be rewritten, taken away and brought back meanwhile.

    Attributes
    ----------
    id : str
        What it is called in addresses.
    path : pathlib.Path
    """

    def __init__(self, id: str, path: Path, matrices: Matrices) -> None:
        self.id, self.path = id, path
        self._atlas = Atlas.open(path)
        self._matrices = matrices
        self._described: dict[str, tuple[str, dict[str, Any]]] = {}

    def atlas(self) -> Atlas:
        """Return the atlas as it is now.

        Raises
        ------
        RefusalError
            When it cannot be read.
        """
        try:
            len(self._atlas)
        except LexiscopeError as error:
            raise RefusalError(410, str(error)) from error
        return self._atlas

    def space(self, name: str) -> Shelf:
        """Return one of its spaces.

        Raises
        ------
        RefusalError
            When it has none by the name.
        """
        atlas = self.atlas()
        if name not in atlas:
            has = ", ".join(atlas) or "none yet"
            raise RefusalError(404, f"there is no space {name!r}: {self.id} has {has}")
        # The points last: read the other way round, old ones could pass for new ones.
        key, version = str(atlas.key(name)), atlas.version(name)
        return Shelf(self, atlas, atlas[name], key, version)

    def described(
        self, shelf: Shelf, describe: Callable[[Shelf], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the description of a space, made when it changed since the last."""
        version, info = self._described.get(shelf.name, ("", {}))
        if version != shelf.version:
            info = describe(shelf)
            self._described[shelf.name] = (shelf.version, info)
        return info

    def vectors(self, shelf: Shelf, layer: Layer, form: str) -> Floats:
        """Return a layer's vectors in one of `FORMS`."""
        key, _, _ = shelf.version.partition(".")  # vectors are the same while it is
        return self._matrices.get(
            (self.id, shelf.name, key, layer, form),
            lambda: FORMS[form](shelf.space.matrices[layer]),
        )


@dataclass(frozen=True, eq=False)
class Shelf:
    """A space as one request sees it.

    Attributes
    ----------
    opened : OpenAtlas
    atlas : Atlas
    space : Space
    key : str
        The identity of its inputs: what is written goes to a space that still has it.
    version : str
        Changes with whatever is written to the space.
    """

    opened: OpenAtlas
    atlas: Atlas
    space: Space
    key: str
    version: str

    @property
    def name(self) -> str:
        """The space's name."""
        return self.space.name

    def vectors(self, layer: Layer, form: str) -> Floats:
        """Return a layer's vectors in one of `FORMS`."""
        return self.opened.vectors(self, layer, form)


class Library:
    """Atlases by the names they have in addresses.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Their folders.

    Raises
    ------
    LexiscopeError
        When one of them is no atlas.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._open: dict[str, OpenAtlas] = {}
        matrices = Matrices()
        for path in paths:
            whole = path.resolve()
            base = atlas_id(whole)
            id, count = base, 1
            while id in self._open:
                count += 1
                id = f"{base}-{count}"
            self._open[id] = OpenAtlas(id, whole, matrices)

    def __iter__(self) -> Iterator[OpenAtlas]:
        return iter(self._open.values())

    def __getitem__(self, id: str) -> OpenAtlas:
        """Return an atlas, or refuse with 404."""
        if id not in self._open:
            raise RefusalError(404, f"there is no atlas {id!r}: open are {', '.join(self._open)}")
        return self._open[id]
