"""Lazy: what a space has by layer, read when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lexiscope.atlas.storage import reading
from lexiscope.space import Layer

KEPT = 2


class Lazy(Mapping[Layer, Any]):
    """Values by layer, read on access; the last two are kept. Threads may share one."""

    def __init__(self, atlas: Path, layers: Sequence[Layer], read: Callable[[Layer], Any]) -> None:
        self._atlas, self._layers, self._read = atlas, tuple(layers), read
        self._kept: dict[Layer, Any] = {}
        self._lock = threading.Lock()

    def __getitem__(self, layer: Layer) -> Any:
        if layer not in self._layers:
            raise KeyError(layer)
        with self._lock:
            if layer not in self._kept:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                with reading(self._atlas):
                    self._kept[layer] = self._read(layer)
            return self._kept[layer]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)
