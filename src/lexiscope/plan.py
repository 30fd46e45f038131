"""Where every word of a corpus stands among its text's tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.alignment import token_spans, windows
from lexiscope.columns import is_ours
from lexiscope.corpus import Corpus

BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Plan:
    """Where every word of a corpus stands among its text's tokens.

    Attributes
    ----------
    corpus : Corpus
    occurrences : ndarray of shape (n_points,), int64
        Rows of ``corpus.occurrences`` that become points.
    window : ndarray of shape (n_points, 2), int64
        The tokens of the text that are read with each word.
    pieces : ndarray of shape (n_points, 2), int64
        First and last-plus-one token of each word, counted in the text.
    cut : ndarray of shape (n_points,), bool
        Whether the text was longer than the model's window.
    skipped : pyarrow.Table
        Words that have no token, in the shape of ``corpus.skipped``.
    """

    corpus: Corpus
    occurrences: NDArray[np.int64]
    window: NDArray[np.int64]
    pieces: NDArray[np.int64]
    cut: NDArray[np.bool_]
    skipped: pa.Table

    def __len__(self) -> int:
        return len(self.occurrences)

    def points(self, start: int = 0, stop: int | None = None) -> pa.Table:
        """Return the table of points: label, target, text, place, pieces, cut, metadata."""
        part = slice(start, len(self) if stop is None else stop)
        occurrences = self.corpus.occurrences.take(pa.array(self.occurrences[part]))
        texts = self.corpus.texts.take(occurrences["text"])
        pieces = self.pieces[part]
        columns = {
            "label": occurrences["word"],
            "target": occurrences["target"],
            "text": texts["text"],
            "row": texts["row"],
            "start": occurrences["start"],
            "end": occurrences["end"],
            "pieces": pa.array((pieces[:, 1] - pieces[:, 0]).astype(np.int32)),
            "cut": pa.array(self.cut[part]),
        }
        for name in texts.column_names:
            if name in ("text", "row"):  # these stand there already
                continue
            free = name
            while free in columns or is_ours(free):
                free += "_given"
            columns[free] = texts[name]
        return pa.table(columns)


def make_plan(
    corpus: Corpus,
    tokenize: Callable[[list[str]], Sequence[Any]],
    width: int,
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Find every word's tokens and the window it is read in.

    Parameters
    ----------
    corpus : Corpus
    tokenize : callable
        From texts to their encodings, each with `offsets`, without special tokens.
    width : int
        The most tokens of a text that can be read at once.
    progress : callable, optional
        Called with texts done and texts in all.

    Returns
    -------
    Plan
    """
    table = corpus.occurrences
    owner = table["text"].to_numpy().astype(np.int64)
    starts = table["start"].to_numpy().astype(np.int64)
    ends = table["end"].to_numpy().astype(np.int64)
    n_texts = corpus.texts.num_rows
    bounds = np.searchsorted(owner, np.arange(n_texts + 1))
    window = np.zeros((len(owner), 2), dtype=np.int64)
    pieces = np.zeros((len(owner), 2), dtype=np.int64)
    cut = np.zeros(len(owner), dtype=bool)
    for block in range(0, n_texts, BLOCK):
        stop = min(block + BLOCK, n_texts)
        encodings = tokenize(corpus.texts["text"].slice(block, stop - block).to_pylist())
        for text, encoding in enumerate(encodings, start=block):
            words = np.arange(bounds[text], bounds[text + 1])
            offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
            first, last = token_spans(offsets, starts[words], ends[words])
            found = words[first < last]
            first, last = first[first < last], last[first < last]
            for part in windows(first, last, len(offsets), width):
                rows = found[part.words.start : part.words.stop]
                window[rows] = part.start, part.end
                cut[rows] = part.end - part.start < len(offsets)
            pieces[found, 0] = np.maximum(first, window[found, 0])
            pieces[found, 1] = np.minimum(last, window[found, 1])
        if progress:
            progress(stop, n_texts)
    kept = np.flatnonzero(pieces[:, 1] > pieces[:, 0])
    lost = np.flatnonzero(pieces[:, 1] <= pieces[:, 0])
    return Plan(corpus, kept, window[kept], pieces[kept], cut[kept], _skipped(corpus, lost))


def _skipped(corpus: Corpus, lost: NDArray[np.integer]) -> pa.Table:
    occurrences = corpus.occurrences.take(pa.array(lost, type=pa.int64()))
    texts = corpus.texts.take(occurrences["text"])
    reason = ["the tokenizer has no token for this word"] * len(lost)
    return pa.table(
        {
            "row": texts["row"],
            "reason": pa.array(reason, type=pa.string()),
            "text": texts["text"],
            "target": occurrences["target"],
        }
    ).cast(corpus.skipped.schema)
