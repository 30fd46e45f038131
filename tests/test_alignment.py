"""Tokens of words and windows of long texts, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from lexiscope.alignment import Window, token_spans, windows

Spans = list[tuple[int, int]]


def spans_of(offsets: Spans, words: Spans) -> Spans:
    places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    starts, ends = np.array(words, dtype=np.int64).reshape(-1, 2).T
    first, last = token_spans(places, starts, ends)
    return list(zip(first.tolist(), last.tolist(), strict=True))


def windows_of(words: Spans, n_tokens: int, width: int) -> list[Window]:
    first, last = np.array(words, dtype=np.int64).reshape(-1, 2).T
    return list(windows(first, last, n_tokens, width))


CASES = {
    # "The riverbank, wide": The | river | ##bank | , | wide
    "a word of two pieces": ([(0, 3), (4, 9), (9, 13), (13, 14), (15, 19)], [(4, 13)], [(1, 3)]),
    "a part of a piece": ([(0, 3), (4, 9), (9, 13)], [(5, 8), (8, 10)], [(1, 2), (1, 3)]),
    "the first and the last word": ([(0, 3), (4, 9), (9, 13)], [(0, 3), (4, 13)], [(0, 1), (1, 3)]),
    # "the bank" as byte-level BPE without trimming gives it: the | Ġbank
    "an offset that holds the space": ([(0, 3), (3, 8)], [(0, 3), (4, 8)], [(0, 1), (1, 2)]),
    "a token over two words": (
        [(0, 8), (8, 12)],
        [(0, 3), (4, 8), (9, 12)],
        [(0, 1)] * 2 + [(1, 2)],
    ),
    # "a😀b": the four bytes of the emoji share its one character
    "bytes of one character": (
        [(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)],
        [(0, 1), (1, 2), (2, 3)],
        [(0, 1), (1, 5), (5, 6)],
    ),
    # "▁" alone before a word of an unknown script is a token without characters
    "an empty token before": ([(0, 0), (0, 3), (4, 4), (4, 7)], [(0, 3), (4, 7)], [(1, 2), (3, 4)]),
    "an empty token behind": ([(0, 3), (3, 3), (4, 7)], [(0, 3), (4, 7)], [(0, 1), (2, 3)]),
    "an empty token inside": ([(0, 2), (2, 2), (2, 4), (5, 6)], [(0, 4)], [(0, 3)]),
    "an empty token placed at nought": ([(0, 3), (3, 8), (0, 0), (9, 12)], [(0, 3)], [(0, 1)]),
    # "a\u0323\u0301": normalized, the marks change places
    "letters that changed places": (
        [(0, 1), (2, 3), (1, 2), (4, 5)],
        [(0, 3), (4, 5)],
        [(0, 3), (3, 4)],
    ),
    # "e\u0301t\u00e9": the decomposed letter is one token over two characters
    "a combining character": ([(0, 2), (2, 4)], [(0, 4), (1, 2)], [(0, 2), (0, 1)]),
    "overlapping words": ([(0, 3), (4, 7), (8, 11)], [(0, 7), (4, 11)], [(0, 2), (1, 3)]),
    "a dropped character": ([(0, 3), (5, 8)], [(3, 4), (3, 5), (8, 9)], [(0, 0)] * 3),
    "an empty word": ([(0, 3), (3, 6)], [(3, 3)], [(0, 0)]),
    "only empty tokens": ([(0, 0), (1, 1)], [(0, 1)], [(0, 0)]),
    "no token": ([], [(0, 1)], [(0, 0)]),
    "no word": ([(0, 3)], [], []),
}


@pytest.mark.parametrize("case", CASES)
def test_tokens_of_words(case: str) -> None:
    offsets, words, expected = CASES[case]
    assert spans_of(offsets, words) == expected


def test_bytes_of_an_emoji_from_a_real_tokenizer() -> None:
    letters = pre_tokenizers.ByteLevel.alphabet()
    made = Tokenizer(models.BPE({letter: n for n, letter in enumerate(sorted(letters))}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    text = "a👩🏽‍🌾 بنك e\u0301"
    offsets = made.encode(text).offsets
    words = [(0, 1), (1, 5), (6, 9), (10, 12)]
    # Bytes in UTF-8: 1; 4 + 4 + 3 + 4; a space; 3 x 2; a space; 1 + 2
    assert spans_of(offsets, words) == [(0, 1), (1, 16), (17, 23), (24, 27)]


def test_right_to_left_text_keeps_its_logical_order() -> None:
    # "بنك النهر" in the order it is typed: the first word has the first tokens
    assert spans_of([(0, 3), (4, 6), (6, 9)], [(0, 3), (4, 9)]) == [(0, 1), (1, 3)]


def test_a_text_that_fits_is_one_window() -> None:
    assert windows_of([(0, 1), (9, 10)], 10, 10) == [Window(0, 10, range(2))]
    assert windows_of([(3, 4)], 10, 512) == [Window(0, 10, range(1))]


def test_no_word_no_window() -> None:
    assert windows_of([], 100, 10) == []


def test_the_window_lies_evenly_around_its_word() -> None:
    # 10 tokens round one: 4 before it (half of 9, rounded down) and 5 behind it
    assert windows_of([(50, 51)], 100, 10) == [Window(46, 56, range(1))]
    assert windows_of([(50, 52)], 100, 10) == [Window(46, 56, range(1))]


def test_the_window_stays_in_the_text() -> None:
    assert windows_of([(1, 2)], 100, 10) == [Window(0, 10, range(1))]
    assert windows_of([(99, 100)], 100, 10) == [Window(90, 100, range(1))]


def test_words_within_half_a_width_share_a_window() -> None:
    # From 50 to 55 is half of 10; the word that ends at 56 is beyond it
    assert windows_of([(50, 51), (54, 55)], 100, 10) == [Window(48, 58, range(2))]
    assert windows_of([(50, 51), (55, 56)], 100, 10) == [
        Window(46, 56, range(1)),
        Window(51, 61, range(1, 2)),
    ]


def test_overlapping_words_share_a_window() -> None:
    assert windows_of([(50, 53), (51, 52), (51, 54)], 100, 10) == [Window(47, 57, range(3))]


def test_a_word_longer_than_the_window_is_read_in_its_middle() -> None:
    assert windows_of([(20, 60)], 100, 10) == [Window(35, 45, range(1))]


def test_a_word_inside_one_longer_than_the_window_has_its_own() -> None:
    assert windows_of([(20, 60), (21, 22)], 100, 10) == [
        Window(35, 45, range(1)),
        Window(17, 27, range(1, 2)),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 12)), max_size=30),
    st.integers(1, 40),
)
def test_every_word_is_whole_in_one_window(lengths: Spans, width: int) -> None:
    words = sorted((start, start + length) for start, length in lengths)
    n_tokens = max((end for _, end in words), default=0) + 5
    # As `token_spans` gives them: neither end ever falls.
    last = np.maximum.accumulate(np.array([end for _, end in words], dtype=np.int64))
    words = [(start, int(end)) for (start, _), end in zip(words, last, strict=True)]
    read: list[int] = []
    for window in windows_of(words, n_tokens, width):
        assert window.start >= 0
        assert window.end <= n_tokens
        assert window.end - window.start == min(width, n_tokens)
        read.extend(window.words)
        for start, end in (words[number] for number in window.words):
            inside = min(end, window.end) - max(start, window.start)
            assert inside == min(end - start, width)
            if n_tokens > width and end - start <= width // 2 and len(window.words) == 1:
                assert min(start, width // 4) <= start - window.start
                assert min(n_tokens - end, width // 4) <= window.end - end
    assert read == list(range(len(words)))
