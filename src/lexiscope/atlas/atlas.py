"""Atlas: a folder of spaces, neighbour graphs and projections."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import lexiscope
from lexiscope import columns
from lexiscope.atlas import bookmarks, building, own, report
from lexiscope.atlas.building import Progress
from lexiscope.atlas.lazy import Lazy
from lexiscope.atlas.manifest import FORMAT, MANIFEST, SPACES, read_manifest
from lexiscope.atlas.origin import Origin, origin, title
from lexiscope.atlas.report import Report
from lexiscope.atlas.storage import lance, locked, reading, storing, write_json
from lexiscope.atlas.writer import SpaceWriter
from lexiscope.errors import LexiscopeError, OutdatedError
from lexiscope.figures import subject
from lexiscope.findings import Finding
from lexiscope.neighbors import NeighborGraph
from lexiscope.projection import Projection
from lexiscope.space import Layer, Space

# A build holds the first from its beginning to its end; every commit, of a build or not, holds
# the second for a moment.
LOCK, COMMIT = ".lock", ".commit"
Stamp = tuple[int, int, int]
OURS = {MANIFEST, SPACES, LOCK, COMMIT, building.NOTE, bookmarks.FILE, report.FILE}


class Atlas:
    """A folder that holds spaces, and with each its graphs and projections.

    A space is one Lance dataset; its rows are points. The manifest ``atlas.json`` names the
    datasets that are whole: writing it is what makes a space appear, so a reader never sees
    half of one. Open one with `Atlas.open`, or make one with `Atlas.create`.

    What other processes commit is seen the next time it is asked for; a `Space` once returned
    stays as it is.

    Attributes
    ----------
    path : pathlib.Path
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self._manifest = manifest
        self._stamp = _stat(path / MANIFEST)
        self._spaces: dict[str, tuple[str, Space]] = {}
        self._report: tuple[Stamp | None, Report | None] = (None, None)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Atlas:
        """Open an atlas that exists.

        Raises
        ------
        LexiscopeError
            When there is none, it is damaged, or a newer version wrote it.
        """
        folder = Path(path)
        return cls(folder, read_manifest(folder))

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> Atlas:
        """Open the atlas at `path`, or make an empty one there.

        Raises
        ------
        LexiscopeError
            When something else is there, or the folder cannot be written.
        """
        folder = Path(path)
        if (folder / MANIFEST).exists():
            atlas = cls.open(folder)
            if not os.access(folder, os.W_OK):
                raise LexiscopeError(f"{folder} is read-only; name another folder")
            return atlas
        if folder.exists() and not folder.is_dir():
            raise LexiscopeError(f"{folder} is a file; name a folder for the atlas")
        if folder.is_dir() and {entry.name for entry in folder.iterdir()} - OURS:
            raise LexiscopeError(f"{folder} holds other files; name an empty or a new folder")
        with storing(folder):
            (folder / SPACES).mkdir(parents=True, exist_ok=True)
        atlas = cls(folder, {"format": FORMAT, "spaces": {}})
        atlas._write_manifest(atlas._manifest)
        return atlas

    def __repr__(self) -> str:
        return f"<Atlas {self.path}: {', '.join(self._manifest['spaces']) or 'empty'}>"

    def __iter__(self) -> Iterator[str]:
        return iter(self.spaces)

    def __len__(self) -> int:
        return len(self.spaces)

    def __contains__(self, name: object) -> bool:
        return name in self._entries()

    @property
    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces that are whole."""
        return tuple(self._entries())

    @property
    def origin(self) -> Origin | None:
        """What it was made from: a checkpoint or imported vectors; None as long as it is empty."""
        recipes = self._recipes()
        return origin(recipes) if recipes else None

    @property
    def title(self) -> str:
        """What a person calls what it was made of, or where that is not known the folder."""
        return title(self._recipes()) or self.path.name

    def _recipes(self) -> dict[str, Any]:
        return {name: entry["recipe"] for name, entry in self._entries().items()}

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Names of the spaces that an interrupted run began, and none has finished since."""
        begun = (self.path / SPACES).glob("*@*.lance")
        names = {path.name.partition("@")[0] for path in begun}
        return tuple(sorted(names - set(self.spaces)))

    @property
    def building(self) -> dict[str, Any] | None:
        """What a build in this or another process is at; None when none runs.

        With ``stage``, ``unit``, ``done`` and ``total``, as of half a second ago.
        """
        said = building.heard(self.path)
        if said is None:
            return None
        try:
            with locked(self.path / LOCK, 0):
                return None  # a killed build left its note
        except LexiscopeError:
            return said

    def __getitem__(self, name: str) -> Space:
        """Return a space as it is now; its matrices are read when they are asked for."""
        version, data = self._now(name)
        known = self._spaces.get(name)
        if known and known[0] == version:
            return known[1]
        mine = columns.own(data.schema)
        theirs = [column for column in data.schema.names if not columns.is_ours(column)]
        with reading(self.path):
            table = data.to_table(columns=[*theirs, *mine.values()])
        points = table.select(theirs)
        for column, stored in mine.items():
            points = points.append_column(column, table[stored])
        # Vectors do not change within a key: whoever has read them need not read them again.
        if known and known[0].partition(".")[0] == version.partition(".")[0]:
            matrices = known[1].matrices
        else:
            layers = columns.layers(data.schema)
            matrices = Lazy(self.path, layers, lambda layer: columns.read_matrix(data, layer))
        graphs = Lazy(
            self.path,
            columns.graph_layers(data.schema),
            lambda layer: columns.read_graph(data, layer),
        )
        space = Space(name, points, matrices, graphs, self.recipe(name))
        self._spaces[name] = (version, space)
        return space

    def version(self, name: str) -> str:
        """Return a string that changes with whatever is committed to a space."""
        return self._now(name)[0]

    def recipe(self, name: str) -> dict[str, Any]:
        """Return what a space was made from."""
        return dict(self._entry(name)["recipe"])

    def key(self, name: str) -> str | None:
        """Return the identity of a space's inputs, or None when the atlas has none by the name."""
        entry = self._entries().get(name)
        return None if entry is None else str(entry["key"])

    def dimensions(self, name: str) -> int:
        """Return the size of a space's vectors (at its last layer), without reading them."""
        return columns.dimensions(self._dataset(name).schema, self[name].resolve_layer(None))

    def skipped(self, name: str = "context") -> pa.Table:
        """Return the rows of the corpus that gave no point, with their reasons."""
        where = self._entry(name).get("skipped")
        if where is None:
            return pa.table(
                {
                    "row": pa.array([], pa.int64()),
                    "reason": pa.array([], pa.string()),
                    "text": pa.array([], pa.string()),
                    "target": pa.array([], pa.string()),
                }
            )
        with reading(self.path):
            return lance().dataset(str(self.path / where)).to_table()

    def graphs(self, name: str) -> dict[Layer, dict[str, Any]]:
        """Describe the neighbour graphs of a space by layer: ``method``, ``k`` and ``recall``."""
        return columns.graphs(self._dataset(name).schema)

    def projections(self, name: str, layer: Layer = None) -> dict[str, dict[str, Any]]:
        """Describe the projections of a space at one layer, without reading coordinates.

        Parameters
        ----------
        name : str
        layer : int or None
            None for a table, or the last layer of a space in context.

        Returns
        -------
        dict of str to dict
            By id: ``method``, ``dims``, ``parameters``, ``seed``, ``details`` and ``quality``
            (``k``, ``kept``, ``trustworthiness``, or None); the one that keeps most neighbours
            first, which is the one to show.
        """
        layer = self[name].resolve_layer(layer)
        found = columns.projections(self._dataset(name).schema, layer)
        return dict(
            sorted(
                found.items(),
                key=lambda item: (item[1]["quality"] or {}).get("kept", -1.0),
                reverse=True,
            )
        )

    def projection(self, name: str, id: str, layer: Layer = None) -> Projection:
        """Return one projection with its coordinates and its quality per point."""
        layer = self[name].resolve_layer(layer)
        known = self.projections(name, layer)
        if id not in known:
            has = ", ".join(known) or "none"
            raise LexiscopeError(f"projection {id!r}: {name} has {has} at this layer")
        with reading(self.path):
            made = columns.read_projection(self._dataset(name), layer, id, known[id])
        of = subject(self.title, name, [layer])
        return replace(made, points=self[name].points, subject=of)

    def view(
        self,
        space: str | None = None,
        layer: int | None = None,
        projection: str | None = None,
        color: str | None = None,
        height: int = 600,
    ) -> Any:
        """Show the atlas in a notebook, as `lexiscope.view` does; returns its `View`."""
        # It stands far above the atlas that it shows: asked for by name, and only when called.
        notebook = importlib.import_module("lexiscope.notebook")
        return notebook.view(self, space, layer, projection, color, height)

    def discard(self) -> None:
        """Remove the manifest, the spaces and, when nothing else is there, the folder."""
        shutil.rmtree(self.path / SPACES, ignore_errors=True)
        for name in OURS - {SPACES}:
            (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    # ---- findings ----------------------------------------------------------------------

    @property
    def report(self) -> Report | None:
        """The report that is kept, with what it was measured of; None before the first.

        Its spaces may have been built from other inputs since: `findings` leaves out theirs.
        """
        stamp = _stat(self.path / report.FILE)
        if stamp != self._report[0]:
            self._report = stamp, report.read_report(self.path)
        return self._report[1]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was measured of the spaces as they are now; see `lexiscope.report`."""
        kept = self.report
        if kept is None:
            return ()
        now = {name for name, key in kept.spaces.items() if self.key(name) == key}
        found = (each for each in kept.findings if each.space in now)
        return tuple(replace(each, model=self.title) for each in found)

    def keep_report(self, made: Report) -> None:
        """Keep a report, in place of the one there was."""
        with self._committing():
            report.write_report(self.path, made)

    @property
    def measured(self) -> str:
        """A string that changes with every report that is kept; reading none."""
        stamp = _stat(self.path / report.FILE)
        return "" if stamp is None else f"{stamp[0]:x}"

    # ---- a person's own ----------------------------------------------------------------

    @property
    def bookmarks(self) -> list[dict[str, str]]:
        """The views to find again, each with ``name``, ``view`` and ``made``."""
        return bookmarks.read_bookmarks(self.path)

    def keep_bookmarks(self, kept: Sequence[dict[str, str]]) -> None:
        """Keep bookmarks, in place of those there were."""
        bookmarks.write_bookmarks(self.path, kept)

    def own_columns(self, name: str) -> tuple[str, ...]:
        """Return the names of the columns that a person added, in the order they came."""
        return tuple(columns.own(self._dataset(name).schema))

    def add_columns(self, name: str, table: pa.Table, key: str | None = None) -> None:
        """Add columns of a person's own; one of the same name is replaced.

        They stand after the space's columns in its `points`, and stay until the space is made
        from other inputs.

        Parameters
        ----------
        name : str
            Name of a space.
        table : pyarrow.Table of n_points rows
            Text, numbers or truth values, in point order.
        key : str, optional
            The space's, as it was when the columns were made.

        Raises
        ------
        OutdatedError
            When `key` is given and is not the space's any more.
        LexiscopeError
            For another number of rows, a name that is the space's or unusable, or other types.
        """
        with self._committing():
            own.add(self._dataset(name, key), name, table)

    def drop_columns(self, name: str, names: Sequence[str], key: str | None = None) -> None:
        """Remove columns that a person added.

        Raises
        ------
        OutdatedError
            When `key` is given and is not the space's any more.
        LexiscopeError
            For columns that are not a person's own.
        """
        with self._committing():
            own.drop(self._dataset(name, key), names)

    def tag(
        self,
        name: str,
        column: str,
        value: str,
        points: Sequence[int] | NDArray[np.integer],
        key: str | None = None,
    ) -> None:
        """Write a value into a column of a person's own at some points.

        Parameters
        ----------
        name : str
            Name of a space.
        column : str
            Made, empty, when it is not there.
        value : str
            The empty value clears the points.
        points : sequence of int
        key : str, optional
            The space's, as it was when the points were chosen.

        Raises
        ------
        OutdatedError
            When `key` is given and is not the space's any more.
        LexiscopeError
            For points that are not there, and for a column that is not a person's own or holds
            no text.
        """
        with self._committing():
            own.tag(self._dataset(name, key), column, value, points)

    # ---- writing -----------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other builds out of this atlas.

        Raises
        ------
        LexiscopeError
            When another process is building it.
        """
        # Whoever asks whether a build runs holds it for an instant.
        with locked(self.path / LOCK, 0.5):
            yield

    @contextlib.contextmanager
    def writing(self, progress: Progress) -> Iterator[Progress]:
        """Keep other builds out, and give a `Progress` that `building` tells of everywhere."""
        with self.lock(), building.told(self.path, progress) as tell:
            yield tell

    def writer(self, name: str, key: str) -> SpaceWriter:
        """Begin a space, or go on with one that an interrupted run began with the same key."""
        path = self.path / SPACES / f"{name}@{key[:16]}.lance"
        return SpaceWriter(
            path, lambda recipe, skipped: self._publish(name, key, path, recipe, skipped)
        )

    def add_graph(
        self, name: str, layer: Layer, graph: NeighborGraph, key: str | None = None
    ) -> None:
        """Keep a neighbour graph, in place of a smaller one.

        Raises
        ------
        OutdatedError
            When `key` is given and is not the space's any more.
        """
        with self._committing():
            data = self._dataset(name, key)
            there = columns.graphs(data.schema).get(layer)
            if there and there["k"] >= graph.k:
                return
            old = columns.graph_columns(data.schema, layer)
            if old:
                data.drop_columns(old)
            data.add_columns(columns.graph_table(layer, graph).to_reader())

    def add_projections(
        self, name: str, layer: Layer, made: Sequence[Projection], key: str | None = None
    ) -> None:
        """Keep projections of one layer in a single commit; those already there stay.

        Raises
        ------
        OutdatedError
            When `key` is given and is not the space's any more.
        """
        with self._committing():
            data = self._dataset(name, key)
            there = columns.projections(data.schema, layer)
            fresh = [each for each in made if each.id not in there]
            if fresh:
                data.add_columns(columns.projection_table(layer, fresh).to_reader())

    def _publish(
        self, name: str, key: str, path: Path, recipe: Mapping[str, Any], skipped: Path | None
    ) -> None:
        with self._committing():
            entry = {
                "key": key,
                "path": path.relative_to(self.path).as_posix(),
                "skipped": skipped.relative_to(self.path).as_posix() if skipped else None,
                "recipe": dict(recipe),
            }
            entries = {**self._entries(), name: entry}
            self._write_manifest({**self._manifest, "spaces": entries})
            # What an earlier space of this name, or an abandoned attempt at one, left behind.
            whole = {entry[part] for entry in entries.values() for part in ("path", "skipped")}
            for folder in (self.path / SPACES).glob(f"{name}@*"):
                if folder.relative_to(self.path).as_posix() not in whole:
                    shutil.rmtree(folder, ignore_errors=True)

    def _write_manifest(self, manifest: dict[str, Any]) -> None:
        manifest["lexiscope"] = lexiscope.__version__
        write_json(self.path / MANIFEST, manifest)
        self._manifest, self._stamp = manifest, _stat(self.path / MANIFEST)

    @contextlib.contextmanager
    def _committing(self) -> Iterator[None]:
        with locked(self.path / COMMIT, 60), storing(self.path):
            yield

    # ---- reading -----------------------------------------------------------------------

    def _entries(self) -> dict[str, Any]:
        """Return the manifest's spaces, read again when another process wrote it."""
        stamp = _stat(self.path / MANIFEST)
        if stamp != self._stamp:
            self._manifest, self._stamp = read_manifest(self.path), stamp
        entries: dict[str, Any] = self._manifest["spaces"]
        return entries

    def _entry(self, name: str) -> dict[str, Any]:
        entries = self._entries()
        if name not in entries:
            has = ", ".join(entries) or "none yet"
            raise LexiscopeError(f"space {name!r}: {self.path} has {has}")
        entry: dict[str, Any] = entries[name]
        return entry

    def _dataset(self, name: str, key: str | None = None) -> Any:
        entry = self._entry(name)
        if key not in (None, entry["key"]):
            raise OutdatedError(f"{name} was built from other inputs meanwhile; ask again")
        with reading(self.path):
            return lance().dataset(str(self.path / entry["path"]))

    def _now(self, name: str) -> tuple[str, Any]:
        """Return a space's version and its dataset at it.

        The version is the key's beginning, when the dataset was begun, and how often something
        was committed to it: built again from the same inputs, it counts those anew.
        """
        data, entry = self._dataset(name), self._entry(name)
        with reading(self.path):
            begun = (self.path / entry["path"]).stat().st_mtime_ns
        return f"{entry['key'][:8]}.{begun:x}.{data.version}", data


def _stat(path: Path) -> Stamp | None:
    """Return what changes when a file is written anew; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
