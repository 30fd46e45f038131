"""Single tensors out of checkpoint files, without building a model.

safetensors files are read by header and byte range, from anything that can give bytes: a local
file (memory-mapped) or a file on a server. ``pytorch_model.bin`` goes through ``torch.load``.
"""

from __future__ import annotations

import json
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError

Bytes = NDArray[np.uint8]
Matrix = NDArray[np.float32]

SAFETENSORS = "model.safetensors"
PICKLE = "pytorch_model.bin"
# The bound the format itself sets; a larger number is no header's length.
MAX_HEADER = 100_000_000
# What torch says of a pickle that holds more than tensors.
RUNS_CODE = re.compile(r"not an allowed global|unsupported (global|class|operand)|blocked", re.I)


@dataclass(frozen=True)
class Dtype:
    """One of the format's number types: bytes of an element, and how to make float32 of them."""

    name: str
    size: int
    widen: Callable[[Bytes], NDArray[Any]] | None = None


@dataclass(frozen=True)
class Entry:
    """What is known of a tensor before it is read. ``dtype`` is spelt as NumPy and torch do."""

    dtype: str
    shape: tuple[int, ...]


class ByteSource(Protocol):
    """A file that gives any range of its bytes."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self, offset: int, length: int) -> Bytes: ...


class Weights(Protocol):
    """Tensors by name, and the names of the files that hold them all."""

    @property
    def names(self) -> Collection[str]: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    def entry(self, name: str) -> Entry: ...
    def read(self, name: str) -> Matrix: ...


class LocalFile:
    """A local file, memory-mapped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise LexiscopeError(f"{path} cannot be read: {error.strerror}.") from error

    @cached_property
    def _map(self) -> Bytes:
        try:
            return np.memmap(self.path, np.uint8, "r")
        except OSError as error:
            raise LexiscopeError(f"{self.path} cannot be read: {error.strerror}.") from error

    def read(self, offset: int, length: int) -> Bytes:
        """``length`` bytes from ``offset``: a view, read from disk when it is used."""
        return self._map[offset : offset + length]


def _bfloat16(raw: Bytes) -> NDArray[Any]:
    # bfloat16 is the upper half of a float32.
    return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)


def _float8_e5m2(raw: Bytes) -> NDArray[Any]:
    # e5m2 is the upper half of a float16.
    return (raw.astype(np.uint16) << 8).view(np.float16)


def _float8_e4m3(raw: Bytes) -> NDArray[Any]:
    # 1 sign, 4 exponent (bias 7) and 3 mantissa bits; no infinity, all ones is NaN.
    codes = np.arange(256)
    exponent, mantissa = (codes >> 3) & 15, codes & 7
    normal = np.ldexp(1 + mantissa / 8, exponent - 7)
    size = np.where(exponent == 0, np.ldexp(mantissa / 8, -6), normal)
    size[(codes & 127) == 127] = np.nan
    table: Matrix = np.where(codes < 128, size, -size).astype(np.float32)
    return table[raw]


DTYPES = {
    "F64": Dtype("float64", 8, lambda raw: raw.view("<f8")),
    "F32": Dtype("float32", 4, lambda raw: raw.view("<f4")),
    "F16": Dtype("float16", 2, lambda raw: raw.view("<f2")),
    "BF16": Dtype("bfloat16", 2, _bfloat16),
    "F8_E5M2": Dtype("float8_e5m2", 1, _float8_e5m2),
    "F8_E4M3": Dtype("float8_e4m3fn", 1, _float8_e4m3),
    "I64": Dtype("int64", 8),
    "U64": Dtype("uint64", 8),
    "I32": Dtype("int32", 4),
    "U32": Dtype("uint32", 4),
    "I16": Dtype("int16", 2),
    "U16": Dtype("uint16", 2),
    "I8": Dtype("int8", 1),
    "U8": Dtype("uint8", 1),
    "BOOL": Dtype("bool", 1),
    "C64": Dtype("complex64", 8),
}


