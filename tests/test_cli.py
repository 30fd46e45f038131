"""The command line as a person meets it: processes, exit codes, one line on errors."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

import lexiscope as lx
from lexiscope.atlas.building import heard
from lexiscope.cli import cli

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = (
    "demo",
    "build",
    "import",
    "view",
    "near",
    "project",
    "info",
    "export",
    "tensorboard",
    "completion",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build("bert", tmp_path_factory.mktemp("models") / "tiny-bert")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of the embedded model's tables, without pictures."""
    path = tmp_path_factory.mktemp("atlases") / "words.atlas"
    lx.build("embedded", output=path, maps=())
    return path


@pytest.fixture(scope="module")
def small(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model's atlas with a few words in context."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "t.csv").write_text("text,target\na bank of sand,bank\nthe bank lends,bank\n,x\n")
    lx.build(str(tiny), folder / "t.csv", folder / "small.atlas")
    return folder / "small.atlas"


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Assert exit code 1 and exactly one line on standard error; return it."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("lexiscope: ")
    return lines[0]


def test_near_prints_what_it_promises(run: Run, words: Path):
    done = run("near", words, "word", "india", "-k", "5", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert list(answer) == ["space", "query", "metric", "neighbors"]
    assert (answer["space"], answer["query"], answer["metric"]) == ("word", "india", "cosine")
    assert [round(each["similarity"], 2) for each in answer["neighbors"]] == [
        0.74, 0.55, 0.47, 0.47, 0.47,
    ]  # fmt: skip
    first = answer["neighbors"][0]
    assert first == {"point": 2796, "label": "indian", "similarity": first["similarity"]}
    assert "india" not in [each["label"] for each in answer["neighbors"]]


def test_near_in_words(run: Run, words: Path):
    done = run("near", words, "word", "india", "king - man + woman", "-k", "1")
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == [
        "word, near india (cosine)",
        "point label similarity",
        "2796 indian 0.743",
        "word, near king - man + woman (cosine)",
        "point label similarity",
        "3035 queen 0.502",
    ]


def test_near_a_label_of_many_points_says_so(small_atlas: Path):
    points = lx.Atlas.open(small_atlas)["context"].points
    labels = points["label"].to_pylist()
    often = next(label for label in labels if labels.count(label) > 1)
    rows = [at for at, label in enumerate(labels) if label == often]
    asked = ["near", str(small_atlas), "context", often, "-k", "1"]
    printed = CliRunner().invoke(cli, asked).output
    assert f"{often} is the mean of {len(rows)} points; '#{rows[0]}' is one of them" in printed
    assert json.loads(CliRunner().invoke(cli, [*asked, "--json"]).output)["averaged"] == {
        often: rows
    }
    one = CliRunner().invoke(cli, [*asked[:3], f"#{rows[0]}", "-k", "1"]).output
    assert "mean of" not in one


@pytest.mark.parametrize(("space", "query"), [("position", "127"), ("token_type", "#0")])
def test_near_in_the_small_tables(run: Run, words: Path, space: str, query: str):
    done = run("near", words, space, query, "-k", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["neighbors"]) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str):
    done = CliRunner().invoke(cli, [command, "--help"])
    assert done.exit_code == 0
    example = done.output.split("Example:")[1]
    assert f"lexiscope {command}" in example
    if command != "completion":
        assert "--json" in done.output


def test_usage_errors_are_2(run: Run):
    assert run("near").returncode == 2
    assert run("nosuch").returncode == 2
    assert run("near", "a", "b", "c", "-k", "0").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str):
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert "_LEXISCOPE_COMPLETE" in done.output


def test_bash_completes_commands(run: Run, tmp_path: Path):
    (tmp_path / "lexiscope").write_text(f'#!/bin/sh\nexec {sys.executable} -m lexiscope "$@"\n')
    (tmp_path / "lexiscope").chmod(0o755)
    script = run("completion", "bash").stdout
    probe = (
        f"{script}\nPATH={tmp_path}:$PATH COMP_WORDS=(lexiscope ne) COMP_CWORD=1\n"
        "_lexiscope_completion lexiscope\necho ${COMPREPLY[@]}\n"
    )
    done = subprocess.run(["bash", "-c", probe], capture_output=True, text=True, check=False)
    assert "near" in done.stdout.split()


