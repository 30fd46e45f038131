from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import COMMIT, HubServer, serve
from safetensors.torch import save_file
from tiny_models import build

from lexiscope import hub
from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError
from lexiscope.hub import HubModel

ROWS, DIM = 8000, 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("bert", tmp_path_factory.mktemp("hub") / "bert")


@pytest.fixture
def server(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr(hub, "PAUSE", 0.001)
    with serve(tiny__bert=folder) as server:
        server.use(monkeypatch, tmp_path / "cache")
        yield server


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT over three shards with tables of several megabytes and far more besides."""
    folder = tmp_path_factory.mktemp("hub") / "sharded"
    folder.mkdir()
    random = torch.Generator().manual_seed(1)

    def matrix(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns, generator=random)

    shards = {
        "model-00001-of-00003.safetensors": {
            "bert.embeddings.word_embeddings.weight": matrix(ROWS, DIM),
            "bert.encoder.layer.0.attention.self.query.weight": matrix(1000, 1000),
        },
        "model-00002-of-00003.safetensors": {
            f"bert.encoder.layer.{n}.output.dense.weight": matrix(500, 500) for n in range(1, 9)
        },
        "model-00003-of-00003.safetensors": {
            "bert.embeddings.position_embeddings.weight": matrix(512, DIM),
            "bert.embeddings.token_type_embeddings.weight": matrix(2, DIM),
            "cls.predictions.decoder.weight": matrix(2000, 512),
        },
    }
    for name, tensors in shards.items():
        save_file(tensors, folder / name)
    names = {tensor: name for name, tensors in shards.items() for tensor in tensors}
    index = {"metadata": {"total_size": 1}, "weight_map": names}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    config = {"model_type": "bert", "vocab_size": ROWS, "hidden_size": DIM}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_only_the_tables_travel(
    sharded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(tiny__sharded=sharded) as server:
        server.use(monkeypatch, tmp_path / "cache")
        remote = Checkpoint.open("tiny/sharded")
        tables = {kind: remote.table(kind) for kind in remote.tables}
        local = Checkpoint.open(sharded)
        for kind, table in tables.items():
            np.testing.assert_array_equal(table, local.table(kind))
        size = sum(table.nbytes for table in tables.values())
        assert size == (ROWS + 512 + 2) * DIM * 4
        weights = sum(file.stat().st_size for file in sharded.glob("*.safetensors"))
        assert weights > 4 * size
        # Every byte of every body: the API's answer, configuration, index, headers, tables.
        assert size < sum(server.sent.values()) <= 1.02 * size
        assert server.sent["tiny/sharded/model-00002-of-00003.safetensors"] == 0


@pytest.mark.usefixtures("server")
def test_the_remote_and_the_local_checkpoint_agree(folder: Path) -> None:
    remote, local = Checkpoint.open("tiny/bert"), Checkpoint.open(folder)
    assert remote.name == f"tiny/bert@{COMMIT[:7]}"
    assert remote.fingerprint == remote.weights_hash() == COMMIT
    assert remote.tables == local.tables
    assert remote.points("word").equals(local.points("word"))
    assert remote.notes == local.notes == ()
    assert len(local.fingerprint) == len(local.weights_hash()) == 64


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("revision", ["main", "v1", COMMIT])
def test_revisions(revision: str) -> None:
    assert Checkpoint.open(f"tiny/bert@{revision}").fingerprint == COMMIT


@pytest.mark.usefixtures("server")
def test_a_shortened_commit_that_is_cached() -> None:
    shown = Checkpoint.open("tiny/bert").name
    assert Checkpoint.open(shown).fingerprint == COMMIT


def test_a_broken_transfer_goes_on_where_it_stopped(server: HubServer, folder: Path) -> None:
    checkpoint = Checkpoint.open("tiny/bert")
    before = server.sent["tiny/bert/model.safetensors"]
    server.break_after = [1000, 5000, 1]
    table = checkpoint.table("word")
    np.testing.assert_array_equal(table, Checkpoint.open(folder).table("word"))
    assert server.break_after == []
    assert server.sent["tiny/bert/model.safetensors"] - before == table.nbytes


def test_a_transfer_that_never_succeeds(server: HubServer) -> None:
    checkpoint = Checkpoint.open("tiny/bert")
    server.answer = 503
    with pytest.raises(LexiscopeError, match=r"tiny/bert/model\.safetensors .*answered 503"):
        checkpoint.table("word")


def test_a_server_without_ranges(server: HubServer) -> None:
    server.ranges = False
    with pytest.raises(LexiscopeError, match=r"range requests.*hf download tiny/bert"):
        Checkpoint.open("tiny/bert")


@pytest.mark.usefixtures("server")
def test_reading_past_the_end(folder: Path) -> None:
    source = HubModel.resolve("tiny/bert").source("model.safetensors")
    whole = (folder / "model.safetensors").read_bytes()
    assert source.size == len(whole)
    assert source.read(len(whole) - 4, 100).tobytes() == whole[-4:]
    assert source.read(len(whole) + 10, 5).tobytes() == b""
    assert source.read(3, 0).tobytes() == b""


def test_weights_that_are_cached_are_read_there(server: HubServer) -> None:
    checkpoint = Checkpoint.open("tiny/bert")
    local = checkpoint.model_folder()
    names = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert {path.name for path in local.iterdir()} == names
    before = server.sent["tiny/bert/model.safetensors"]
    again = Checkpoint.open("tiny/bert")
    again.table("word")
    assert server.sent["tiny/bert/model.safetensors"] == before


def test_what_is_cached_opens_without_the_hub(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Checkpoint.open("tiny/bert").model_folder()
    server.answer = 500
    with_hub_down = Checkpoint.open("tiny/bert")
    assert with_hub_down.fingerprint == COMMIT
    assert "local cache" in with_hub_down.notes[0]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    asked = len(server.requests)
    offline = Checkpoint.open("tiny/bert")
    assert offline.table("word").shape == with_hub_down.table("word").shape
    assert offline.model_folder().is_dir()
    assert len(server.requests) == asked


@pytest.mark.usefixtures("server")
def test_offline_and_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    Checkpoint.open("tiny/bert")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    expected = r"HF_HUB_OFFLINE is set\. Cached here: tiny/bert; `embedded` works"
    with pytest.raises(LexiscopeError, match=expected):
        Checkpoint.open("tiny/other")


def test_no_network(server: HubServer) -> None:
    server.stop()
    with pytest.raises(LexiscopeError, match=r"cannot be reached.*`embedded` works") as refusal:
        Checkpoint.open("tiny/bert")
    assert "No model is cached here" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("server")
def test_an_unknown_model() -> None:
    Checkpoint.open("tiny/bert")
    with pytest.raises(LexiscopeError, match=r"no such model.*Cached here: tiny/bert"):
        Checkpoint.open("tiny/brt")


@pytest.mark.usefixtures("server")
def test_an_unknown_revision() -> None:
    with pytest.raises(LexiscopeError, match=r"tiny/bert has no revision 'v9'"):
        Checkpoint.open("tiny/bert@v9")


@pytest.mark.parametrize("name", ["", "a/b/c", "../up", "white space", "x@y z/", "a" * 97, "ü b"])
def test_names_the_hub_does_not_allow(server: HubServer, name: str) -> None:
    with pytest.raises(LexiscopeError):
        Checkpoint.open(name)
    assert server.requests == [] or name == "x@y z/"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("name", ["a--b", "a..b", "x.git"])
def test_names_that_only_the_hubs_own_client_refuses(name: str) -> None:
    with pytest.raises(LexiscopeError, match=r"nor|neither"):
        Checkpoint.open(name)


def test_a_gated_model(server: HubServer) -> None:
    server.gated = {"tiny/bert"}
    with pytest.raises(LexiscopeError, match="hf auth login"):
        Checkpoint.open("tiny/bert")


def test_the_token_goes_to_the_hub_and_not_to_its_storage(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server.gated = {"tiny/bert"}
    Checkpoint.open("tiny/bert").table("word")
    authorised = {
        path.split("/")[1]: "authorization" in {key.lower() for key in headers}
        for _, path, headers in server.requests
    }
    assert authorised == {"api": True, "tiny": True, "storage": False}


def test_a_model_without_configuration_and_one_without_weights(
    server: HubServer, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "half" / "tf_model.h5").write_text("")
    server.models |= {"tiny/empty": tmp_path / "empty", "tiny/half": tmp_path / "half"}
    with pytest.raises(LexiscopeError, match=r"no config\.json"):
        Checkpoint.open("tiny/empty")
    with pytest.raises(LexiscopeError, match=r"no weights.*tf_model\.h5"):
        Checkpoint.open("tiny/half")


def test_a_bin_checkpoint_on_the_hub(server: HubServer, folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    pickled = tmp_path / "pickled"
    pickled.mkdir()
    torch.save(load_file(folder / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "config.json").write_text((folder / "config.json").read_text())
    server.models["tiny/pickled"] = pickled
    table = Checkpoint.open("tiny/pickled").table("word")
    np.testing.assert_array_equal(table, Checkpoint.open(folder).table("word"))


def test_a_new_process_by_environment(server: HubServer, tmp_path: Path) -> None:
    program = (
        "import sys, lexiscope.checkpoint as c;"
        "print(c.Checkpoint.open('tiny/bert').table('word').shape);"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    environment = {**os.environ, **server.environment(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "(239, 32)\n"
