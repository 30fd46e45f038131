from __future__ import annotations

import contextlib
import json
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from lexiscope.errors import LexiscopeError
from lexiscope.tensors import LocalFile, PickledFile, SafetensorsFile, ShardedWeights


def written(path: Path, header: object, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def opened(path: Path) -> SafetensorsFile:
    return SafetensorsFile(LocalFile(path))


FLOATS = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e5m2,
    torch.float8_e4m3fn,
]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_every_float_type_reads_as_torch_widens_it(tmp_path: Path, dtype: torch.dtype) -> None:
    values = torch.randn(7, 5, generator=torch.Generator().manual_seed(0)) * 3
    values[0, :3] = torch.tensor([0.0, -0.0, 2.0**-9])
    expected = values.to(dtype).to(torch.float32).numpy()
    save_file({"a": torch.zeros(3), "table": values.to(dtype)}, tmp_path / "m.safetensors")
    file = opened(tmp_path / "m.safetensors")
    read = file.read("table")
    assert read.dtype == np.float32
    assert read.flags.c_contiguous
    assert read.flags.owndata or read.base is not None
    np.testing.assert_array_equal(read, expected)
    assert file.entry("table").shape == (7, 5)
    assert file.entry("table").dtype == str(dtype).removeprefix("torch.")


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2], ids=str)
def test_all_256_codes_of_float8(tmp_path: Path, dtype: torch.dtype) -> None:
    codes = torch.arange(256, dtype=torch.uint8).view(dtype).reshape(16, 16)
    save_file({"t": codes}, tmp_path / "m.safetensors")
    read = opened(tmp_path / "m.safetensors").read("t")
    np.testing.assert_array_equal(read, codes.to(torch.float32).numpy())


def test_bfloat16_by_hand(tmp_path: Path) -> None:
    header = {"t": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [0, 6]}}
    # 1.0 is 0x3f800000, -2.5 is 0xc0200000, 0.15625 is 0x3e200000 in float32.
    path = written(tmp_path / "m", header, struct.pack("<3H", 0x3F80, 0xC020, 0x3E20))
    assert opened(path).read("t").tolist() == [[1.0, -2.5, 0.15625]]


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.bool], ids=str)
def test_other_numbers_are_refused(tmp_path: Path, dtype: torch.dtype) -> None:
    save_file({"t": torch.ones(2, 2).to(dtype)}, tmp_path / "m.safetensors")
    with pytest.raises(LexiscopeError, match=r"tensor t of .* quantised"):
        opened(tmp_path / "m.safetensors").read("t")


def test_a_scaled_tensor_is_refused(tmp_path: Path) -> None:
    both = {"t": torch.ones(2, 2).to(torch.float8_e4m3fn), "t_scale_inv": torch.ones(1)}
    save_file(both, tmp_path / "m.safetensors")
    with pytest.raises(LexiscopeError, match="with a scale"):
        opened(tmp_path / "m.safetensors").read("t")


def test_the_copy_does_not_hang_on_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"t": torch.ones(2, 2)}, path)
    read = opened(path).read("t")
    path.write_bytes(b"")
    assert read.tolist() == [[1, 1], [1, 1]]


def span(start: object, stop: object, shape: object = None, dtype: object = "F32") -> object:
    return {"dtype": dtype, "shape": [1] if shape is None else shape, "data_offsets": [start, stop]}


CORRUPT = {
    "truncated": ({"a": span(0, 8, [2])}, b"1234", "truncated: its header describes"),
    "beyond the end": ({"a": span(4, 8), "b": span(0, 4)}, b"1234", "truncated"),
    "too long": ({"a": span(0, 4)}, b"12345678", "last 4 bytes belong to no tensor"),
    "overlap": ({"a": span(0, 4), "b": span(2, 6)}, b"123456", "tensor b overlaps"),
    "hole": ({"a": span(0, 4), "b": span(8, 12)}, b"x" * 12, "4 bytes before tensor b"),
    "backwards": ({"a": span(4, 0)}, b"1234", "where tensor a lies"),
    "negative": ({"a": span(-4, 0)}, b"1234", "where tensor a lies"),
    "negative shape": ({"a": span(0, 4, [-1, -1])}, b"1234", "where tensor a lies"),
    "size is not the shape's": ({"a": span(0, 4, [3])}, b"1234", "cannot take 4 bytes"),
    "fractions": ({"a": span(0.0, 4.0)}, b"1234", "where tensor a lies"),
    "booleans": ({"a": span(False, 4)}, b"1234", "where tensor a lies"),
    "no offsets": ({"a": {"dtype": "F32", "shape": [1]}}, b"1234", "where tensor a lies"),
    "no object": ({"a": 5}, b"1234", "where tensor a lies"),
    "a list": ([1, 2], b"", "not a JSON object"),
    "garbage": (b"{nonsense", b"", "not JSON"),
    "no text": (b"\xff\xfe\xfa", b"", "not JSON"),
    "depth": (b'{"a":' + b"[" * 100_000, b"", "not JSON"),
}


@pytest.mark.parametrize(("header", "data", "problem"), CORRUPT.values(), ids=CORRUPT.keys())
def test_a_corrupt_header_is_refused(
    tmp_path: Path, header: object, data: bytes, problem: str
) -> None:
    path = written(tmp_path / "model.safetensors", header, data)
    with pytest.raises(LexiscopeError, match=problem) as refusal:
        opened(path)
    assert "model.safetensors" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("length", [1000, 2**40, 2**63])
