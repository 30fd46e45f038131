"""From two names to what differs: atlases, models, folders of checkpoints."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
from safetensors.numpy import load_file, save_file

from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError
from lexiscope.summary import print_difference
from lexiscope.workflow.comparing import Difference, diff

WORD = "embeddings.word_embeddings.weight"
POSITION = "embeddings.position_embeddings.weight"
SWAPPED = (2931, 2919, 2600, 2051, 2154)  # five words that are far apart


@pytest.fixture(scope="module")
def tuned(embedded: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model with its first 4,000 tokens alone, all turned and five of them swapped;
    its positions are turned."""
    folder = tmp_path_factory.mktemp("models") / "tuned"
    folder.mkdir()
    source = embedded.model_folder()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        if (source / name).exists():
            shutil.copy(source / name, folder / name)
    weights = load_file(source / "model.safetensors")
    square = np.random.default_rng(0).normal(size=(384, 384))
    turn = np.linalg.qr(square)[0].astype(np.float32)
    word = weights[WORD][:4000] @ turn
    word[list(SWAPPED)] = word[list(np.roll(SWAPPED, 1))]
    made = {name: values for name, values in weights.items() if name.startswith("embeddings.")}
    save_file(
        {**made, WORD: word, POSITION: weights[POSITION] @ turn}, folder / "model.safetensors"
    )
    return folder


@pytest.fixture(scope="module")
def found(tuned: Path) -> Difference:
    return diff("embedded", str(tuned))


def test_a_changed_copy_of_the_real_model(found: Difference, tuned: Path, embedded: Checkpoint):
    assert (found.a, found.b) == ("embedded", str(tuned))
    word, position = found.comparisons
    assert (word.space, position.space) == ("word", "position")
    assert word.shared == 4000
    assert word.lost["n"] == 26522
    assert len(word.lost["labels"]) == 2000
    assert word.gained == {"n": 0, "labels": []}
    assert word.moved == 5
    labels = embedded.points("word")["label"].to_pylist()
    assert {each["label"] for each in word.most_moved} == {labels[row] for row in SWAPPED}
    assert position.moved == 0
    assert not position.identical
    assert "rotated, and nothing else" in position.statements[1]
    assert "2 points" in found.left_out["token_type"]
    assert "bit for bit" in found.left_out["token_type"]


def test_it_is_json(found: Difference):
    plain = found.as_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [each["space"] for each in plain["comparisons"]] == ["word", "position"]
    assert list(plain["left_out"]) == ["token_type"]


def test_it_is_printed(found: Difference, capsys: pytest.CaptureFixture[str]):
    print_difference(found, False)
    said = capsys.readouterr().out
    assert "5 of 4,000 points moved" in said
    assert "lost 26,522: " in said
    assert "not compared" in said
    print_difference(found, True)
    assert json.loads(capsys.readouterr().out) == found.as_json()


def test_an_atlas_and_its_model(small_atlas: Path):
    stages = []
    found = diff(
        str(small_atlas),
        str(small_atlas.parent / "tiny-bert"),
        progress=lambda *told: stages.append(told),
    )
    assert [each.space for each in found.comparisons] == ["word", "position"]
    assert all(each.identical for each in found.comparisons)
    assert found.left_out["context"].endswith("tiny-bert has none")
    assert stages[-1] == ("comparing position", "%", 100, 100)


def test_two_layers_of_one_atlas(small_atlas: Path, capsys: pytest.CaptureFixture[str]):
    found = diff(str(small_atlas), space="context", layers=(0, -1), k=5)
    (made,) = found.comparisons
    assert (made.a["layer"], made.b["layer"]) == (0, 3)
    assert made.shared == 10
    assert 0 < (made.moved or 0) <= 10
    values = np.array(made.cka["values"], dtype=float)
    assert (np.diag(values) == 1).all()
    assert values == pytest.approx(values.T)
    print_difference(found, False)
    assert "1.00 █" in capsys.readouterr().out
    assert diff(str(small_atlas), layers=(1, 1)).comparisons[0].identical
    assert "without layers" in diff(str(small_atlas), layers=(0, 1)).left_out["word"]


def test_models_of_other_vocabularies(small_atlas: Path, tmp_path: Path):
    gpt = tiny_models.build("gpt2", tmp_path / "gpt")
    found = diff(str(gpt), str(small_atlas), space="word")
    (made,) = found.comparisons
    assert 10 < made.shared < made.a["points"]
    assert made.gained["n"] > 0 < made.lost["n"]
    assert made.shared + made.lost["n"] <= made.a["points"]


def test_what_cannot_be_compared_is_refused(small_atlas: Path, tmp_path: Path):
    model = str(small_atlas.parent / "tiny-bert")
    with pytest.raises(LexiscopeError, match="name a second"):
        diff(model)
    with pytest.raises(LexiscopeError, match="no space 'context' to compare; it has word"):
        diff(str(small_atlas), model, space="context")
    with pytest.raises(LexiscopeError, match=r"nothing to compare.*2 points"):
        diff(model, model, space="token_type")
    with pytest.raises(LexiscopeError, match=r"nothing to compare.*without layers"):
        diff(model, layers=(0, 1))
    with pytest.raises(LexiscopeError, match="layer 9"):
        diff(str(small_atlas), layers=(0, 9))
    with pytest.raises(LexiscopeError, match=r"gone\.atlas does not exist"):
        diff(str(tmp_path / "gone.atlas"), model)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k": 2.5}, "k 2.5"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**32}, "4,294,967,295"),
        ({"most": -1}, "most -1"),
    ],
)
def test_numbers_that_nothing_takes_are_refused_at_once(
    small_atlas: Path, options: dict[str, Any], said: str
):
    with pytest.raises(LexiscopeError, match=said):
        diff(small_atlas, small_atlas, **options)
