"""Where every word of a corpus stands among its text's tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
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
        """Return the table of points: label, target, text, place, pieces, cut, metadata.

        A column of the corpus whose name is taken here, or means something to an atlas, has
        ``given_`` put before it.
        """
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
                free = f"given_{free}"
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
        From texts to their encodings, each with a length and `offsets`, without special tokens.
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
        texts = corpus.texts["text"].slice(block, stop - block).to_pylist()
        offsets, lengths, shifts = _laid_end_to_end(texts, tokenize(texts))
        rows = np.arange(bounds[block], bounds[stop])
        text = owner[rows] - block
        first, last = token_spans(offsets, starts[rows] + shifts[text], ends[rows] + shifts[text])
        before = (np.cumsum(lengths) - lengths)[text]
        found = first < last
        rows, text = rows[found], text[found]
        pieces[rows] = np.column_stack((first, last))[found] - before[found, None]
        window[rows, 1] = lengths[text]
        cut[rows] = lengths[text] > width
        for long in np.flatnonzero(lengths > width):
            words = rows[text == long]
            for part in windows(pieces[words, 0], pieces[words, 1], int(lengths[long]), width):
                window[words[part.words.start : part.words.stop]] = part.start, part.end
        if progress:
            progress(stop, n_texts)
    np.clip(pieces, window[:, :1], window[:, 1:], out=pieces)
    kept = np.flatnonzero(pieces[:, 1] > pieces[:, 0])
    lost = np.flatnonzero(pieces[:, 1] <= pieces[:, 0])
    return Plan(corpus, kept, window[kept], pieces[kept], cut[kept], _skipped(corpus, lost))


def _laid_end_to_end(
    texts: Sequence[str], encodings: Sequence[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return all tokens' places as if the texts were one, each text's tokens and its shift."""
    lengths = np.array([len(encoding) for encoding in encodings], dtype=np.int64)
    characters = np.array([len(text) for text in texts], dtype=np.int64)
    shifts = np.cumsum(characters) - characters
    pairs = chain.from_iterable(encoding.offsets for encoding in encodings)
    offsets = np.fromiter(chain.from_iterable(pairs), dtype=np.int64).reshape(-1, 2)
    return offsets + np.repeat(shifts, lengths)[:, None], lengths, shifts


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
