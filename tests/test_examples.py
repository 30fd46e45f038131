"""The example word-sense sheet keeps the promises that its README makes."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

# Every word form that may start with a target: the target's own inflections and nothing else.
FORMS = {
    "bank": {"bank", "banks", "banked"},
    "spring": {"spring", "springs", "springing"},
    "seal": {"seal", "seals", "sealed"},
    "crane": {"crane", "cranes", "craned"},
    "bat": {"bat", "bats", "batting"},
    "light": {"light", "lights", "lighting"},
    "bark": {"bark", "barks", "barked"},
    "match": {"match", "matches", "matched"},
    "pitch": {"pitch", "pitches", "pitched"},
    "plant": {"plant", "plants", "planted"},
    "current": {"current", "currents"},
    "draw": {"draw", "draws", "drawing", "drawn"},
    "charge": {"charge", "charges", "charged"},
    "file": {"file", "files", "filed"},
}


class Row(NamedTuple):
    id: str
    text: str
    target: str
    sense: str
    source: str

    @property
    def words(self) -> list[str]:
        return re.findall(r"\w+", self.text)

    @property
    def hits(self) -> list[str]:
        """The words of the text that start with the target, as written."""
        return [word for word in self.words if word.lower().startswith(self.target)]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with (EXAMPLES / "word-senses.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert tuple(header) == Row._fields
    return [Row(*line) for line in lines]


def test_words_and_senses(rows: list[Row]) -> None:
    senses = defaultdict(set)
    for row in rows:
        senses[row.target].add(row.sense)
    assert len(senses) >= 12
    assert set(senses) == set(FORMS)
    assert {word: len(names) for word, names in senses.items() if not 2 <= len(names) <= 4} == {}


def test_every_sense_has_enough_sentences(rows: list[Row]) -> None:
    total: Counter[tuple[str, str]] = Counter()
    exact: Counter[tuple[str, str]] = Counter()
    for row in rows:
        total[row.target, row.sense] += 1
        exact[row.target, row.sense] += row.target in [word.lower() for word in row.words]
    assert {sense: n for sense, n in total.items() if n < 8} == {}
    assert {sense: n for sense, n in exact.items() if n < 6} == {}


def test_every_cell_is_filled_and_trimmed(rows: list[Row]) -> None:
    assert [row for row in rows if any(not cell or cell != cell.strip() for cell in row)] == []


def test_every_text_holds_its_target(rows: list[Row]) -> None:
    assert [row.text for row in rows if not row.hits] == []


def test_no_other_word_starts_with_the_target(rows: list[Row]) -> None:
    strangers = [
        (row.id, hit) for row in rows for hit in row.hits if hit.lower() not in FORMS[row.target]
    ]
    assert strangers == []


def test_texts_are_distinct(rows: list[Row]) -> None:
    counts = Counter(row.text.casefold() for row in rows)
    assert [text for text, n in counts.items() if n > 1] == []


def test_ids_count_up_from_one(rows: list[Row]) -> None:
    assert [row.id for row in rows] == [str(n) for n in range(1, len(rows) + 1)]


def test_rows_are_grouped_by_word_then_sense(rows: list[Row]) -> None:
    changes = [
        (row.target, row.sense)
        for before, row in zip([None, *rows], rows, strict=False)
        if before is None or (before.target, before.sense) != (row.target, row.sense)
    ]
    assert len(changes) == len(set(changes))
    words = [target for target, _ in changes]
    assert sorted(words, key=words.index) == words


def test_lengths_vary(rows: list[Row]) -> None:
    lengths = [len(row.text.split()) for row in rows]
    assert min(lengths) <= 5
    assert max(lengths) >= 35


def test_positions_vary(rows: list[Row]) -> None:
    def holds(row: Row, part: list[str]) -> bool:
        return any(word.lower().startswith(row.target) for word in part)

    first = sum(holds(row, row.words[:3]) for row in rows)
    last = sum(holds(row, row.words[-3:]) for row in rows)
    assert first >= len(rows) / 10
    assert last >= len(rows) / 10


def test_case_varies(rows: list[Row]) -> None:
    hits = [hit for row in rows for hit in row.hits]
    assert sum(hit.islower() for hit in hits) > len(hits) / 2
    assert sum(hit.istitle() for hit in hits) >= len(FORMS)
    assert sum(hit.isupper() for hit in hits) >= len(FORMS)


def test_inflections_are_a_good_part(rows: list[Row]) -> None:
    inflected = sum(any(hit.lower() != row.target for hit in row.hits) for row in rows)
    assert inflected >= len(rows) / 10


def test_some_texts_hold_the_word_twice(rows: list[Row]) -> None:
    assert sum(len(row.hits) >= 2 for row in rows) >= 5


def test_workbook_holds_the_same_rows(rows: list[Row]) -> None:
    book = openpyxl.load_workbook(EXAMPLES / "word-senses.xlsx")
    assert len(book.worksheets) == 1
    header, *lines = book.worksheets[0].iter_rows()
    assert [cell.value for cell in header] == [
        "sn",
        "sentence/context",
        "polysemy_word",
        "sense",
        "source",
    ]
    assert all(cell.font.bold for cell in header)
    assert [tuple(str(cell.value) for cell in line) for line in lines] == [tuple(r) for r in rows]
