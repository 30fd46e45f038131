from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import FAMILIES, build, tokenizer

from lexiscope import vocabulary
from lexiscope.errors import LexiscopeError
from lexiscope.vocabulary import KINDS, Scheme, Vocabulary, points, visible

SHOWN = ("label", "text", "kind", "script")


def of(scheme: Scheme, tokens: Sequence[str]) -> Vocabulary:
    pairs = tuple((token, number) for number, token in enumerate(tokens))
    return Vocabulary(pairs, frozenset(), frozenset(), scheme)


def described(scheme: Scheme, *tokens: str, special: str = "", literal: str = "") -> list[Any]:
    """(label, text, kind, script) of each token."""
    made = replace(
        of(scheme, tokens), special=frozenset(special.split()), literal=frozenset(literal.split())
    )
    table, notes = points(made, len(tokens))
    assert notes == ()
    assert table["id"].to_pylist() == list(range(len(tokens)))
    assert table["length"].to_pylist() == [len(text) for text in table["text"].to_pylist()]
    return [
        tuple(row[key] for key in ("label", "text", "kind", "script")) for row in table.to_pylist()
    ]


WORDPIECE = {
    "bank": ("bank", "bank", "word", "Latin"),
    "##ing": ("##ing", "ing", "piece", "Latin"),
    "a": ("a", "a", "single character", "Latin"),
    "##a": ("##a", "a", "piece", "Latin"),
    "7": ("7", "7", "number", "Common"),
    "##7": ("##7", "7", "number", "Common"),
    "1984": ("1984", "1984", "number", "Common"),
    "½": ("½", "½", "number", "Common"),
    "२": ("२", "२", "number", "Common"),
    "!": ("!", "!", "punctuation", "Common"),
    "##!": ("##!", "!", "punctuation", "Common"),
    "€": ("€", "€", "punctuation", "Common"),
    "😀": ("😀", "😀", "punctuation", "Common"),
    "❤️": ("❤️", "❤️", "punctuation", "Common"),
    "1990s": ("1990s", "1990s", "word", "Latin"),
    "[unused10]": ("[unused10]", "[unused10]", "unused", "Common"),
    "[CLS]": ("[CLS]", "[CLS]", "special", "Common"),
    "銀": ("銀", "銀", "single character", "Han"),
    "##行": ("##行", "行", "piece", "Han"),
    "банк": ("банк", "банк", "word", "Cyrillic"),
    "किनारा": ("किनारा", "किनारा", "word", "Devanagari"),
    "ा": ("ा", "ा", "single character", "Devanagari"),
    "بنك": ("بنك", "بنك", "word", "Arabic"),
    "##": ("##", "##", "punctuation", "Common"),
    "abг": ("abг", "abг", "word", "Latin"),
    "\u200d": ("\\u200d", "\u200d", "punctuation", "Common"),
    "##\u200d": ("##\\u200d", "\u200d", "punctuation", "Common"),
    "Ġbank": ("Ġbank", "Ġbank", "word", "Latin"),
    "": ("[empty]", "", "punctuation", "Common"),
}


def test_wordpiece() -> None:
    assert described("wordpiece", *WORDPIECE, special="[CLS]") == list(WORDPIECE.values())


# Ġ is the space, Ċ the line end, Ã© the two bytes of é; âĸ are the first two bytes of ▁ and others.
BYTES = {
    "Ġbank": ("bank", "bank", "word", "Latin"),
    "bank": ("##bank", "bank", "piece", "Latin"),
    "Ġa": ("a", "a", "single character", "Latin"),
    "a": ("##a", "a", "single character", "Latin"),
    "Ġ7": ("7", "7", "number", "Common"),
    "7": ("##7", "7", "number", "Common"),
    "!": ("##!", "!", "punctuation", "Common"),
    "Ġ": ("␣", " ", "punctuation", "Common"),
    "ĠĠĠĠ": ("␣␣␣␣", "    ", "punctuation", "Common"),
    "Ċ": ("\\n", "\n", "punctuation", "Common"),
    "ĠĊ": ("␣\\n", " \n", "punctuation", "Common"),
    "ĉĉ": ("\\t\\t", "\t\t", "punctuation", "Common"),
    "Ã©": ("##é", "é", "single character", "Latin"),
    "ĠcafÃ©": ("café", "café", "word", "Latin"),
    "âĸ": ("\\xe2\\x96", "\\xe2\\x96", "byte", "Common"),
    "Ġð": ("␣\\xf0", " \\xf0", "byte", "Common"),
    "aÃ": ("a\\xc3", "a\\xc3", "byte", "Common"),
    "éĵ¶": ("##银", "银", "single character", "Han"),
    "<s>": ("<s>", "<s>", "special", "Common"),
    "<tool>": ("<tool>", "<tool>", "word", "Latin"),
    "Ġ<": ("<", "<", "punctuation", "Common"),
    "<|reserved_special_token_12|>": ("<|reserved_special_token_12|>",) * 2 + ("unused", "Common"),
}


