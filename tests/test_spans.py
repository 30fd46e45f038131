"""Words are found where they stand, in characters of the text as it was given."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from lexiscope import spans

LATIN = "ab ABz's’-.,1_ß\u0301éÉİſ\u00ad\ufe0fﬁΐ😀"
OTHERS = "的あー カ\u0e01\u0e31א\u05b8क\u094d한\u1100\u1161\u11a8"
texts = st.text(st.sampled_from(LATIN + OTHERS), max_size=24) | st.text(max_size=24)


def found(text: str, target: str, match: spans.Match = "word") -> list[str]:
    return [text[start:end] for start, end in spans.find(text, target, match)]


def every(text: str) -> list[str]:
    return [text[start:end] for start, end in spans.words(text)]


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("The Bank by the bank: BANK.", "bank", [(4, 8), (16, 20), (22, 26)]),
        ("embankment, banks, bankable", "bank", []),
        ("the bank's door, the bank’s keys", "bank", [(4, 8), (21, 25)]),
        ("we'll see, we can't", "we", [(0, 2), (11, 13)]),
        ("we can't, but can we?", "can", [(14, 17)]),
        ("l'homme et l’homme", "homme", [(2, 7), (13, 18)]),
        ("a river-bank", "bank", [(8, 12)]),
        ("_bank_ and bank_account", "bank", [(1, 5), (11, 15)]),
        ("ice \n cream, ICE CREAM, ice-cream", "ice cream", [(0, 11), (13, 22)]),
        ("ice cube, then ice cream", "ice  cream", [(15, 24)]),
        ("7 of 17, 7.5 or 1,7", "7", [(0, 1)]),
        ("C++ is not C", "c++", [(0, 3)]),
        ("Die Straße, STRASSE!", "strasse", [(4, 10), (12, 19)]),
        ("Die Straße, STRASSE!", "Straße", [(4, 10), (12, 19)]),
        ("ßßß bank", "bank", [(4, 8)]),
        ("co\u00adope\u00adrate", "cooperate", [(0, 11)]),
        ("don’t", "don't", [(0, 5)]),
        ("אני אוהב את הבנק", "אוהב", [(4, 8)]),
        ("مرحبا بالعالم مرحبا", "مرحبا", [(0, 5), (14, 19)]),
        ("می\u200cخواهم", "می", []),
        ("👩\u200d🔬 👩 👩🏽 👩", "👩", [(4, 5), (9, 10)]),
        ("a 👩\u200d🔬!", "👩\u200d🔬", [(2, 5)]),
        ("❤️ or ❤", "❤", [(0, 2), (6, 7)]),
        ("我住在北京市", "北京", [(3, 5)]),
        ("AI技術とAIR", "ai", [(0, 2)]),
        ("パンとパンダ", "パン", [(0, 2)]),
        ("กินข้าวที่บ้าน", "ข้าว", [(3, 7)]),
        ("은행 은행이", "은행", [(0, 2)]),
        ("", "bank", []),
        ("bank", " ", []),
        ("e\u0301", "\u0301", []),
    ],
)
def test_whole_words(text: str, target: str, expected: list[tuple[int, int]]) -> None:
    assert spans.find(text, target) == expected


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("Bank banks BANKING embankment bank's", "bank", ["Bank", "banks", "BANKING", "bank"]),
        ("can't cannot scan", "can", ["can't", "cannot"]),
        ("İstanbul'da", "İstanbul", ["İstanbul'da"]),
        ("ice creams", "ice cream", ["ice creams"]),
        ("café cafe\u0301 cafes", "cafe", ["cafes"]),
        ("किताबें किताब", "किताब", ["किताबें", "किताब"]),
        ("은행이 은행에서", "은행", ["은행이", "은행에서"]),
        ("bank-holiday", "bank", ["bank"]),
        ("1984 and 219", "19", ["1984"]),
        ("我住在北京市", "北京", ["北京"]),
    ],
)
def test_prefixes(text: str, target: str, expected: list[str]) -> None:
    assert found(text, target, "prefix") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't say the bank's 'closed'.", ["Don't", "say", "the", "bank", "closed"]),
        ("Mother-in-law's e-mail -- a-b-", ["Mother-in-law", "e-mail", "a-b"]),
        ("We’ll pay 3.14 or 1,000.", ["We", "pay", "3.14", "or", "1,000"]),
        ("rock'n'roll o'clock’s", ["rock'n'roll", "o'clock"]),
        ("naïve cafe\u0301, foo_bar", ["naïve", "cafe\u0301", "foo", "bar"]),
        ("می\u200cخواهم किताब", ["می\u200cخواهم", "किताब"]),
        ("食べるパン 人々 カード", ["食", "べる", "パン", "人", "々", "カード"]),
        ("กินข้าว ที่บ้าน", ["กินข้าว", "ที่บ้าน"]),
        ("AI技術 한국어", ["AI", "技", "術", "한국어"]),
        ("😀 -- ... '", []),
    ],
)
def test_every_word(text: str, expected: list[str]) -> None:
    assert every(text) == expected


@pytest.mark.parametrize(
    ("text", "kept", "words"),
    [
        ("the [[bank]] of the [[river]]", "the bank of the river", ["bank", "river"]),
        ("the [[ old bank ]].", "the  old bank .", ["old bank"]),
        ("[[[bank]]]", "[bank]", ["bank"]),
        ("[[bank", "[[bank", []),
        ("bank]] [bank] [[]] [[ ]]", "bank]] [bank] [[]] [[ ]]", []),
        ("a[[1, 2], [3, 4]]", "a[[1, 2], [3, 4]]", []),
        ("😀[[é\u0301]]!", "😀é\u0301!", ["é\u0301"]),
    ],
)
def test_marks(text: str, kept: str, words: list[str]) -> None:
    clean, places = spans.marks(text)
    assert clean == kept
    assert [clean[start:end] for start, end in places] == words


@given(texts)
def test_folding_is_canonical_caseless_matching(text: str) -> None:
    plain = regex.sub("[\u00ad\ufe0e\ufe0f\ud800-\udfff’‐‑]", "", text)
    expected = unicodedata.normalize("NFC", unicodedata.normalize("NFD", plain).casefold())
    assert spans.fold(plain) == expected
    assert spans.fold(spans.fold(text)) == spans.fold(text)


def test_folding_of_every_character() -> None:
    for code in range(0x110000):
        character = chr(code)
        if 0xD800 <= code < 0xE000 or character in "\u00ad\ufe0e\ufe0f’‐‑":
            continue
        decomposed = unicodedata.normalize("NFD", character)
        assert spans.fold(character) == unicodedata.normalize("NFC", decomposed.casefold())


@given(texts, texts, st.integers(1, 4))
def test_what_is_found_is_the_target(text: str, other: str, size: int) -> None:
    for source in (text, other):
        for target in (word[:size] for word in source.split()[:3]):
            places = spans.find(text, target)
            for start, end in places:
                assert spans.fold(text[start:end]) == spans.fold(target)
            for start, end in spans.find(text, target, "prefix"):
                assert spans.fold(text[start:end]).startswith(spans.fold(target))
            edges = [0, *(edge for place in places for edge in place), len(text)]
            assert edges == sorted(edges)


@given(
    st.text(st.sampled_from("abé ñ각ệ,ö."), max_size=30), st.sampled_from(["é", "각", "ab", "ệ"])
)
def test_either_normal_form_finds_the_other(text: str, target: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)
    words = found(composed, target)
    for form in ("NFC", "NFD"):
        again = found(decomposed, unicodedata.normalize(form, target))
        assert [unicodedata.normalize("NFC", word) for word in again] == words


@given(st.text(st.sampled_from("abc XYZ"), max_size=40))
def test_plain_text_agrees_with_a_plain_expression(text: str) -> None:
    assert spans.words(text) == [m.span() for m in re.finditer(r"[A-Za-z]+", text)]
    expected = [m.span() for m in re.finditer(r"\bab\b", text, re.IGNORECASE)]
    assert spans.find(text, "ab") == expected
    expected = [m.span() for m in re.finditer(r"\bab\w*", text, re.IGNORECASE)]
    assert spans.find(text, "ab", "prefix") == expected


@given(st.text(st.sampled_from("ab1'’-.,sdlm S_"), max_size=20))
def test_words_do_not_depend_on_what_else_the_text_holds(text: str) -> None:
    assert spans.words(text) == spans.words(f"{text} é")[:-1]


@given(texts)
def test_words_are_apart_and_found_again(text: str) -> None:
    places = spans.words(text)
    edges = [edge for place in places for edge in place]
    assert edges == sorted(edges)
    for start, end in places:
        assert start < end
        assert regex.search(r"[\p{L}\p{N}]", text[start:end])


@given(st.lists(st.tuples(st.text("ab é", max_size=4), st.booleans()), max_size=8))
def test_marks_give_back_what_was_marked(pieces: list[tuple[str, bool]]) -> None:
    text = "".join(f"[[{piece}]]" if marked else piece for piece, marked in pieces)
    words = [piece.strip() for piece, marked in pieces if marked and piece.strip()]
    clean, places = spans.marks(text)
    assert [clean[start:end] for start, end in places] == words
    if all(piece.strip() for piece, _ in pieces):
        assert clean == "".join(piece for piece, _ in pieces)


@pytest.mark.parametrize("unit", ["a ", "a'", "[[a", "-", "ß", "的", "\u0301\u0323", "\u200d"])
def test_time_is_linear_in_the_text(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    spans.find(text, "a b")
    spans.find(text, unit[:1], "prefix")
    spans.words(text)
    spans.marks(text)
    assert time.process_time() - started < 5
