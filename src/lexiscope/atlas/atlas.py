"""Atlas: a folder of spaces, neighbour graphs and projections; the only noun that stores."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

import lexiscope
from lexiscope import columns
from lexiscope.errors import LexiscopeError, StorageError
from lexiscope.neighbors import NeighborGraph
from lexiscope.projection import Projection
from lexiscope.space import Floats, Layer, Space

FORMAT = 1
MANIFEST = "atlas.json"
SPACES = "spaces"
CACHED_MATRICES = 2


class Atlas:
    """A folder that holds spaces, and with each its graphs and projections.

    A space is one Lance dataset; its rows are points. The manifest ``atlas.json`` names the
    datasets that are whole: writing it is what makes a space appear, so a reader never sees
    half of one. Open one with `Atlas.open`, or make one with `Atlas.create`.

    Attributes
    ----------
    path : pathlib.Path
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self._manifest = manifest
        self._spaces: dict[str, Space] = {}

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Atlas:
        """Open an atlas that exists.

        Raises
        ------
        LexiscopeError
            When there is none, it is damaged, or a newer version wrote it.
        """
        folder = Path(path)
        try:
            text = (folder / MANIFEST).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            what = "holds no atlas" if folder.exists() else "does not exist"
            raise LexiscopeError(
                f"{folder} {what}; make one with: lexiscope build MODEL -o {folder}"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise LexiscopeError(f"{folder / MANIFEST} cannot be read: {error}") from error
        try:
            manifest = json.loads(text)
            version = int(manifest["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise LexiscopeError(
                f"{folder / MANIFEST} is damaged; remove {folder} and build it anew"
            ) from error
        if version > FORMAT:
            raise LexiscopeError(
                f"{folder} was written by lexiscope {manifest.get('lexiscope', '?')} in format "
                f"{version}; this is {lexiscope.__version__}, which reads up to format {FORMAT}: "
                "update it"
            )
        if not _is_whole(manifest.get("spaces")):
            raise LexiscopeError(
                f"{folder / MANIFEST} is damaged; remove {folder} and build it anew"
            )
        return cls(folder, manifest)

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
        if folder.is_dir() and {entry.name for entry in folder.iterdir()} - {SPACES, ".lock"}:
            raise LexiscopeError(f"{folder} holds other files; name an empty or a new folder")
        atlas = cls(folder, {"format": FORMAT, "spaces": {}})
        with storing(folder):
            (folder / SPACES).mkdir(parents=True, exist_ok=True)
            atlas._write_manifest()
        return atlas

    def __repr__(self) -> str:
        return f"<Atlas {self.path}: {', '.join(self.spaces) or 'empty'}>"

    def __iter__(self) -> Iterator[str]:
        return iter(self.spaces)

    def __len__(self) -> int:
        return len(self.spaces)

    def __contains__(self, name: object) -> bool:
        return name in self._manifest["spaces"]

    @property
    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces that are whole."""
        return tuple(self._manifest["spaces"])

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Names of the spaces that an interrupted run began, and none has finished since."""
        begun = (self.path / SPACES).glob("*@*.lance")
        names = {path.name.partition("@")[0] for path in begun}
        return tuple(sorted(names - set(self.spaces)))

    def __getitem__(self, name: str) -> Space:
        """Return a space; its matrices are read when they are asked for."""
        if name not in self._spaces:
            data = self._dataset(name)
            own = [column for column in data.schema.names if not columns.is_ours(column)]
            layers = columns.layers(data.schema)
            with reading(self.path):
                points = data.to_table(columns=own)
            self._spaces[name] = Space(
                name,
                points,
                _Lazy(layers, lambda layer: self._matrix(name, layer)),
                _Lazy(columns.graph_layers(data.schema), lambda layer: self._graph(name, layer)),
                self.recipe(name),
            )
        return self._spaces[name]

    def recipe(self, name: str) -> dict[str, Any]:
        """Return what a space was made from."""
        return dict(self._entry(name)["recipe"])

    def key(self, name: str) -> str | None:
        """Return the identity of a space's inputs, or None when the atlas has none by the name."""
        entry = self._manifest["spaces"].get(name)
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
            return _lance().dataset(str(self.path / where)).to_table()

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
            return columns.read_projection(self._dataset(name), layer, id, known[id])

    def discard(self) -> None:
        """Remove the manifest, the spaces and, when nothing else is there, the folder."""
        (self.path / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.path / SPACES, ignore_errors=True)
        (self.path / ".lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    # ---- writing -----------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other builds out of this atlas.

        Raises
        ------
        LexiscopeError
            When another process is writing to it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            with storing(self.path):
                lock.acquire()
        except Timeout as error:
            raise LexiscopeError(
                f"{self.path} is being written by another lexiscope; wait for it to end"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def writer(self, name: str, key: str) -> SpaceWriter:
        """Begin a space, or go on with one that an interrupted run began with the same key."""
        return SpaceWriter(self, name, key)

    def add_graph(self, name: str, layer: Layer, graph: NeighborGraph) -> None:
        """Keep a neighbour graph, in place of a smaller one."""
        data = self._dataset(name)
        with storing(self.path):
            old = columns.graph_columns(data.schema, layer)
            if old:
                data.drop_columns(old)
            data.add_columns(columns.graph_table(layer, graph).to_reader())
        self._spaces.pop(name, None)

    def add_projections(self, name: str, layer: Layer, made: Sequence[Projection]) -> None:
        """Keep projections of one layer in a single commit."""
        if made:
            table = columns.projection_table(layer, made)
            with storing(self.path):
                self._dataset(name).add_columns(table.to_reader())

    def _publish(
        self, name: str, key: str, path: Path, recipe: Mapping[str, Any], skipped: Path | None
    ) -> None:
        self._manifest["spaces"][name] = {
            "key": key,
            "path": path.relative_to(self.path).as_posix(),
            "skipped": skipped.relative_to(self.path).as_posix() if skipped else None,
            "recipe": dict(recipe),
        }
        self._write_manifest()
        self._spaces.pop(name, None)
        # What an earlier space of this name, or an abandoned attempt at one, left behind.
        whole = {
            entry[part]
            for entry in self._manifest["spaces"].values()
            for part in ("path", "skipped")
        }
        for folder in (self.path / SPACES).glob(f"{name}@*"):
            if folder.relative_to(self.path).as_posix() not in whole:
                shutil.rmtree(folder, ignore_errors=True)

    def _write_manifest(self) -> None:
        self._manifest["lexiscope"] = lexiscope.__version__
        target = self.path / MANIFEST
        fresh = target.with_suffix(".json.new")
        with storing(self.path):
            try:
                with fresh.open("w", encoding="utf-8") as file:
                    json.dump(self._manifest, file, indent=1, ensure_ascii=False)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)

    # ---- reading -----------------------------------------------------------------------

    def _entry(self, name: str) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = self._manifest["spaces"][name]
        except KeyError:
            has = ", ".join(self.spaces) or "none yet"
            raise LexiscopeError(f"space {name!r}: {self.path} has {has}") from None
        return entry

    def _dataset(self, name: str) -> Any:
        with reading(self.path):
            return _lance().dataset(str(self.path / self._entry(name)["path"]))

    def _matrix(self, name: str, layer: Layer) -> Floats:
        with reading(self.path):
            return columns.read_matrix(self._dataset(name), layer)

    def _graph(self, name: str, layer: Layer) -> NeighborGraph:
        with reading(self.path):
            return columns.read_graph(self._dataset(name), layer)


class SpaceWriter:
    """A space that grows by commits and appears in its atlas when it is finished.

    Attributes
    ----------
    rows : int
        Points committed so far; those of an interrupted run included.
    """

    def __init__(self, atlas: Atlas, name: str, key: str) -> None:
        self._atlas, self._name, self._key = atlas, name, key
        self._path = atlas.path / SPACES / f"{name}@{key[:16]}.lance"
        self.rows = 0
        if self._path.exists():
            try:
                self.rows = int(_lance().dataset(str(self._path)).count_rows())
            except (OSError, ValueError):  # not even its first commit was finished
                shutil.rmtree(self._path)

    def append(self, points: pa.Table, vectors: Mapping[Any, Floats]) -> None:
        """Commit further points; all of them or, on any failure, none."""
        table = points
        for layer, matrix in vectors.items():
            table = table.append_column(*columns.vector_column(layer, matrix))
        try:
            with storing(self._atlas.path):
                _lance().write_dataset(
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
        with storing(self._atlas.path):
            data = _lance().dataset(str(self._path))
            if len(data.get_fragments()) > 1:
                data.optimize.compact_files()
                data.cleanup_old_versions(timedelta(0))
            if skipped is not None and skipped.num_rows:
                rest = self._path.with_suffix(".skipped.lance")
                _lance().write_dataset(skipped, str(rest), mode="overwrite")
        self._atlas._publish(self._name, self._key, self._path, recipe, rest)


def _is_whole(spaces: Any) -> bool:
    """Tell whether a manifest's spaces have what they need, and lie inside the atlas."""

    def inside(path: Any) -> bool:
        return isinstance(path, str) and path.startswith(f"{SPACES}/") and path.count("/") == 1

    return isinstance(spaces, dict) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("key"), str)
        and isinstance(entry.get("recipe"), dict)
        and inside(entry.get("path"))
        and (entry.get("skipped") is None or inside(entry["skipped"]))
        for entry in spaces.values()
    )


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Say in one line why a write failed: a full disk, a read-only folder."""
    try:
        yield
    except (OSError, ValueError) as error:
        _pass_interrupt(error)
        if not isinstance(error, OSError):
            raise
        text = str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in text:
            raise StorageError(
                f"{path}: the disk is full; what was committed is kept, make room and run it again"
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM) or any(
            sign in text for sign in ("Permission denied", "Read-only file system")
        ):
            raise StorageError(f"{path} cannot be written; name another folder") from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
            raise StorageError(f"{path}: {error.strerror}; name another folder") from error
        raise


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line that an atlas was damaged or taken away."""
    try:
        yield
    except (OSError, ValueError) as error:
        _pass_interrupt(error)
        raise LexiscopeError(
            f"{path} is damaged or was removed while open; build it anew in another folder, or "
            "remove it first"
        ) from error


def _pass_interrupt(error: Exception) -> None:
    """Raise the Ctrl-C that Arrow wraps in an error of its own when it comes within a call."""
    if "KeyboardInterrupt" in str(error):
        raise KeyboardInterrupt from error


def _lance() -> Any:
    os.environ.setdefault("LANCE_LOG", "error")
    import lance

    return lance


class _Lazy(Mapping[Layer, Any]):
    """Values by layer, read on access; the last few are kept."""

    def __init__(self, layers: Sequence[Layer], read: Callable[[Layer], Any]) -> None:
        self._layers, self._read = tuple(layers), read
        self._kept: dict[Layer, Any] = {}

    def __getitem__(self, layer: Layer) -> Any:
        if layer not in self._layers:
            raise KeyError(layer)
        if layer not in self._kept:
            while len(self._kept) >= CACHED_MATRICES:
                self._kept.pop(next(iter(self._kept)))
            self._kept[layer] = self._read(layer)
        return self._kept[layer]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)
