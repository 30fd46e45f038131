"""What several tests share: the real table, and one atlas made by the installed command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lexiscope.checkpoint import Checkpoint
from lexiscope.space import Space

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def embedded() -> Checkpoint:
    return Checkpoint.open("embedded")


@pytest.fixture(scope="session")
def word_space(embedded: Checkpoint) -> Space:
    """The real word table, 30,522 points."""
    return Space("word", embedded.points("word"), {None: embedded.table("word")})


@pytest.fixture(scope="session")
def word_table(word_space: Space) -> NDArray[np.float32]:
    return word_space.vectors


@pytest.fixture(scope="session")
def run() -> Run:
    """Run the installed command line in a process of its own."""

    def call(*arguments: str | Path, **kwargs: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lexiscope", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
            **kwargs,  # type: ignore[call-overload]
        )

    return call