def _natural(value: object) -> bool:
    return type(value) is int and value >= 0


class SafetensorsFile:
    """One safetensors file: its header, read and checked at once, and tensors on demand.

    Raises
    ------
    LexiscopeError
        When the header is not what the format asks for, or does not fit the file: truncated,
        lying about its length, with tensors beyond the end, overlapping, or of another size
        than their shape says.
    """

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self._spans = self._header()

    @property
    def names(self) -> Collection[str]:
        return self._spans.keys()

    @property
    def files(self) -> tuple[str, ...]:
        return (Path(self.source.name).name,)

    def entry(self, name: str) -> Entry:
        """Dtype and shape of a tensor."""
        code, shape, _, _ = self._spans[name]
        return Entry(DTYPES[code].name if code in DTYPES else code, shape)

    def read(self, name: str) -> Matrix:
        """The tensor as float32, C order: a copy that does not hang on the file.

        Raises
        ------
        LexiscopeError
            When its numbers are no plain floating-point numbers.
        """
        code, shape, start, stop = self._spans[name]
        widen = DTYPES[code].widen if code in DTYPES else None
        if widen is None:
            raise _not_floats(name, self.source.name, self.entry(name).dtype)
        if f"{name}_scale" in self._spans or f"{name}_scale_inv" in self._spans:
            raise _not_floats(name, self.source.name, f"{self.entry(name).dtype} with a scale")
        raw = self.source.read(start, stop - start)
        # Values of a float64 beyond float32 become infinite; the reader of a table refuses them.
        with np.errstate(over="ignore"):
            return np.array(widen(raw), np.float32, order="C").reshape(shape)

    def _header(self) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
        source = self.source
        if source.size < 8:
            raise self._corrupt(f"it has {source.size} bytes, fewer than the shortest header")
        length = int.from_bytes(source.read(0, 8).tobytes(), "little")
        if length > MAX_HEADER:
            raise self._corrupt("it does not begin with the length of a header")
        if 8 + length > source.size:
            raise self._corrupt(
                f"it is truncated: its header takes {length:,} bytes, the file has {source.size:,}"
            )
        try:
            header = json.loads(source.read(8, length).tobytes().decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise self._corrupt("its header is not JSON") from error
        if not isinstance(header, dict):
            raise self._corrupt("its header is not a JSON object")
        spans = {
            name: self._span(name, value, 8 + length)
            for name, value in header.items()
            if name != "__metadata__"
        }
        end = 8 + length
        for name, (_, _, start, stop) in sorted(spans.items(), key=lambda item: item[1][2:]):
            if start < end:
                raise self._corrupt(f"tensor {name} overlaps another")
            if start > end:
                raise self._corrupt(f"{start - end:,} bytes before tensor {name} belong to none")
            end = stop
        if end > source.size:
            raise self._corrupt(
                f"it is truncated: its header describes {end:,} bytes, the file has {source.size:,}"
            )
        if end < source.size:
            raise self._corrupt(f"its last {source.size - end:,} bytes belong to no tensor")
        return spans

    def _span(self, name: str, value: object, data: int) -> tuple[str, tuple[int, ...], int, int]:
        fields = value if isinstance(value, dict) else {}
        code, shape, offsets = (fields.get(key) for key in ("dtype", "shape", "data_offsets"))
        if not (
            isinstance(code, str)
            and isinstance(shape, list)
            and all(map(_natural, shape))
            and isinstance(offsets, list)
            and len(offsets) == 2
            and all(map(_natural, offsets))
            and offsets[0] <= offsets[1]
        ):
            raise self._corrupt(f"its header does not say where tensor {name} lies")
        start, stop = data + offsets[0], data + offsets[1]
        if code in DTYPES and math.prod(shape) * DTYPES[code].size != stop - start:
            raise self._corrupt(
                f"tensor {name} of shape {shape} and type {code} cannot take {stop - start:,} bytes"
            )
        return code, tuple(shape), start, stop

    def _corrupt(self, what: str) -> LexiscopeError:
        return LexiscopeError(
            f"{self.source.name} is not a sound safetensors file: {what}. Fetch it again."
        )


def _not_floats(name: str, file: str, dtype: str) -> LexiscopeError:
    return LexiscopeError(
        f"tensor {name} of {file} holds {dtype} numbers, which are not plain floating-point "
        "numbers; use the checkpoint as it was before it was quantised."
    )


class PickledFile:
    """One ``.bin`` file of torch, opened with ``weights_only``: nothing in it is run.

    Raises
    ------
    LexiscopeError
        When the file is corrupted, or would run code and ``trust_remote_code`` is not set.
    """

    def __init__(self, path: Path, *, trust_remote_code: bool = False) -> None:
        import torch

        self.path = path
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                state = torch.load(
                    path,
                    map_location="cpu",
                    weights_only=not trust_remote_code,
                    mmap=zipfile.is_zipfile(path),
                )
        except PermissionError as error:
            raise LexiscopeError(f"{path} cannot be read: {error.strerror}.") from error
        # A parser of untrusted bytes answers garbage with almost any exception.
        except Exception as error:
            if RUNS_CODE.search(str(error)):
                raise LexiscopeError(
                    f"{path} would run code when it is loaded, and was refused. If you trust its "
                    "author, pass --trust-remote-code (trust_remote_code=True); a safetensors "
                    "file needs no trust."
                ) from error
            raise LexiscopeError(
                f"{path} is no sound file of torch: it is truncated or corrupted. Fetch it again."
            ) from error
        tensors = state.items() if isinstance(state, Mapping) else ()
        self._tensors: dict[str, torch.Tensor] = {
            str(name): value for name, value in tensors if isinstance(value, torch.Tensor)
        }
        if not self._tensors:
            raise LexiscopeError(f"{path} holds no tensors by name.")

    @property
    def names(self) -> Collection[str]:
        return self._tensors.keys()

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path.name,)

    def entry(self, name: str) -> Entry:
        """Dtype and shape of a tensor."""
        tensor = self._tensors[name]
        return Entry(str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))

    def read(self, name: str) -> Matrix:
        """The tensor as float32, C order: a copy."""
        tensor = self._tensors[name]
        if not tensor.is_floating_point():
            raise _not_floats(name, str(self.path), self.entry(name).dtype)
        return np.array(tensor.detach().float().numpy(), np.float32, order="C")


