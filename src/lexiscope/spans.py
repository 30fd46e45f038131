"""Where a word stands in a text, in characters (code points) of the text as it was given.

Words are compared without case and up to canonical equivalence, as Unicode's chapter 3.13 defines
it: NFC of the case-folded text, so that "é" as one character finds "é" as two. Typographic and
plain apostrophes are equal, so are the hyphens; soft hyphens and variation selectors do not count.

A word is a run of letters and digits with the marks that belong to them. Between letters of Han,
Hiragana, Thai, Lao, Khmer and Myanmar, which are written without spaces, every place is taken for
an edge of words: a target is found wherever it stands. Katakana and Hangul runs are words.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

import regex

Span = tuple[int, int]
Match = Literal["word", "prefix", "all"]

_SPACELESS = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_STARTS = rf"[[\p{{L}}\p{{N}}]--[{_SPACELESS}]]"
_JOINED = rf"[[\p{{L}}\p{{N}}\p{{M}}\u200c\u200d]--[{_SPACELESS}]]"
# What English hangs on a word with an apostrophe. Other tails belong to it: "can't", "aujourd'hui".
_CLITIC = rf"(?i:s|d|ll|m|re|ve)(?!{_JOINED})"

_SYLLABIC = r"[[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&[\p{L}\p{N}\p{M}]]"


def _word(run: str, digit: str, clitic: str) -> str:
    return rf"""
        ( {run}
          (?: ['’] (?!{clitic}) {run}
            | [-‐‑·\u05f3\u05f4] {run}
            | (?<={digit}) [.,] (?={digit}) {run}
          )*+
        ) (?: ['’] {clitic} )?
    """


_WORD = regex.compile(
    _word(rf"{_STARTS}[{_JOINED}\u00ad]*+", r"\p{N}", _CLITIC)
    + rf"""
    | ( [\p{{Han}}&&[\p{{L}}\p{{N}}]] \p{{M}}*+
      | \p{{Hiragana}} [\p{{Hiragana}}ー\p{{M}}]*+
      | (?!\p{{M}}) {_SYLLABIC}++
      )
    """,
    regex.VERSION1 | regex.VERBOSE,
)
# The same for ASCII, several times as quick.
_ASCII_WORD = re.compile(
    _word("[A-Za-z0-9]++", "[0-9]", "(?i:s|d|ll|m|re|ve)(?![A-Za-z0-9])"), re.VERBOSE
)
_MARK = regex.compile(r"\[\[([^\[\]]*+)\]\]")
_CLUSTER = regex.compile(r"\X")
_IGNORED = regex.compile("[\u00ad\ufe0e\ufe0f]")
# What folding drops, and the mark that it makes a letter.
_UNEVEN = regex.compile("[\u00ad\ufe0e\ufe0f\u0345]")
_COMBINING = regex.compile(r"\p{M}")
_LETTER = regex.compile(r"[\p{L}\p{N}\p{M}]")
_SPACELESS_LETTER = regex.compile(rf"[{_SPACELESS}]")
_SPACE = regex.compile(r"\s++")
# Edges of words in a folded text. A symbol may stand anywhere but within an emoji sequence.
_ANYWHERE = regex.compile("")
_LEFT_OF_SYMBOL = regex.compile(r"(?<!\u200d)")
_LEFT_OF_LETTER = regex.compile(rf"(?<!{_JOINED})", regex.VERSION1)
_LEFT_OF_DIGIT = regex.compile(rf"(?<!{_JOINED})(?<!\p{{N}}[.,])", regex.VERSION1)
_RIGHT_OF_SYMBOL = regex.compile(r"(?![\p{M}\u200d\U0001f3fb-\U0001f3ff])")
_RIGHT_OF_SPACELESS = regex.compile(r"(?![\p{M}\u200d])")
_RIGHT_OF_LETTER = regex.compile(
    rf"(?![{_JOINED}\p{{M}}])(?!'(?!{_CLITIC}){_STARTS})", regex.VERSION1
)
_RIGHT_OF_DIGIT = regex.compile(
    rf"(?![{_JOINED}\p{{M}}])(?!'(?!{_CLITIC}){_STARTS})(?![.,]\p{{N}})", regex.VERSION1
)
_REST_OF_WORD = regex.compile(
    rf"(?![\u0300-\u036f])(?:{_JOINED}++|'(?!{_CLITIC})(?={_STARTS}))*+", regex.VERSION1
)
# Normalizing takes time that grows with the square of a run of marks; no script needs this many.
_LONGEST = 64


def fold(text: str) -> str:
    """Form in which words are compared: two words are the same when it is.

    Parameters
    ----------
    text : str
        Anything; lone surrogates are kept.

    Returns
    -------
    str
        NFC of the case-folded NFD, with one apostrophe, one hyphen and nothing invisible.
    """
    return _folded(text)[0]


def find(text: str, target: str, match: Match = "word") -> list[Span]:
    """Find a word, or several in a row, in a text.

    Parameters
    ----------
    text : str
        The text to search.
    target : str
        The word; white space in it stands for any white space.
    match : {"word", "prefix"}
        "word" for the whole word; what follows an apostrophe is another word only if it is one of
        the English 's, 'd, 'll, 'm, 're and 've. "prefix" for words that start with the target;
        the span then is the whole word.

    Returns
    -------
    list of (int, int)
        ``text[start:end]`` of each occurrence, in order, none overlapping another.
    """
    parts = fold(target).split()
    if not parts or _COMBINING.match(target.lstrip()):
        return []  # nothing, or half a character
    folded, begins, ends = _folded(text)
    left, right = _left_edge(parts[0][0]), _right_edge(parts[-1][-1], match)
    found: list[Span] = []
    position = 0
    while (start := folded.find(parts[0], position)) >= 0:
        end = _end(folded, start, parts)
        tail = right.match(folded, end) if end and left.match(folded, start) else None
        if tail:
            found.append((start, tail.end()))
        position = tail.end() if tail else start + 1
    if begins is None or ends is None:
        return found
    return [
        (begins[start], ends[end - 1])
        for start, end in found
        if begins[start : start + 1] != begins[start - 1 : start]
        and begins[end : end + 1] != begins[end - 1 : end]  # whole characters
    ]


def words(text: str) -> list[Span]:
    """Find every word of a text.

    Apostrophes and hyphens between letters belong to a word ("don't", "mother-in-law"), dots and
    commas between digits to a number ("3.14"); the English 's, 'd, 'll, 'm, 're and 've do not. Of
    scripts without spaces, each Han character is taken for a word, each run of Hiragana, and each
    run of Thai, Lao, Khmer or Myanmar, which may hold several.

    Returns
    -------
    list of (int, int)
        ``text[start:end]`` of each word, in order.
    """
    if text.isascii():
        return [word.span(1) for word in _ASCII_WORD.finditer(text)]
    return [word.span(word.lastindex) for word in _WORD.finditer(text)]


def marks(text: str) -> tuple[str, list[Span]]:
    """Take the brackets from a text in which words are marked ``[[so]]``.

    Brackets that are empty, unbalanced or hold brackets stay as they are.

    Returns
    -------
    text : str
        The text without the brackets.
    spans : list of (int, int)
        What stood between them, without white space at its edges, in the text returned.
    """
    if "[[" not in text:
        return text, []
    kept: list[str] = []
    spans: list[Span] = []
    length = position = 0
    for mark in _MARK.finditer(text):
        inside = mark[1]
        word = inside.strip()
        if not word:
            continue
        before = text[position : mark.start()]
        start = length + len(before) + len(inside) - len(inside.lstrip())
        spans.append((start, start + len(word)))
        kept += before, inside
        length += len(before) + len(inside)
        position = mark.end()
    return "".join([*kept, text[position:]]), spans


def _fold_cluster(cluster: str) -> str:
    text = _one_spelling(_IGNORED.sub("", cluster))
    pieces = (text[i : i + _LONGEST] for i in range(0, len(text), _LONGEST))
    normal = "".join(unicodedata.normalize("NFD", piece) for piece in pieces).casefold()
    pieces = (normal[i : i + _LONGEST] for i in range(0, len(normal), _LONGEST))
    return "".join(unicodedata.normalize("NFC", piece) for piece in pieces)


def _one_spelling(text: str) -> str:
    return text.replace("’", "'").replace("‐", "-").replace("‑", "-")


def _folded(text: str) -> tuple[str, list[int] | None, list[int] | None]:
    """The folded text, and where each of its characters begins and ends in the text.

    Both are None where every character stands for itself. Case folding never shortens a text, so
    one that is as long as before and normal has kept every place.
    """
    if text.isascii():
        return text.lower(), None, None
    folded = text.casefold()
    if (
        len(folded) == len(text)
        and unicodedata.is_normalized("NFC", folded)
        and not _UNEVEN.search(text)
    ):
        return _one_spelling(folded), None, None
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        piece = _fold_cluster(cluster[0])
        start, end = cluster.span()
        pieces.append(piece)
        begins += [start] * len(piece)
        ends += [end] * len(piece)
    return "".join(pieces), begins, ends


def _end(folded: str, start: int, parts: list[str]) -> int | None:
    """Where the parts, with white space between them, end if they start at `start`."""
    end = start + len(parts[0])
    for part in parts[1:]:
        space = _SPACE.match(folded, end)
        if not space or not folded.startswith(part, space.end()):
            return None
        end = space.end() + len(part)
    return end


def _left_edge(first: str) -> Any:
    if not _LETTER.match(first):
        return _LEFT_OF_SYMBOL
    if _SPACELESS_LETTER.match(first):
        return _ANYWHERE
    return _LEFT_OF_DIGIT if first.isnumeric() else _LEFT_OF_LETTER


def _right_edge(last: str, match: Match) -> Any:
    if not _LETTER.match(last):
        return _RIGHT_OF_SYMBOL
    if _SPACELESS_LETTER.match(last):
        return _RIGHT_OF_SPACELESS
    if match == "prefix":
        return _REST_OF_WORD
    return _RIGHT_OF_DIGIT if last.isnumeric() else _RIGHT_OF_LETTER
