"""Every occurrence is a point, and every row that is left out says why."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import lance
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexiscope.corpus import Columns, Corpus
from lexiscope.errors import LexiscopeError

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def frame(**columns: Any) -> pa.Table:
    return pa.table(columns)


def points(corpus: Corpus) -> list[tuple[int, int, int, str, str]]:
    return [tuple(row.values()) for row in corpus.occurrences.to_pylist()]


def skipped(corpus: Corpus) -> list[tuple[int, str]]:
    return [(row["row"], row["reason"]) for row in corpus.skipped.to_pylist()]


def test_the_word_sense_sheet_needs_no_options(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["see the other sheet"])
    sheet = book.create_sheet("senses")
    sheet.append(["sn", "sentence/context", "polysemy_word", "source"])
    sheet.append([1, "The bank by the river bank.", "bank", "a"])
    sheet.append([2, "In SPRING the spring dried up.", "Spring", None])
    sheet.append([3, "Many banks.", "bank", "b"])
    path = tmp_path / "senses.xlsx"
    book.save(path)
    corpus = Corpus.read(path)
    assert corpus.name == "senses.xlsx"
    assert corpus.texts.to_pydict() == {
        "row": [1, 2],
        "text": ["The bank by the river bank.", "In SPRING the spring dried up."],
        "id": [1, 2],
        "source": ["a", None],
    }
    assert points(corpus) == [
        (0, 4, 8, "bank", "bank"),
        (0, 22, 26, "bank", "bank"),
        (1, 3, 9, "SPRING", "Spring"),
        (1, 14, 20, "spring", "Spring"),
    ]
    assert corpus.skipped.to_pylist() == [
        {"row": 3, "reason": "target not found", "text": "Many banks.", "target": "bank"}
    ]


def test_types_of_the_tables() -> None:
    corpus = Corpus.read(frame(text=["a bank"], word=["bank"], sense=[3]))
    assert [(f.name, str(f.type)) for f in corpus.texts.schema] == [
        ("row", "int64"),
        ("text", "string"),
        ("sense", "string"),
    ]
    assert [(f.name, str(f.type)) for f in corpus.occurrences.schema] == [
        ("text", "int32"),
        ("start", "int32"),
        ("end", "int32"),
        ("word", "string"),
        ("target", "string"),
    ]
    assert [(f.name, str(f.type)) for f in corpus.skipped.schema] == [
        ("row", "int64"),
        ("reason", "string"),
        ("text", "string"),
        ("target", "string"),
    ]
    assert corpus.texts["sense"].to_pylist() == ["3"]


def test_prefix_takes_the_whole_inflected_word() -> None:
    table = frame(text=["Banking on banks, not embankments"], target=["bank"])
    assert points(Corpus.read(table, match="prefix")) == [
        (0, 0, 7, "Banking", "bank"),
        (0, 11, 16, "banks", "bank"),
    ]


def test_all_takes_every_word_and_needs_no_target() -> None:
    corpus = Corpus.read(
        frame(text=["Don't, Straße!", "...", "a [[b]]"], target=["x", "y", None]), match="all"
    )
    assert points(corpus) == [
        (0, 0, 5, "Don't", "don't"),
        (0, 7, 13, "Straße", "strasse"),
        (1, 0, 1, "a", "a"),
        (1, 2, 3, "b", "b"),
    ]
    assert corpus.texts["target"].to_pylist() == ["x", None]
    assert skipped(corpus) == [(2, "no word in the text")]
    named = Corpus.read(frame(text=["a"], x=["a"]), columns=Columns(target="x"), match="all")
    assert named.notes == ("Every word is taken (--match all), whatever x says.",)


def test_marks_win_over_the_target_and_name_themselves() -> None:
    corpus = Corpus.read(
        frame(
            text=["He [[ran]] and [[Ran]]", "a [[Bank]] and a bank", "a bank", "a [[bank"],
            target=["run", None, "bank", None],
        )
    )
    assert corpus.texts["text"].to_pylist() == ["He ran and Ran", "a Bank and a bank", "a bank"]
    assert points(corpus) == [
        (0, 3, 6, "ran", "run"),
        (0, 11, 14, "Ran", "run"),
        (1, 2, 6, "Bank", "bank"),
        (2, 2, 6, "bank", "bank"),
    ]
    assert skipped(corpus) == [(4, "empty target")]


def test_marks_in_plain_text_where_blank_lines_count(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a [[bank]]\n\nno mark\n  \nthe 😀 [[é]]\n", encoding="utf-8")
    corpus = Corpus.read(path)
    assert corpus.texts.to_pydict() == {"row": [1, 5], "text": ["a bank", "the 😀 é"]}
    assert points(corpus) == [(0, 2, 6, "bank", "bank"), (1, 6, 7, "é", "é")]
    assert skipped(corpus) == [(2, "empty text"), (3, "no marked word"), (4, "empty text")]


def test_offsets_count_code_points() -> None:
    text = "😀 e\u0301 [[bank]]"
    corpus = Corpus.read(
        frame(
            text=[text] * 9 + ["a bank"],
            char_start=[7.0, 2, -1, 7, 7, 7.5, 11, 1, None, None],
            char_end=[11.0, 4, 3, 7, 14, 9, 7, 2, 3, None],
            target=[None, "x", None, None, None, None, None, None, None, "bank"],
        )
    )
    assert corpus.texts["text"].to_pylist() == [text, text, "a bank"]
    assert points(corpus) == [
        (0, 7, 11, "bank", "bank"),
        (1, 2, 4, "e\u0301", "x"),
        (2, 2, 6, "bank", "bank"),
    ]
    assert skipped(corpus) == [
        (3, "bad offsets: -1 to 3 in 13 characters"),
        (4, "bad offsets: 7 to 7 in 13 characters"),
        (5, "bad offsets: 7 to 14 in 13 characters"),
        (6, "bad offsets: 7.5 to 9 in 13 characters"),
        (7, "bad offsets: 11 to 7 in 13 characters"),
        (8, "bad offsets: 1 to 2 in 13 characters"),
        (9, "bad offsets: nothing to 3 in 13 characters"),
    ]


def test_duplicates_are_named_with_the_first_row_and_its_sense() -> None:
    corpus = Corpus.read(
        frame(
            text=["a bank", "a bank", "a bank", "a BANK", "a [[bank]]", "a bank", "a bank"],
            word=["bank", "Bank", "bank", "bank", None, "a", None],
            sense=["river", "river", "money", None, "river", None, None],
        )
    )
    assert corpus.texts["row"].to_pylist() == [1, 4, 6]
    assert skipped(corpus) == [
        (2, "duplicate of row 1"),
        (3, "duplicate of row 1, whose sense is 'river' and not 'money'"),
        (5, "duplicate of row 1"),
        (7, "empty target"),
    ]


def test_usual_and_given_names() -> None:
    table = frame(
        **{
            "Sentence / no": ["x"],
            "SENTENCE": ["a bank"],
            "Target Word": ["bank"],
            "Sense-ID": [1],
            "SN": ["7"],
            "start": [0],
        }
    )
    corpus = Corpus.read(table)
    assert corpus.texts.to_pydict() == {
        "row": [1],
        "text": ["a bank"],
        "Sentence / no": ["x"],
        "sense": ["1"],
        "id": ["7"],
        "start": [0],
    }
    given = Corpus.read(
        frame(text=["no"], body=["a bank"], word=["no"], w=["bank"], gloss=["g"], label=["l"]),
        columns=Columns(text="BODY", target="w", sense="gloss", id="label"),
    )
    assert given.texts.to_pydict() == {
        "row": [1],
        "text": ["a bank"],
        "text_2": ["no"],
        "word": ["no"],
        "sense": ["g"],
        "id": ["l"],
    }


def test_other_columns_become_metadata_that_lance_takes(tmp_path: Path) -> None:
    table = frame(
        **{
            "context": ["a bank", "none", "one bank"],
            "word": ["bank"] * 3,
            "row": [9, 8, 7],
            "text_2": ["x", "y", None],
            "a.b": [1.5, None, None],
            "a_b": [True, False, None],
            "": pa.nulls(3),
            "_rowid": [{"x": [1]}, None, None],
            "q`": [dt.date(2026, 1, 2)] * 3,
            "_rowaddr": pa.array(["u", "v", "u"]).dictionary_encode(),
            "_row": [dt.time(1)] * 3,
        }
    )
    corpus = Corpus.read(table)
    assert corpus.texts.to_pydict() == {
        "row": [1, 3],
        "text": ["a bank", "one bank"],
        "row_2": [9, 7],
        "text_2": ["x", None],
        "a_b": [1.5, None],
        "a_b_2": [True, None],
        "column_7": [None, None],
        "rowid": ['{"x": [1]}', None],
        "q_": [dt.date(2026, 1, 2)] * 2,
        "rowaddr": ["u", "u"],
        "row_3": [dt.time(1)] * 2,
    }
    lance.write_dataset(corpus.texts, tmp_path / "texts.lance")
    stored = lance.dataset(tmp_path / "texts.lance")
    assert stored.to_table().equals(corpus.texts)
    assert stored.to_table(filter="`a_b` = 1.5")["row"].to_pylist() == [1]


def test_a_csv_knows_numbers_but_keeps_codes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "text,target,whole,real,code,long,words,none\n"
        "it is 7,7,1,1.50,007,12345678901234567890,1,\n"
        "a 1.50,1.50,-20,-2e3,12,1,one,\n"
        "x,x,,,,,,\n"
    )
    corpus = Corpus.read(path)
    assert corpus.texts.drop_columns(["row", "text"]).to_pydict() == {
        "whole": [1, -20, None],
        "real": [1.5, -2000.0, None],
        "code": ["007", "12", None],
        "long": ["12345678901234567890", "1", None],
        "words": ["1", "one", None],
        "none": [None, None, None],
    }
    assert corpus.occurrences["word"].to_pylist() == ["7", "1.50", "x"]


def sources(tmp_path: Path, table: pa.Table) -> list[object]:
    rows = table.to_pylist()
    data = table.to_pandas()
    data.to_csv(tmp_path / "a.csv", index=False)
    data.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    data.to_excel(tmp_path / "a.xlsx", index=False)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    files = [tmp_path / f"a.{ending}" for ending in ("csv", "tsv", "xlsx", "parquet", "jsonl")]
    chunks = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    return [*files, data, pl.DataFrame(rows), chunks]


def test_the_hash_is_of_the_content_alone(tmp_path: Path) -> None:
    table = frame(
        text=["a bank", "é 😀 bank\nbank", "no"],
        target=["bank", "bank", "x"],
        score=[0.5, 2.25, 1.0],
        n=[1, 2, 3],
        source=["s", None, "t"],
    )
    expected = Corpus.read(table)
    for source in sources(tmp_path, table):
        corpus = Corpus.read(source)
        assert corpus.texts.equals(expected.texts)
        assert corpus.occurrences.equals(expected.occurrences)
        assert corpus.hash == expected.hash
    assert Corpus.read(table, match="all").hash != expected.hash
    for column, value in {"text": "b bank", "score": None, "n": None, "source": ""}.items():
        rows = table.to_pylist()
        rows[0][column] = value
        assert Corpus.read(pa.Table.from_pylist(rows, table.schema)).hash != expected.hash
    assert len(expected.hash) == 64


def test_the_hash_is_the_same_in_another_process() -> None:
    path = EXAMPLES / "word-senses.csv"
    script = f"from lexiscope.corpus import Corpus; print(Corpus.read({str(path)!r}).hash)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Corpus.read(EXAMPLES / "word-senses.xlsx").hash


def test_the_examples_leave_nothing_out() -> None:
    corpus = Corpus.read(EXAMPLES / "word-senses.csv", match="prefix")
    assert corpus.skipped.num_rows == 0
    assert corpus.texts.column_names == ["row", "text", "id", "sense", "source"]
    assert set(corpus.occurrences["text"].to_pylist()) == set(range(corpus.texts.num_rows))


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        (
            frame(text=["a"], x=["a"]),
            Columns(),
            r"--target.*\[\[word\]\].*--match all.*columns: text, x",
        ),
        (frame(a=["a"], b=["a"]), Columns(), r"no column of texts.*--text.*columns: a, b"),
        (frame(text=["a"]), Columns(sense="s"), r"no column 's' \(--sense\); columns: text"),
        (frame(text=["a"], x=[1]), Columns(start="x"), "name both, --start and --end"),
        (frame(text=["a"]), Columns(text="text", target="TEXT"), "'text' is named for two things"),
        (frame(text=["a b", "", None, "x"], word=["c", "c", "c", ""]), Columns(), "leaves no word"),
        (
            pa.table({"text": pa.array([], pa.string()), "word": pa.array([], pa.string())}),
            Columns(),
            r"has columns \(text, word\) but no rows",
        ),
    ],
)
def test_what_is_missing_is_said(table: pa.Table, columns: Columns, message: str) -> None:
    with pytest.raises(LexiscopeError, match=message) as error:
        Corpus.read(table, columns=columns)
    assert "\n" not in str(error.value)


def test_the_reasons_are_counted_when_nothing_is_left() -> None:
    table = frame(text=["a b", "", None, "x"], word=["c", "c", "c", ""])
    with pytest.raises(LexiscopeError) as error:
        Corpus.read(table)
    assert "empty text 2 (first: row 2), target not found 1 (first: row 1), empty target 1" in str(
        error.value
    )


def test_an_unknown_match_is_refused() -> None:
    with pytest.raises(LexiscopeError, match="word, prefix or all"):
        Corpus.read(frame(text=["a"]), match="some")


def test_columns_of_every_sheet_are_listed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.create_sheet("two").append(["c"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(LexiscopeError, match="sheet 'Sheet': a, b; sheet 'two': c"):
        Corpus.read(tmp_path / "a.xlsx")


def test_unusual_text_is_taken(tmp_path: Path) -> None:
    long = "The bank is long. " * 5_556
    data = pd.DataFrame(
        {
            "text": ["\ud800 bank\0 bank", "שלום בנק", "👩\u200d🔬 cafe\u0301", long, "한국 은행"],
            "target": ["bank", "בנק", "café", "bank", unicodedata.normalize("NFD", "은행")],
        },
        dtype=object,
    )
    corpus = Corpus.read(data)
    assert corpus.texts["text"][0].as_py() == "\ufffd bank\ufffd bank"
    assert points(corpus)[:4] == [
        (0, 2, 6, "bank", "bank"),
        (0, 8, 12, "bank", "bank"),
        (1, 5, 8, "בנק", "בנק"),
        (2, 4, 9, "cafe\u0301", "café"),
    ]
    assert corpus.occurrences.num_rows == 4 + 5_556 + 1
    assert len(long) > 100_000
    lance.write_dataset(corpus.texts, tmp_path / "texts.lance")


cells = st.one_of(st.none(), st.text("ab [] é\u0301'-", max_size=8), st.text(max_size=6))


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.sampled_from(["word", "all"]))
def test_every_row_is_kept_or_skipped(rows: list[tuple[str | None, ...]], match: str) -> None:
    texts, targets = zip(*[("bank", "bank"), *rows], strict=True)
    table = frame(text=pa.array(texts, pa.string()), target=pa.array(targets, pa.string()))
    corpus = Corpus.read(table, match=match)
    kept = corpus.texts["row"].to_pylist()
    left = corpus.skipped["row"].to_pylist()
    assert sorted(kept + left) == list(range(1, len(texts) + 1))
    assert kept == sorted(kept)
    assert left == sorted(left)
    order = [(owner, start) for owner, start, *_ in points(corpus)]
    assert order == sorted(set(order))
    assert {text for text, _ in order} == set(range(len(kept)))
    for row in corpus.occurrences.to_pylist():
        text = corpus.texts["text"][row["text"]].as_py()
        assert text[row["start"] : row["end"]] == row["word"] != ""