class ShardedWeights:
    """Tensors over several files, by an index; only the files that are asked for are opened.

    Raises
    ------
    LexiscopeError
        When the index is not one, or names a file outside the checkpoint's folder.
    """

    def __init__(self, index: Path, open_file: Callable[[str], Weights]) -> None:
        try:
            shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
            self._shards = {str(name): str(shard) for name, shard in shards.items()}
        except OSError as error:
            raise LexiscopeError(f"{index} cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise LexiscopeError(f"{index} is no index of a sharded checkpoint.") from error
        for shard in self._shards.values():
            if shard in ("", ".", "..") or re.search(r"[/\\:\0]", shard):
                raise LexiscopeError(
                    f"{index} names {shard!r} as a file of the checkpoint, which lies outside it."
                )
        self.index = index
        self._open_file = open_file
        self._opened: dict[str, Weights] = {}

    @property
    def names(self) -> Collection[str]:
        return self._shards.keys()

    @property
    def files(self) -> tuple[str, ...]:
        return (self.index.name, *sorted(set(self._shards.values())))

    def entry(self, name: str) -> Entry:
        """Dtype and shape of a tensor."""
        return self._holder(name).entry(name)

    def read(self, name: str) -> Matrix:
        """The tensor as float32, C order."""
        return self._holder(name).read(name)

    def _holder(self, name: str) -> Weights:
        shard = self._shards[name]
        if shard not in self._opened:
            self._opened[shard] = self._open_file(shard)
        holder = self._opened[shard]
        if name not in holder.names:
            raise LexiscopeError(
                f"{self.index} says that {shard} holds tensor {name}, but it does not."
            )
        return holder
