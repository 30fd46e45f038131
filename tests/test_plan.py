"""Where the words of a corpus stand among tokens, and the table of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from lexiscope.corpus import Columns, Corpus
from lexiscope.plan import BLOCK, Plan, make_plan


class Encoding(NamedTuple):
    offsets: list[tuple[int, int]]

    def __len__(self) -> int:
        return len(self.offsets)


def letters(texts: list[str]) -> Sequence[Any]:
    """A tokenizer whose tokens are letters, and which drops everything else."""
    return [
        Encoding([(at, at + 1) for at, letter in enumerate(text) if letter.isalpha()])
        for text in texts
    ]


def corpus_of(texts: Sequence[str], **columns: Sequence[Any]) -> Corpus:
    marked = bool({"target", "start"} & set(columns))
    return Corpus.read(pa.table({"text": texts, **columns}), match="word" if marked else "all")


def test_pieces_are_counted_in_their_own_text() -> None:
    plan = make_plan(corpus_of(["ab c", "d", "ef gh"]), letters, 10)
    assert len(plan) == 5
    assert plan.pieces.tolist() == [[0, 2], [2, 3], [0, 1], [0, 2], [2, 4]]
    assert plan.window.tolist() == [[0, 3], [0, 3], [0, 1], [0, 4], [0, 4]]
    assert not plan.cut.any()
    assert plan.skipped.num_rows == 0


def test_long_texts_between_short_ones() -> None:
    plan = make_plan(corpus_of(["ab", "abcdefgh ij klmnop", "cd"]), letters, 6)
    assert plan.window.tolist() == [[0, 2], [1, 7], [6, 12], [10, 16], [0, 2]]
    # The middle of a word that is longer than the window
    assert plan.pieces.tolist() == [[0, 2], [1, 7], [8, 10], [10, 16], [0, 2]]
    assert plan.cut.tolist() == [False, True, True, True, False]


def test_blocks_of_texts_join_without_a_seam() -> None:
    texts = [
        f"{'x' * (number % 5 + 1)} b {'y' * (number % 3)}c {chr(0x4E00 + number)}"
        for number in range(2 * BLOCK + 3)
    ]
    seen: list[tuple[int, int]] = []
    plan = make_plan(corpus_of(texts), letters, 6, lambda done, total: seen.append((done, total)))
    assert seen == [(BLOCK, 2051), (2 * BLOCK, 2051), (2051, 2051)]
    whole = plan.corpus.occurrences
    words = whole.take(pa.array(plan.occurrences)).to_pylist()
    for word, (first, last) in zip(words, plan.pieces, strict=True):
        text = texts[word["text"]]
        inside = [at for at, letter in enumerate(text) if letter.isalpha()][first:last]
        assert inside == list(range(word["start"], word["end"]))


def test_words_without_a_token_are_listed() -> None:
    # A zero-width joiner, and a control character at the very end of a text that has no token
    table = pa.table(
        {
            "text": ["bank \u200d bank", "a bank", "\u200b\u0007"],
            "target": ["joiner", "bank", "bell"],
            "start": [5, 2, 1],
            "end": [6, 6, 2],
        }
    )
    plan = make_plan(Corpus.read(table), letters, 10)
    assert plan.points()["label"].to_pylist() == ["bank"]
    assert plan.occurrences.tolist() == [1]
    assert plan.skipped.schema == plan.corpus.skipped.schema
    assert plan.skipped.to_pylist() == [
        {
            "row": row,
            "reason": "the tokenizer has no token for this word",
            "text": table["text"][row - 1].as_py(),
            "target": target,
        }
        for row, target in ((1, "joiner"), (3, "bell"))
    ]


def test_no_word_has_a_token() -> None:
    plan = make_plan(corpus_of(["1984 7"]), letters, 10)
    assert len(plan) == 0
    assert plan.points().num_rows == 0
    assert plan.skipped["target"].to_pylist() == ["1984", "7"]


@pytest.fixture(scope="module")
def sheet() -> Plan:
    table = pa.table(
        {
            "sentence": ["The BANK fell", "banks, bank"],
            "word": ["bank", "bank"],
            "sense": ["river", None],
            "label": ["x", "y"],
            "pieces": [8, 9],
            "row": ["r1", "r2"],
            "given_label": ["p", "q"],
            "vector:3": [0.5, 1.5],
            "vector": [2, 3],
            "map:3:tsne-2d": ["m", "n"],
            "year": [1984, 1985],
        }
    )
    corpus = Corpus.read(table, columns=Columns(text="sentence", target="word"), match="prefix")
    return make_plan(corpus, letters, 9)


def test_columns_of_points(sheet: Plan) -> None:
    points = sheet.points()
    ours = ["label", "target", "text", "row", "start", "end", "pieces", "cut"]
    assert points.column_names[:8] == ours
    assert [
        points.slice(number, 1).to_pylist()[0][name] for number in range(3) for name in ours
    ] == [
        *("BANK", "bank", "The BANK fell", 1, 4, 8, 4, True),
        *("banks", "bank", "banks, bank", 2, 0, 5, 5, False),
        *("bank", "bank", "banks, bank", 2, 7, 11, 4, False),
    ]
    assert points["sense"].to_pylist() == ["river", None, None]
    assert points["year"].to_pylist() == [1984, 1985, 1985]


def test_columns_whose_names_are_taken(sheet: Plan) -> None:
    points = sheet.points()
    assert len(set(points.column_names)) == points.num_columns
    values = {name: points[name].to_pylist() for name in points.column_names}
    assert values["given_pieces"] == [8, 9, 9]
    assert values["given_vector:3"] == [0.5, 1.5, 1.5]
    assert values["given_vector"] == [2, 3, 3]
    assert values["given_map:3:tsne-2d"] == ["m", "n", "n"]
    assert values["given_label"] == ["x", "y", "y"]
    assert values["given_given_label"] == ["p", "q", "q"]


def test_points_in_parts(sheet: Plan) -> None:
    whole = sheet.points()
    assert sheet.points(1, 2).to_pylist() == whole.slice(1, 1).to_pylist()
    assert sheet.points(2).to_pylist() == whole.slice(2).to_pylist()
    assert sheet.points(1).schema == whole.schema
    assert sheet.points(3).num_rows == 0


def test_a_text_of_100_000_characters() -> None:
    text = "word " * 20_000
    plan = make_plan(corpus_of([text]), letters, 512)
    assert len(plan) == 20_000
    assert plan.cut.all()
    assert (plan.pieces[:, 1] - plan.pieces[:, 0] == 4).all()
    assert (plan.window[:, 0] <= plan.pieces[:, 0]).all()
    assert (plan.pieces[:, 1] <= plan.window[:, 1]).all()
    # 313 groups of 256 tokens, the last two of which are read in the text's last window
    assert np.unique(plan.window, axis=0).shape[0] == 312
