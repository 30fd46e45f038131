"""Every source is read into the same plain table, and what cannot be read is named."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lexiscope import readers
from lexiscope.errors import LexiscopeError

ROWS: list[dict[str, Any]] = [
    {"text": 'He said: "the bank"; and, left.\nThen 😀', "n": 1, "share": 0.5, "open": True},
    {"text": "é e\u0301 ß אב", "n": -2, "share": 1.5, "open": False},
    {"text": "third", "n": None, "share": None, "open": None},
]


def read(source: object) -> pa.Table:
    return readers.read(source, len).table


def columns() -> dict[str, list[object]]:
    return {name: [row[name] for row in ROWS] for name in ROWS[0]}


def write_csv(path: Path, rows: Sequence[Sequence[object]], **options: Any) -> Path:
    with path.open("w", encoding=options.pop("encoding", "utf-8"), newline="") as file:
        csv.writer(file, **options).writerows(rows)
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def header_and_rows() -> list[list[object]]:
    return [list(ROWS[0]), *(list(row.values()) for row in ROWS)]


def test_typed_sources_are_equal(tmp_path: Path) -> None:
    expected = pa.table(columns())
    arrow = tmp_path / "a.parquet"
    pq.write_table(expected, arrow)
    lines = tmp_path / "a.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n", encoding="utf-8")
    book = write_xlsx(tmp_path / "a.xlsx", {"one": header_and_rows()})
    frame = pd.DataFrame(columns()).convert_dtypes()
    sources = [
        *(expected, arrow, lines, book, str(book), frame, frame.set_index("text")),
        *(pl.DataFrame(columns()), datasets.Dataset.from_dict(columns())),
        expected.to_reader(),
    ]
    for source in sources:
        assert read(source).equals(expected)


def test_delimited_sources_are_equal(tmp_path: Path) -> None:
    expected = read(pa.table({k: [readers.as_text(v) for v in vs] for k, vs in columns().items()}))
    rows = header_and_rows()
    variants: dict[str, dict[str, Any]] = {
        "a.csv": {},
        "b.csv": {"delimiter": ";"},
        "c.CSV": {"delimiter": "\t", "quoting": csv.QUOTE_ALL},
        "d.csv": {"encoding": "utf-8-sig", "lineterminator": "\n"},
        "e.tsv": {"delimiter": "\t"},
        "f.tsv": {"delimiter": "\t", "encoding": "utf-16"},
    }
    for name, options in variants.items():
        sheet = readers.read(write_csv(tmp_path / name, rows, **options), len)
        assert sheet.table.equals(expected)
        assert not sheet.typed
        assert sheet.notes == ()


cells = st.text(max_size=12).filter(lambda t: "\0" not in t)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_csv_and_jsonl_give_back_any_text(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    expected = [{"x": x, "y": y} for x, y in rows]
    path = write_csv(tmp_path / "a.csv", [("x", "y"), *rows], quoting=csv.QUOTE_ALL)
    blanks_as_null = [{k: v or None for k, v in row.items()} for row in expected]
    assert read(path).to_pylist() == blanks_as_null
    lines = tmp_path / "a.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in expected), encoding="utf-8")
    assert read(lines).to_pylist() == expected


def test_plain_text_is_one_text_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone\r\n\r\n two\u2028\x0cand \nthree".encode())
    assert read(path).to_pydict() == {"text": ["one", "", " two\u2028\x0cand ", "three"]}


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [(b"text\ncaf\xe9 \x80", "café €", "cp1252"), (b"text\n\xe9\x81", "é\x81", "latin-1")],
)
def test_other_encodings_are_read_and_said(
    tmp_path: Path, data: bytes, text: str, encoding: str
) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes(data)
    sheet = readers.read(path, len)
    assert sheet.table["text"].to_pylist() == [text]
    assert sheet.notes == (f"old.csv is not UTF-8 (line 2) and was read as {encoding}.",)


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    moment = dt.datetime(2026, 5, 4, 12, 30)
    day = dt.datetime(2026, 5, 4)
    sheet.append([None])
    sheet.append(["text", "n", "x", "day", "moment", "time", "mixed", "odd", None, "formula"])
    sheet.append(["a_x000D_b", 7.0, 7, day, moment, dt.time(1, 2), 7.0, "#N/A", "extra", "=1+1"])
    sheet.append([])
    sheet.append([" ", 8, 7.5, day, None, None, day, "ok"])
    sheet["A9"].font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx").to_pydict() == {
        "text": ["a\rb", None, " "],
        "n": [7, None, 8],
        "x": [7.0, None, 7.5],
        "day": [dt.date(2026, 5, 4), None, dt.date(2026, 5, 4)],
        "moment": [moment, None, None],
        "time": [dt.time(1, 2), None, None],
        "mixed": ["7", None, "2026-05-04"],
        "odd": [None, None, "ok"],
        "column_9": ["extra", None, None],
        "formula": [None, None, None],
    }


def test_the_value_of_a_formula_is_the_one_stored(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "plain.xlsx", {"a": [["text"], ["=A9"]]})
    stored = tmp_path / "stored.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stored, "w") as new:
        for part in old.namelist():
            data = old.read(part).replace(b"<f>A9</f><v />", b"<f>A9</f><v>5</v>")
            new.writestr(part, data.replace(b"<f>A9</f><v></v>", b"<f>A9</f><v>5</v>"))
    assert read(stored)["text"].to_pylist() == [5]


def test_the_best_sheet_is_taken(tmp_path: Path) -> None:
    sheets = {"info": [["about"]], "none": [], "a": [["text"], ["x"]], "b": [["text"], ["y"]]}
    path = write_xlsx(tmp_path / "a.xlsx", sheets)
    sheet = readers.read(path, lambda names: int("text" in names))
    assert sheet.table.to_pydict() == {"text": ["x"]}
    assert sheet.listing == "sheet 'info': about; sheet 'none': empty; sheet 'a': text; " + (
        "sheet 'b': text"
    )
    assert sheet.notes == ("a.xlsx has 4 sheets, of which 'a' was read.",)


def test_every_arrow_type_becomes_plain() -> None:
    moment = dt.datetime(2026, 5, 4, 12, 30, tzinfo=dt.UTC)
    table = pa.table(
        {
            "dictionary": pa.array(["a", None, "a"]).dictionary_encode(),
            "view": pa.array(["a", None, "b"], pa.string_view()),
            "large": pa.array(["a", None, "b\0"], pa.large_string()),
            "null": pa.nulls(3),
            "small": pa.array([1, None, 2], pa.uint8()),
            "huge": pa.array([1, None, 2**64 - 1], pa.uint64()),
            "single": pa.array([0.5, None, 2], pa.float32()),
            "decimal": pa.array([decimal.Decimal("0.50"), None, None]),
            "moment": pa.array([moment, None, None], pa.timestamp("ns", "UTC")),
            "list": pa.array([[1, None], None, []]),
            "struct": pa.array([{"a": "é", "b": [moment]}, None, {}]),
            "bytes": pa.array([b"abc", None, b""]),
        }
    )
    plain = read(table)
    assert plain.to_pydict() == {
        "dictionary": ["a", None, "a"],
        "view": ["a", None, "b"],
        "large": ["a", None, "b\ufffd"],
        "null": [None] * 3,
        "small": [1, None, 2],
        "huge": ["1", None, str(2**64 - 1)],
        "single": [0.5, None, 2.0],
        "decimal": [0.5, None, None],
        "moment": [moment, None, None],
        "list": ["[1, null]", None, "[]"],
        "struct": [
            '{"a": "é", "b": ["2026-05-04 12:30:00+00:00"]}',
            None,
            '{"a": null, "b": null}',
        ],
        "bytes": ["<3 bytes>", None, "<0 bytes>"],
    }
    assert str(plain.schema.field("moment").type) == "timestamp[us, tz=UTC]"
    assert plain.schema.field("null").type == pa.string()


def test_frames_that_arrow_does_not_take_as_they_are() -> None:
    frame = pd.DataFrame([["a", 1, 7], [2.0, None, 8]], columns=["x", "x", 3])
    frame["bad"] = pd.Series(["\ud800", None], dtype=object)
    frame["list"] = [[1], {"a": 2}]
    frame.index = pd.Index([4, 9])
    assert read(frame).to_pydict() == {
        "x": ["a", "2"],
        "x_2": [1.0, None],
        "3": [7, 8],
        "bad": ["\ufffd", None],
        "list": ["[1]", '{"a": 2}'],
    }


def test_a_dataset_is_read_in_its_order_with_the_names_of_its_labels() -> None:
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["river", "money"])}
    )
    whole = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, -1]}, features)
    assert read(whole.select([2, 1])).to_pydict() == {"text": ["c", "b"], "label": [None, "money"]}


def test_json_lines_of_different_keys(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"a": 1, "": "\\ud83d\\ude00\\ud800\\u0000"}\n\n{"b": [1], "a": 1e3}\n')
    assert read(path).to_pydict() == {
        "a": [1.0, 1000.0],
        "column_2": ["😀\ufffd\ufffd", None],
        "b": [None, "[1]"],
    }


def test_quotes_that_do_not_pair_are_plain_in_a_tsv(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('text\tword\n"Bank," he said\tbank\n"open\tb\n')
    sheet = readers.read(path, len)
    assert sheet.table["text"].to_pylist() == ['"Bank," he said', '"open']
    assert sheet.notes == ("a.tsv: quotes do not pair up and were read as plain characters.",)


def test_a_field_may_be_long(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    path = write_csv(tmp_path / "a.csv", [["text"], ["a" * 1_000_000]])
    assert len(read(path)["text"][0].as_py()) == 1_000_000
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"a,b\n1,2\n1\n1,2,3\n1,2,,\n", r"header's 2: line 3 \(1\), line 4 \(3\)\. Put"),
        ("a.csv", b'a,b\n\n"1\n1",2\n1\n', r"header's 2: line 5 \(1\)\. Put"),
        ("a.csv", b'a,b\n1,2\n"x" y,2\n', "line 3 cannot be read"),
        ("a.csv", b'a,b\n1,"2\n1,2\n', "cannot be read"),
        ("a.csv", b"\xff\xfea", "broken UTF-16"),
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', "line 3 is not JSON"),
        ("a.jsonl", b'{"a": 1}\n[1]\n', "line 2 is not a JSON object"),
        ("a.jsonl", b"[" * 100_000, "line 1 is not JSON"),
        ("a.jsonl", b'{"a": "\xe9"}', "not UTF-8"),
        ("a.parquet", b"PAR1 nothing PAR1", "not a whole parquet file"),
        ("a.xlsx", b"no zip", "not an xlsx workbook"),
        ("a.xlsx", b"", "not an xlsx workbook"),
        ("a.xls", b"", r"ending that is not known; save it as one of \.xlsx"),
        ("a", b"", "ending that is not known"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(LexiscopeError, match=message) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_truncated_and_gutted_workbooks_are_refused(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", {"a": header_and_rows()})
    (tmp_path / "cut.xlsx").write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(LexiscopeError, match="not an xlsx workbook"):
        read(tmp_path / "cut.xlsx")
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
        for data in (None, b"<worksheet><sheetData><row>", b"\0"):
            path = tmp_path / "gutted.xlsx"
            with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
                for name in old.namelist():
                    if name != part:
                        new.writestr(name, old.read(name))
                    elif data is not None:
                        new.writestr(name, data)
            with pytest.raises(LexiscopeError, match=r"gutted\.xlsx"):
                read(path)
    with pytest.raises(LexiscopeError, match="is empty"):
        read(write_xlsx(tmp_path / "empty.xlsx", {"a": []}))


def test_a_workbook_that_unpacks_to_gigabytes_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"a": [["text"], ["b"]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros", bytes(70 * 2**20))
    monkeypatch.setattr(openpyxl, "load_workbook", None)
    with pytest.raises(LexiscopeError, match="times its size"):
        read(path)
    monkeypatch.setattr(readers, "RATIO_LIMIT", 10_000)
    monkeypatch.setattr(readers, "UNPACKED_LIMIT", 2**20)
    with pytest.raises(LexiscopeError, match="would unpack to 73,4"):
        read(path)


def test_sources_that_are_none(tmp_path: Path) -> None:
    dataset = datasets.Dataset.from_dict({"text": ["a"]})
    bad = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    for source, message in [
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "is a folder"),
        (7, "cannot be read from this int"),
        (pd.Series(["a"]), "cannot be read from this Series"),
        (dataset.to_iterable_dataset(), "no rows to number"),
        (datasets.DatasetDict({"train": dataset, "test": dataset}), r"splits \(train, test\)"),
        (pa.table({"text": bad}), r"from this Table \(.*UTF-?8"),
    ]:
        with pytest.raises(LexiscopeError, match=message):
            read(source)


def test_a_stray_cell_far_out_makes_no_million_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["text", "target"])
    sheet.append(["a bank", "bank"])
    for _ in range(20_000):
        sheet.append([])
    sheet.append([None] * 16_383 + ["stray"])
    book.save(tmp_path / "stray.xlsx")
    sheet_read = readers.read(tmp_path / "stray.xlsx", lambda _: 1)
    assert sheet_read.table.num_columns == 3
    assert sheet_read.table["text"].to_pylist()[0] == "a bank"