def test_bytes() -> None:
    special = "<s> <|reserved_special_token_12|>"
    assert described("bytes", *BYTES, special=special, literal="<tool>") == list(BYTES.values())


SENTENCEPIECE = {
    "▁bank": ("bank", "bank", "word", "Latin"),
    "bank": ("##bank", "bank", "piece", "Latin"),
    "▁a": ("a", "a", "single character", "Latin"),
    "a": ("##a", "a", "single character", "Latin"),
    "▁": ("␣", " ", "punctuation", "Common"),
    "▁▁▁": ("␣␣␣", "   ", "punctuation", "Common"),
    "▁of▁the": ("of the", "of the", "word", "Latin"),
    "▁1984": ("1984", "1984", "number", "Common"),
    ".": ("##.", ".", "punctuation", "Common"),
    "<0x0A>": ("<0x0A>", "\n", "byte", "Common"),
    "<0xE2>": ("<0xE2>", "\\xe2", "byte", "Common"),
    "\n\n": ("\\n\\n", "\n\n", "punctuation", "Common"),
    "<unused7>": ("<unused7>", "<unused7>", "unused", "Common"),
    "</s>": ("</s>", "</s>", "special", "Common"),
    "▁река": ("река", "река", "word", "Cyrillic"),
    "我": ("##我", "我", "single character", "Han"),
}


def test_sentencepiece() -> None:
    result = described("sentencepiece", *SENTENCEPIECE, special="</s> <unused7>")
    assert result == list(SENTENCEPIECE.values())


VISIBLE = {
    "bank": "bank",
    " bank ": "␣bank␣",
    "a b": "a b",
    "\n": "\\n",
    "a\tb": "a\\tb",
    "\x00": "\\x00",
    "\u3000": "\\u3000",
    "\u2028x": "\\u2028x",
    "می‌خواهم": "می‌خواهم",
    "\ud800": "\\ud800",
    "\u0301": "\\u0301",
    "\ufeff": "\\ufeff",
    "": "[empty]",
}


