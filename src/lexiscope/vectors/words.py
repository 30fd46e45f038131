"""Words with their vectors as word2vec, GloVe and fastText write them."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from lexiscope.errors import LexiscopeError
from lexiscope.vectors.points import LABEL, as_points, word_points
from lexiscope.vectors.vectors import Share, Vectors, check, ragged

Labels = Mapping[str, str] | None

BLOCK = 1 << 23
# Lines that are asked how many numbers a vector has, where no header says it.
ASKED = 100
LONGEST_WORD = 1 << 14
BOM = b"\xef\xbb\xbf"

HEADER = re.compile(rb"[ \t]*(\d+)[ \t]+(\d+)[ \t\r]*")
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?nan|[+-]?inf(inity)?", re.I)


def separator(line: bytes) -> bytes:
    """Return what stands between the numbers of a line."""
    return b"\t" if line.count(b"\t") > line.count(b" ") else b" "


def numbers_at_end(line: bytes) -> int:
    """Count the numbers that a line ends with; what it begins with is a word."""
    fields = line.rstrip(b" \t\r").split(separator(line))[1:]
    counted = 0
    for field in reversed(fields):
        if not NUMBER.fullmatch(field):
            break
        counted += 1
    return counted


def read_text(path: Path, labels: Labels, share: Share) -> Vectors:
    """Read a word and its numbers a line, below a header of both counts or without one.

    Parameters
    ----------
    path : pathlib.Path
        May be packed with gzip.
    labels : mapping of str to str, optional
        What words are written so; only then it is asked whether they are words at all.
    share : callable
        Called with the share done.

    Raises
    ------
    LexiscopeError
        For a malformed line, naming it, and another number of vectors than the header says.
    """
    name = path.name
    words: list[bytes] = []
    parts: list[NDArray[np.float32]] = []
    expected: int | None = None
    lines: _Lines | None = None
    with opened(path, name) as (file, packed):
        for first, block in _blocks(file):
            if lines is None:
                block[0] = block[0].removeprefix(BOM)
                header = HEADER.fullmatch(block[0])
                if header:
                    expected, dim = int(header[1]), int(header[2])
                    first, block = first + 1, block[1:]
                else:
                    counts = Counter(map(numbers_at_end, block[:ASKED]))
                    dim = counts.most_common(1)[0][0]
                sample = next((line for line in block if line.strip()), b"")
                lines = _Lines(name, dim, separator(sample))
            found, numbers = lines.read(block, first)
            words += found
            parts.append(numbers)
            share(min(1.0, packed.tell() / max(1, path.stat().st_size)))
    matrix = np.concatenate(parts) if parts else np.empty((0, 2), np.float32)
    if expected is not None and expected != len(matrix):
        raise LexiscopeError(
            f"{name}: its first line says {expected:,} vectors and {len(matrix):,} follow; was it "
            "cut off? Get it again, or mend the first line"
        )
    return _vectors(name, words, matrix, labels)


class _Lines:
    """Lines of words and numbers."""

    def __init__(self, name: str, dim: int, between: bytes) -> None:
        self.name, self.dim, self.between = name, dim, between

    def read(self, lines: list[bytes], first: int) -> tuple[list[bytes], NDArray[np.float32]]:
        """Return the words and the numbers of lines, the number of the first of which is given."""
        words, rest, places = [], [], []
        for place, line in enumerate(lines, first):
            line = line.rstrip(b" \t\r")
            if not line:
                continue
            word, _, numbers = line.partition(self.between)
            if numbers.count(self.between) != self.dim - 1 or not numbers:
                word, numbers = self._split(line, place)
            words.append(word)
            rest.append(numbers)
            places.append(place)
        try:
            matrix = parsed(rest, self.between).reshape(len(rest), self.dim)
        except (pa.ArrowInvalid, ValueError) as error:
            for numbers, place in zip(rest, places, strict=True):
                self._check(numbers.split(self.between), place)
            raise LexiscopeError(f"{self.name}: {error}") from error
        return words, matrix

    def _split(self, line: bytes, place: int) -> tuple[bytes, bytes]:
        """Split a line whose word has spaces in it, or whose numbers have too many between."""
        fields = line.split(self.between)
        word, numbers = fields[0], [field for field in fields[1:] if field]
        # A word may be several, ". . .", but its later parts are no numbers.
        beyond = numbers[: max(0, len(numbers) - self.dim)]
        if beyond and NUMBER.fullmatch(beyond[-1]):
            beyond = []
        numbers = numbers[len(beyond) :]
        self._check(numbers, place)
        return self.between.join([word, *beyond]), self.between.join(numbers)

    def _check(self, numbers: list[bytes], place: int) -> None:
        """Say what is wrong with a line's numbers."""
        wrong = next((each for each in numbers if not NUMBER.fullmatch(each)), None)
        if len(numbers) == self.dim and wrong is not None:
            shown = wrong[:40].decode("utf-8", "backslashreplace")
            raise LexiscopeError(f"{self.name}, line {place:,}: {shown!r} is no number")
        if len(numbers) != self.dim:
            raise ragged(f"{self.name}, line {place:,}", len(numbers), self.dim)


