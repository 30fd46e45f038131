"""SpaceWriter: a space that grows by commits, and appears when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from lexiscope import columns
from lexiscope.atlas.storage import lance, storing
from lexiscope.errors import LexiscopeError
from lexiscope.space import Floats


class SpaceWriter:
    """A space that grows by commits and appears in its atlas when it is finished.

    Parameters
    ----------
    path : pathlib.Path
        Its dataset, which an interrupted run may have begun.
    publish : callable
        ``publish(recipe, skipped)`` makes it appear; `skipped` is a dataset's path or None.

    Attributes
    ----------
    rows : int
        Points committed so far; those of an interrupted run included.
    """

    def __init__(
        self, path: Path, publish: Callable[[Mapping[str, Any], Path | None], None]
    ) -> None:
        self._path, self._publish = path, publish
        self.rows = 0
        if path.exists():
            try:
                self.rows = int(lance().dataset(str(path)).count_rows())
            except (OSError, ValueError):  # not even its first commit was finished
                shutil.rmtree(path)

    def append(self, points: pa.Table, vectors: Mapping[Any, Floats]) -> None:
        """Commit further points; all of them or, on any failure, none."""
        table = points
        for layer, matrix in vectors.items():
            table = table.append_column(*columns.vector_column(layer, matrix))
        try:
            with storing(self._path.parent):
                lance().write_dataset(
                    table,
                    str(self._path),
                    mode="append" if self.rows else "create",
                    data_storage_version="stable",
                )
        except LexiscopeError:
            if not self.rows:
                shutil.rmtree(self._path, ignore_errors=True)
            raise
        self.rows += points.num_rows

    def finish(self, recipe: Mapping[str, Any], skipped: pa.Table | None = None) -> None:
        """Make the space appear in the atlas, in place of an earlier one of the same name."""
        rest: Path | None = None
        with storing(self._path.parent):
            data = lance().dataset(str(self._path))
            if len(data.get_fragments()) > 1:
                data.optimize.compact_files()
                data.cleanup_old_versions(timedelta(0))
            if skipped is not None and skipped.num_rows:
                rest = self._path.with_suffix(".skipped.lance")
                lance().write_dataset(skipped, str(rest), mode="overwrite")
        self._publish(recipe, rest)