def test_unknown_names_are_refused_with_help(run: Run, words: Path, tmp_path: Path):
    assert "nearest spellings are india" in refused(run("near", words, "word", "indja"))
    assert "word, position, token_type" in refused(run("near", words, "context", "x"))
    assert "lexiscope build" in refused(run("near", tmp_path, "word", "x"))
    assert "without layers" in refused(run("near", words, "word", "x", "--layer", "3"))
    assert "it takes components" in refused(
        run("project", words, "position", "pca", "--perplexity", "3")
    )
    for perplexity in ("nan", "inf", "0"):
        assert "perplexity" in refused(
            run("project", words, "position", "tsne", "--perplexity", perplexity)
        )
    assert "ascending numbers" in refused(run("project", words, "word", "pca", "--components", "a"))


def test_bad_models_are_refused(run: Run, tiny: Path, tmp_path: Path):
    out = tmp_path / "x.atlas"
    message = refused(run("build", "no/such-model", "-o", out, env=offline(tmp_path)))
    assert "embedded" in message
    (tmp_path / "empty").mkdir()
    refused(run("build", tmp_path / "empty", "-o", out))

    broken = tmp_path / "broken"
    shutil.copytree(tiny, broken)
    data = (broken / "model.safetensors").read_bytes()
    (broken / "model.safetensors").write_bytes(data[: len(data) // 2])
    refused(run("build", broken, "-o", out))

    poisoned = tmp_path / "poisoned"
    shutil.copytree(tiny, poisoned)
    tensors = load_file(poisoned / "model.safetensors")
    name = next(name for name in tensors if name.endswith("word_embeddings.weight"))
    tensors[name][7, 0] = np.nan
    save_file(tensors, poisoned / "model.safetensors")
    assert "row 7" in refused(run("build", poisoned, "-o", out, "--maps", "none"))
    assert not out.exists() or lx.Atlas.open(out).spaces == ()


def offline(folder: Path) -> dict[str, str]:
    import os

    return {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache")}


def test_bad_texts_are_refused(run: Run, tiny: Path, tmp_path: Path):
    out = tmp_path / "x.atlas"
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("foo,bar\n1,2\n")
    message = refused(run("build", tiny, sheet, "-o", out))
    assert "foo" in message
    assert "bar" in message
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    assert "broken.xlsx" in refused(run("build", tiny, tmp_path / "broken.xlsx", "-o", out))
    with (
        zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb,
        bomb.open("xl/worksheets/sheet1.xml", "w") as inside,
    ):
        for _ in range(300):
            inside.write(bytes(4 << 20))
    assert "bomb.xlsx" in refused(run("build", tiny, tmp_path / "bomb.xlsx", "-o", out))
    assert "none.csv" in refused(run("build", tiny, tmp_path / "none.csv", "-o", out))
    assert not out.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/sys is Linux's")
def test_a_folder_that_cannot_be_written_is_refused(run: Run, tiny: Path):
    assert "cannot be written" in refused(run("build", tiny, "-o", "/sys/x.atlas"))


def test_interrupted_is_130(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "lexiscope", "build", "embedded", "-o", tmp_path / "a"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # In the midst of its longest work, of which some is kept already.
    while not ((said := heard(tmp_path / "a")) and said["stage"].startswith("mapping")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130, (out, err)
    assert err.strip().splitlines()[-1] == "interrupted; run it again to go on"
    lx.Atlas.open(tmp_path / "a")  # and it is still an atlas


def test_info_of_models_and_atlases(run: Run, small: Path, tiny: Path):
    model = json.loads(run("info", tiny, "--json").stdout)
    assert model["family"] == "BERT"
    assert model["tables"]["word"]["tensor"].endswith("word_embeddings.weight")
    atlas = json.loads(run("info", small, "--json").stdout)
    assert [row["space"] for row in atlas["spaces"]] == [
        "word", "position", "token_type", "context",
    ]  # fmt: skip
    assert atlas["skipped"]["context"] == [
        {"row": 3, "reason": "empty text", "text": None, "target": "x"}
    ]
    shown = run("info", small).stdout
    assert "1 row skipped" in shown
    assert "row 3: " in shown


def test_project_adds_and_prints_quality(run: Run, small: Path):
    done = run("project", small, "word", "umap", "--dims", "3", "--json")
    about = json.loads(done.stdout)
    assert about["projection"] == "umap-3d"
    assert 0 <= about["neighbors_kept"] <= 1
    assert "umap-3d" in lx.Atlas.open(small).projections("word")
    axes = run("project", small, "word", "axes", "--axis", "#5 -> #6", "--axis", "#7 -> #8")
    assert "axes-2d-" in axes.stdout


def test_near_in_context_shows_texts(run: Run, small: Path):
    answer = json.loads(run("near", small, "context", "#0", "--json").stdout)
    assert answer["layer"] == lx.Atlas.open(small)["context"].layers[-1]
    assert [each["text"] for each in answer["neighbors"]] == ["the bank lends"]


def test_export_says_where_and_twice_replaces(run: Run, small: Path, tmp_path: Path):
    first = run("export", small, "tensorboard", tmp_path / "logs")
    assert "tensorboard --logdir" in first.stdout
    assert "is an atlas" in refused(run("export", small, "tensorboard", small))
    names = sorted(path.name for path in (tmp_path / "logs").rglob("*"))
    assert run("export", small, "tensorboard", tmp_path / "logs").returncode == 0
    assert sorted(path.name for path in (tmp_path / "logs").rglob("*")) == names
    assert "context_layer_02" in (tmp_path / "logs" / "projector_config.pbtxt").read_text()


@pytest.mark.server
def test_tensorboard_serves_the_atlas(small: Path, tmp_path: Path):
    process = subprocess.Popen(
        [
            sys.executable, "-m", "lexiscope", "tensorboard", str(small), "--json",
            "--logdir", str(tmp_path / "logs"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            text += line
        url = json.loads(text)["url"].partition("#")[0]
        base = f"{url}data/plugin/projector"
        with urllib.request.urlopen(f"{base}/info?run=.", timeout=120) as answer:
            tensors = {each["tensorName"] for each in json.load(answer)["embeddings"]}
        layers = {f"context_layer_{layer:02d}" for layer in lx.Atlas.open(small)["context"].layers}
        assert len(layers) > 2
        assert tensors == {"word", "position", "token_type"} | layers
        with urllib.request.urlopen(
            f"{base}/tensor?run=.&name=context_layer_01", timeout=120
        ) as answer:
            served = np.frombuffer(answer.read(), dtype="<f4")
        expected = lx.Atlas.open(small)["context"].layer(1).vectors
        assert (served.reshape(expected.shape) == expected).all()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode in (0, 130)


@pytest.mark.slow
def test_demo_on_real_weights(run: Run, tmp_path: Path):
    path = tmp_path / "demo.atlas"
    done = run("demo", "--no-view", "-o", path)
    assert done.returncode == 0, done.stderr
    for expected in (
        "indian 0.74",
        "myspace 0.50",
        "seven 0.70",
        "[unused498] 0.85",
        "breaks at 126/127 and 127/128",
        "The senses of 'bank'",
    ):
        assert expected in done.stdout
    atlas = lx.Atlas.open(path)
    about = atlas.projections("word")
    assert next(iter(about)) == "tsne-2d"
    assert about["tsne-2d"]["quality"]["kept"] > 0.3
    assert about["tsne-2d"]["quality"]["trustworthiness"] > 0.94
    assert about["pca-2d"]["quality"]["kept"] == pytest.approx(0.004, abs=0.001)
    assert about["pca-2d"]["quality"]["trustworthiness"] == pytest.approx(0.68, abs=0.01)
    context = atlas["context"]
    assert context.layers == tuple(range(7))
    assert len(context) >= 443
    for layer in context.layers:
        assert set(atlas.projections("context", layer)) == {"pca-2d", "tsne-2d"}
    assert atlas.skipped().num_rows == 0
