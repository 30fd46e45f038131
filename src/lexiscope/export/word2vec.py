"""Vectors as word2vec's files, text or binary, which gensim and others read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lexiscope.atlas import Atlas
from lexiscope.export.choice import Choice, check_free, fresh, placed
from lexiscope.export.rows import about, as_json
from lexiscope.export.written import Written

ENDINGS = (".txt", ".vec", ".bin")
BINARY = ".bin"
ROWS = 4096
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def export_word2vec(
    atlas: Atlas, destination: str | os.PathLike[str], choice: Choice | None = None
) -> Written:
    """Write one file a layer or table: text, or binary where the destination ends in ``.bin``.

    The format allows neither white space in a word nor a word twice. White space and control
    characters are written as in web addresses (``%20``), as is a ``%`` that two hexadecimal digits
    follow; of a label that stands more than once each has its point's number behind it
    (``bank#12``). A ``.json`` of the same name says where the vectors come from and, under
    ``labels``, what each changed one was. In text, a number has as many digits as bring the same
    float32 back.

    Parameters
    ----------
    atlas : Atlas
    destination : path
        A ``.txt``, ``.vec`` or ``.bin`` file for one layer or table, or a folder (of ``.txt``).
    choice : Choice, optional
        By default all there is.

    Returns
    -------
    Written
        The files.

    Raises
    ------
    LexiscopeError
        For several to one file, where a file of another's would be replaced by the notes, and
        when nothing can be written there.
    """
    written = []
    rewritten = 0
    chosen = placed((choice or Choice()).parts(atlas), Path(destination), ENDINGS)
    for _, path in chosen:
        check_free([path.with_suffix(".json")])
    for part, path in chosen:
        space = atlas[part.space]
        labels = [str(label) for label in space.points["label"].to_pylist()]
        words = writable(labels)
        changed = {word: label for word, label in zip(words, labels, strict=True) if word != label}
        notes = path.with_suffix(".json")
        matrix = np.ascontiguousarray(space.matrices[part.layer], dtype="<f4")
        # Both or none: the one tells what the words of the other were.
        with fresh(notes) as for_notes, fresh(path) as aside:
            for_notes.write_bytes(as_json(about(atlas, part) | {"labels": changed}))
            with aside.open("wb") as file:
                file.write(f"{len(matrix)} {matrix.shape[1]}\n".encode())
                (_write_binary if path.suffix.lower() == BINARY else _write_text)(
                    file, words, matrix
                )
        written += [path, notes]
        rewritten += len(changed)
    first = written[0]
    said = [
        f"read with gensim: KeyedVectors.load_word2vec_format({str(first)!r}, "
        f"binary={first.suffix.lower() == BINARY})"
    ]
    if rewritten:
        said.append(
            f"{rewritten:,} labels are written otherwise, for a word here has no white space (it "
            "is %20) and stands once (bank#12 is point 12's); the .json beside it tells the "
            "originals"
        )
    return Written(written, said)


def writable(labels: Sequence[str]) -> list[str]:
    """Return labels without white space, each different: see `export_word2vec`.

    Examples
    --------
    >>> writable(["new york", "100%", "bank", "bank", ""])
    ['new%20york', '100%', 'bank#2', 'bank#3', '#4']
    """
    words = [_escaped(label) for label in labels]
    counts = Counter(words)
    taken = {word for word, count in counts.items() if count == 1 and word}
    found = []
    for point, word in enumerate(words):
        if counts[word] > 1 or not word:
            word = f"{word}#{point}"
            while word in taken:  # another label is written so
                word += "#"
            taken.add(word)
        found.append(word)
    return found


def _escaped(label: str) -> str:
    out = []
    for place, letter in enumerate(label):
        follows = label[place + 1 : place + 3]
        is_code = letter == "%" and len(follows) == 2 and set(follows) <= HEXADECIMAL
        if letter.isspace() or not (letter.isprintable() or ord(letter) > 0x9F) or is_code:
            out += [f"%{byte:02X}" for byte in letter.encode()]
        else:
            out.append(letter)
    return "".join(out)


def _write_binary(file: IO[bytes], words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    for word, row in zip(words, matrix, strict=True):
        file.write(word.encode() + b" " + row.tobytes() + b"\n")


def _write_text(file: IO[bytes], words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    for start in range(0, len(matrix), ROWS):
        block = matrix[start : start + ROWS]
        # Arrow writes the shortest number that is read as the same float32.
        numbers = pa.array(block.reshape(-1)).cast(pa.string())
        lines = pc.binary_join(
            pa.FixedSizeListArray.from_arrays(numbers, block.shape[1]).cast(pa.list_(pa.string())),
            " ",
        ).to_pylist()
        for word, line in zip(words[start : start + ROWS], lines, strict=True):
            file.write(f"{word} {line}\n".encode())