def parsed(rows: list[bytes], between: bytes) -> NDArray[np.float32]:
    """Return all numbers of rows, one after the other."""
    if not rows:
        return np.empty(0, np.float32)
    # As one column: Arrow's csv reader parses some times as fast as NumPy, on every core.
    column = b"\n".join(rows).replace(between, b"\n")
    table = pa.csv.read_csv(
        pa.BufferReader(column),
        read_options=pa.csv.ReadOptions(column_names=["number"]),
        parse_options=pa.csv.ParseOptions(quote_char=False, escape_char=False),
        convert_options=pa.csv.ConvertOptions(
            column_types={"number": pa.float32()}, null_values=[]
        ),
    )
    numbers: NDArray[np.float32] = table["number"].to_numpy()
    return numbers


def read_binary(path: Path, labels: Labels, share: Share) -> Vectors:
    """Read the binary file of word2vec: a header line, then each word and its float32 numbers.

    Parameters are those of `read_text`.

    Raises
    ------
    LexiscopeError
        For a file that ends early or is something else.
    """
    name = path.name
    words: list[bytes] = []
    parts: list[bytes] = []
    with opened(path, name) as (file, packed):
        header = HEADER.fullmatch(file.readline(LONGEST_WORD).rstrip(b"\n"))
        assert header  # it is what the format is told by
        expected, size = int(header[1]), 4 * int(header[2])
        if size < 8:
            raise LexiscopeError(f"{name}: its first line says vectors of {header[2].decode()}")
        held, at = b"", 0
        while len(words) < expected:
            end = held.find(b" ", at)
            if end < 0 or len(held) < end + 1 + size:
                more = file.read(max(BLOCK, size + LONGEST_WORD))
                share(min(1.0, packed.tell() / max(1, path.stat().st_size)))
                if not more or (end < 0 and len(held) - at > LONGEST_WORD):
                    raise LexiscopeError(
                        f"{name} ends within vector {len(words) + 1:,} of {expected:,}, or is no "
                        "binary file of word2vec; get it again"
                    )
                held, at = held[at:] + more, 0
                continue
            # word2vec itself ends each vector with a line feed, gensim does not.
            words.append(held[at:end].lstrip(b"\n"))
            at = end + 1 + size
            parts.append(held[end + 1 : at])
        if (held[at:] + file.read(BLOCK)).strip():
            raise LexiscopeError(
                f"{name} goes on after the {expected:,} vectors that its first line says; get it "
                "again"
            )
    matrix = np.frombuffer(b"".join(parts), "<f4").reshape(len(words), size // 4)
    return _vectors(name, words, matrix, labels)


def _vectors(name: str, words: list[bytes], matrix: NDArray[np.float32], given: Labels) -> Vectors:
    check(name, matrix)
    labels, broken = [], []
    for word in words:
        try:
            labels.append(word.decode())
        except UnicodeDecodeError:
            labels.append(word.decode("utf-8", "backslashreplace"))
            broken.append(labels[-1])
    notes = []
    if broken:
        what = "1 word is" if len(broken) == 1 else f"{len(broken):,} words are"
        notes.append(f"{what} not UTF-8, the bytes shown as escapes (the first: {broken[0]!r})")
    if given is None:
        points, unusual = word_points(labels)
        return Vectors(matrix, points, True, (*notes, *unusual))
    table = pa.table({LABEL: [given.get(label, label) for label in labels]})
    points, are_words, unusual = as_points(table, LABEL, name)
    return Vectors(matrix, points, are_words, (*notes, *unusual))


def _blocks(file: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield whole lines, and the number of the first of them."""
    rest, number = b"", 1
    while block := file.read(BLOCK):
        held, found, rest_of = (rest + block).rpartition(b"\n")
        rest = rest_of
        if found:
            lines = held.split(b"\n")
            yield number, lines
            number += len(lines)
    if rest:
        yield number, [rest]


@contextmanager
def opened(path: Path, name: str) -> Iterator[tuple[Any, Any]]:
    """Open a file, unpacked where it is packed; give it and the file that tells how far it is."""
    try:
        with path.open("rb") as packed:
            is_packed = packed.read(2) == b"\x1f\x8b"
            packed.seek(0, os.SEEK_SET)
            yield (gzip.GzipFile(fileobj=packed) if is_packed else packed), packed
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LexiscopeError(f"{name} is packed and its packing is broken; get it again") from error
