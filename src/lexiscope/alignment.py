"""Words to tokens, and the windows of texts that are longer than a model can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def token_spans(offsets: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Find the tokens that share characters with each word.

    A word that splits into several tokens gets all of them, from the first to the last; a token
    that covers more than the word (a leading space, a glued comma) still belongs to it.

    Parameters
    ----------
    offsets : ndarray of shape (n_tokens, 2), int64
        First and last-plus-one character of every token.
    starts, ends : ndarray of shape (n_words,), int64
        First and last-plus-one character of every word.

    Returns
    -------
    first, last : ndarray of shape (n_words,), int64
        First and last-plus-one token; both 0 where a word has none (a tokenizer may drop
        control characters, say).
    """
    # Empty tokens (a lone word-start mark) stand for no character.
    tokens = np.flatnonzero(offsets[:, 0] < offsets[:, 1])
    if not len(tokens):
        return np.zeros_like(starts), np.zeros_like(starts)
    # Running extremes keep the places in order where a normalizer changed the letters' order.
    token_ends = np.maximum.accumulate(offsets[tokens, 1])
    token_starts = np.minimum.accumulate(offsets[tokens[::-1], 0])[::-1]
    first = np.searchsorted(token_ends, starts, side="right")
    last = np.searchsorted(token_starts, ends, side="left")
    found = first < last
    first, last = np.where(found, first, 0), np.where(found, last, 1)
    return np.where(found, tokens[first], 0), np.where(found, tokens[last - 1] + 1, 0)


@dataclass(frozen=True)
class Window:
    """A stretch of one text's tokens, and the words that are read in it.

    Attributes
    ----------
    start, end : int
        First and last-plus-one token of the text (special tokens not counted).
    words : range
        Numbers of the words read here, in the order of the text.
    """

    start: int
    end: int
    words: range


def windows(first: Ints, last: Ints, n_tokens: int, width: int) -> Iterator[Window]:
    """Cover every word of a text with a window of at most `width` tokens.

    A text that fits is one window. In a longer one, words that lie within half a width of each
    other share a window, with the rest of it laid evenly around them, so a word of up to half a
    width has at least a quarter of it before and behind where the text has that much. Of a word
    that is longer than the window itself, the middle is read.

    Parameters
    ----------
    first, last : ndarray of shape (n_words,), int64
        Token spans in the order of the text, as `token_spans` gives them.
    n_tokens : int
        Tokens of the text.
    width : int
        The most tokens a window may have, at least 1.

    Yields
    ------
    Window
    """
    if not len(first):
        return
    if n_tokens <= width:
        yield Window(0, n_tokens, range(len(first)))
        return
    word = 0
    while word < len(first):
        begin, stop = int(first[word]), int(last[word])
        follower = word + 1
        # What a longer word leaves of the window is not sure to hold a word within it.
        shared = max(width // 2, stop - begin) if stop - begin <= width else 0
        while follower < len(first) and int(last[follower]) - begin <= shared:
            stop = max(stop, int(last[follower]))
            follower += 1
        start = begin - (width - (stop - begin)) // 2
        start = max(0, min(start, n_tokens - width))
        yield Window(start, start + width, range(word, follower))
        word = follower