@pytest.mark.parametrize(("text", "expected"), VISIBLE.items())
def test_visible(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_rows_and_tokens_that_do_not_meet() -> None:
    tokens = (("a", 0), ("b", 2), ("double", 2), ("far", 9), ("near", 5), ("low", -1))
    table, notes = points(Vocabulary(tokens, frozenset(), frozenset(), "wordpiece"), 5)
    assert table["label"].to_pylist() == ["a", "[row 1]", "b", "[row 3]", "[row 4]"]
    assert table["token"].to_pylist() == ["a", None, "b", None, None]
    assert table["kind"].to_pylist()[1] == "unused"
    assert table.schema == vocabulary.SCHEMA
    assert [note.split()[0] for note in notes] == ["3", "3", "1"]
    assert "the first: 'low', id -1" in notes[1]
    assert "'double'" in notes[2]


def test_no_column_but_token_has_nulls_whatever_the_tokens() -> None:
    strange = ["", "\ud800", "\x00", " ", "##", "▁", "\U0010ffff", "a" * 10_000, "\r\n", "﷽"]
    for scheme in ("wordpiece", "bytes", "sentencepiece", "plain"):
        made = Vocabulary(
            tuple((t, i) for i, t in enumerate(strange)), frozenset(), frozenset(), scheme
        )
        table, _ = points(made, len(strange) + 1)
        table.validate(full=True)
        for label, kind in zip(table["label"].to_pylist(), table["kind"].to_pylist(), strict=True):
            assert label.strip()
            assert "\n" not in label
            assert "\r" not in label
            assert kind in KINDS


def test_a_vocabulary_of_256000_takes_seconds() -> None:
    syllables = ["ba", "ко", "水", "na", "é", "ति"]
    tokens = [
        ("▁" if number % 2 else "") + "".join(syllables[(number >> s) % 6] for s in (0, 3, 6, 9))
        for number in range(256_000)
    ]
    made = Vocabulary(
        tuple((t, i) for i, t in enumerate(tokens)), frozenset(), frozenset(), "sentencepiece"
    )
    started = time.process_time()
    table, _ = points(made, 256_000)
    assert table.num_rows == 256_000
    # 2 s where this was written; the bound leaves room for slow machines.
    assert time.process_time() - started < 15


def read(folder: Path) -> Vocabulary:
    return vocabulary.read(lambda name: path if (path := folder / name).exists() else None)


SCHEMES = {"bert": "wordpiece", "gpt2": "bytes", "t5": "sentencepiece", "llama": "sentencepiece"}


@pytest.mark.parametrize("family", FAMILIES)
def test_tokens_decode_to_the_tokenizers_own_text(family: str, tmp_path: Path) -> None:
    made = tokenizer(family)
    made.save(str(tmp_path / "tokenizer.json"))
    found = read(tmp_path)
    assert found.scheme == SCHEMES.get(family, found.scheme)
    table, notes = points(found, made.get_vocab_size())
    assert notes == ()
    rows = table.to_pylist()
    bank = next(row["id"] for row in rows if row["label"] == "bank")
    for row in rows:
        assert made.id_to_token(row["id"]) == row["token"]
        if row["kind"] in ("byte", "special", "unused"):
            continue
        # With a token before it, no decoder takes the space of a word's beginning away.
        decoded = made.decode([bank, row["id"]]).removeprefix(made.decode([bank]))
        assert decoded.removeprefix(" ") == row["text"].removeprefix(" ")


def test_special_tokens_from_every_file(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text(
        "<one>\n<two>\n<three>\n<four>\n<five>\nword\n##s\n\u2028\n"
    )
    settings = {
        "cls_token": "<one>",
        "sep_token": {"content": "<two>"},
        "additional_special_tokens": ["<three>"],
        "added_tokens_decoder": {
            "3": {"content": "<four>", "special": True},
            "8": {"content": "<new>", "special": False},
        },
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"mask_token": "<five>"}))
    (tmp_path / "added_tokens.json").write_text(json.dumps({"<later>": 9}))
    found = read(tmp_path)
    table, notes = points(found, 10)
    assert notes == ()
    assert (
        table["kind"].to_pylist()
        == ["special"] * 5 + ["word", "piece", "punctuation"] + ["word"] * 2
    )
    assert table["token"].to_pylist()[5:] == ["word", "##s", "\u2028", "<new>", "<later>"]


def test_vocab_json_alone(tmp_path: Path) -> None:
    tokens = {"<|endoftext|>": 0, "Ġbank": 1, "ing": 2, "âĸ": 3}
    (tmp_path / "vocab.json").write_text(json.dumps(tokens))
    table, _ = points(read(tmp_path), 4)
    assert table["label"].to_pylist() == ["<|endoftext|>", "bank", "##ing", "\\xe2\\x96"]
    assert table["kind"].to_pylist() == ["special", "word", "piece", "byte"]


def test_a_sentencepiece_model_goes_through_transformers(tmp_path: Path) -> None:
    import sentencepiece

    (tmp_path / "corpus.txt").write_text("the bank of the river is steep\n" * 50)
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "corpus.txt"),
        model_prefix=str(tmp_path / "spiece"),
        vocab_size=30,
        model_type="unigram",
        hard_vocab_limit=False,
        pad_id=3,
        minloglevel=2,
    )
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}')
    table, _ = points(read(tmp_path), 30)
    labels = dict(zip(table["token"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert labels["▁steep"] == "steep"
    assert labels["e"] == "##e"
    assert "special" in table["kind"].to_pylist()


BROKEN = {
    "not JSON": ("tokenizer.json", "{", "is not JSON"),
    "a list": ("tokenizer.json", "[]", "no JSON object"),
    "no model": ("tokenizer.json", "{}", "no vocabulary"),
    "a strange vocabulary": ("tokenizer.json", '{"model": {"vocab": 5}}', "no vocabulary"),
    "ids that are words": ("vocab.json", '{"a": "b"}', "no whole number"),
    "bytes": ("vocab.txt", "\udcff", "not UTF-8"),
}


@pytest.mark.parametrize(("name", "text", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_tokenizer(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LexiscopeError, match=problem):
        read(tmp_path)


def test_no_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(LexiscopeError, match=r"no tokenizer.*tokenizer\.json"):
        read(tmp_path)


def test_the_built_folder_reads_alike_with_and_without_tokenizer_json(tmp_path: Path) -> None:
    folder = build("bert", tmp_path / "bert")
    whole = read(folder)
    words = sorted(whole.tokens, key=lambda pair: pair[1])
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in words))
    (folder / "tokenizer.json").unlink()
    again = read(folder)
    assert points(again, len(words))[0].equals(points(whole, len(words))[0])