def test_a_header_that_lies_about_its_length(tmp_path: Path, length: int) -> None:
    path = written(tmp_path / "m", {}, b"", length)
    with pytest.raises(LexiscopeError, match=r"truncated|does not begin with"):
        opened(path)


@pytest.mark.parametrize("size", [0, 1, 7])
def test_hardly_a_file(tmp_path: Path, size: int) -> None:
    (tmp_path / "m").write_bytes(b"\0" * size)
    with pytest.raises(LexiscopeError, match=f"it has {size} bytes"):
        opened(tmp_path / "m")


@pytest.mark.parametrize("cut", [5, 60, 200, 300])
def test_every_truncation_of_a_real_file_is_refused(tmp_path: Path, cut: int) -> None:
    save_file({"a": torch.ones(4, 8), "b": torch.ones(4, 8)}, tmp_path / "m")
    (tmp_path / "m").write_bytes((tmp_path / "m").read_bytes()[:cut])
    with pytest.raises(LexiscopeError, match=r"truncated|fewer"):
        opened(tmp_path / "m")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "m"
    path.write_bytes(data)
    for file in (path, written(path.with_name("n"), data)):
        with contextlib.suppress(LexiscopeError):
            opened(file)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(LexiscopeError, match="No such file"):
        LocalFile(tmp_path / "none")


class Fires:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {os.environ['FIRED']}",)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_pickle_that_would_run_code_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bool
) -> None:
    fired = tmp_path / "fired"
    monkeypatch.setenv("FIRED", str(fired))
    path = tmp_path / "pytorch_model.bin"
    torch.save({"t": torch.ones(2, 2), "x": Fires()}, path, _use_new_zipfile_serialization=new)
    with pytest.raises(LexiscopeError, match=r"would run code .* --trust-remote-code") as refusal:
        PickledFile(path)
    assert not fired.exists()
    assert "\n" not in str(refusal.value)
    # The person who trusts it gets the tensors, and the code runs.
    assert PickledFile(path, trust_remote_code=True).read("t").tolist() == [[1, 1], [1, 1]]
    assert fired.exists()


def test_a_bare_pickle_does_not_run_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRED", str(tmp_path / "fired"))
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"t": Fires()}))
    with pytest.raises(LexiscopeError, match="would run code"):
        PickledFile(tmp_path / "pytorch_model.bin")
    assert not (tmp_path / "fired").exists()


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_bin_file_reads_as_float32(tmp_path: Path, new: bool) -> None:
    table = torch.randn(5, 4).to(torch.bfloat16)
    state = {"t": table, "n": torch.ones(2, dtype=torch.int64)}
    torch.save(state, tmp_path / "m.bin", _use_new_zipfile_serialization=new)
    file = PickledFile(tmp_path / "m.bin")
    assert set(file.names) == {"t", "n"}
    assert file.entry("t").dtype == "bfloat16"
    np.testing.assert_array_equal(file.read("t"), table.float().numpy())
    with pytest.raises(LexiscopeError, match="int64"):
        file.read("n")


@pytest.mark.parametrize("content", [b"", b"hello world this is no pickle", b"PK\x03\x04half"])
def test_a_bin_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.bin").write_bytes(content)
    with pytest.raises(LexiscopeError, match=r"m\.bin .*truncated or corrupted"):
        PickledFile(tmp_path / "m.bin")


def test_a_truncated_bin_file(tmp_path: Path) -> None:
    torch.save({"t": torch.ones(50, 50)}, tmp_path / "m.bin")
    whole = (tmp_path / "m.bin").read_bytes()
    (tmp_path / "m.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LexiscopeError, match="truncated or corrupted"):
        PickledFile(tmp_path / "m.bin")


def test_a_bin_file_without_tensors(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "m.bin")
    with pytest.raises(LexiscopeError, match="no tensors by name"):
        PickledFile(tmp_path / "m.bin")


def test_only_the_shard_that_is_asked_for_is_opened(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2, 2)}, tmp_path / "1.safetensors")
    save_file({"b": torch.ones(3, 3)}, tmp_path / "2.safetensors")
    index = tmp_path / "index.json"
    shards = {"a": "1.safetensors", "b": "2.safetensors", "c": "2.safetensors"}
    index.write_text(json.dumps({"weight_map": shards}))
    asked: list[str] = []

    def open_file(name: str) -> SafetensorsFile:
        asked.append(name)
        return opened(tmp_path / name)

    weights = ShardedWeights(index, open_file)
    assert set(weights.names) == {"a", "b", "c"}
    assert weights.entry("b").shape == (3, 3)
    assert weights.read("b").shape == (3, 3)
    assert asked == ["2.safetensors"]
    assert weights.files == ("index.json", "1.safetensors", "2.safetensors")
    with pytest.raises(LexiscopeError, match=r"2\.safetensors holds tensor c, but it does not"):
        weights.read("c")


@pytest.mark.parametrize("shard", ["../x", "/etc/passwd", "a/b", "..", "", "c:x", "a\\b", "a\0b"])
def test_a_shard_outside_the_folder_is_refused(tmp_path: Path, shard: str) -> None:
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"weight_map": {"a": shard}}))
    with pytest.raises(LexiscopeError, match="lies outside"):
        ShardedWeights(index, lambda name: opened(tmp_path / name))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 5}', "{" * 50])
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(LexiscopeError, match="no index"):
        ShardedWeights(tmp_path / "index.json", lambda name: opened(tmp_path / name))
