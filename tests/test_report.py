"""The report: what is measured of an atlas, kept in it, printed, written and served."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import Run
from server_atlas import client

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.export.template import PLACE
from lexiscope.findings import KINDS, Finding, plain


@pytest.fixture
def small(small_atlas: Path, tmp_path: Path) -> Path:
    """A copy of the tiny atlas, to be measured."""
    return Path(shutil.copytree(small_atlas, tmp_path / "small.atlas"))


@pytest.fixture(scope="module")
def figures(reported: Path) -> dict[str, Any]:
    """The findings of the embedded model, by name; groups and senses by what they are about."""
    found: dict[str, Any] = {}
    for each in lx.Atlas.open(reported).findings:
        about = each.figures.get("group") or each.figures.get("word") or each.space
        found[f"{each.name} {about}"] = each
    return found


# ---- the embedded model ----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("group", "members", "share", "lift"),
    [
        ("numbers", (900, 1100), (0.90, 0.99), 20),
        ("unused", (990, 1000), (0.60, 0.85), 15),
        ("countries", (130, 168), (0.50, 0.75), 80),
        ("web companies", (8, 40), (0.12, 0.40), 100),
        ("months", (12, 12), (0.70, 1.0), 1000),
    ],
)
def test_groups_of_the_real_model_gather(
    figures: dict[str, Any],
    group: str,
    members: tuple[int, int],
    share: tuple[float, float],
    lift: float,
):
    about = figures[f"group {group}"].figures
    assert members[0] <= about["n"] <= members[1]
    assert share[0] <= about["low"] <= about["share"] <= about["high"] <= 1
    assert about["share"] <= share[1]
    assert about["lift"] > lift
    assert about["p_corrected"] < 0.01
    assert about["gathers"]


@pytest.mark.slow
def test_the_real_position_table_breaks_at_127(figures: dict[str, Any]):
    found = figures["positions position"]
    inner = [each for each in found.figures["breaks"] if 0 < each["first"] < 500]
    assert [(each["first"], each["last"]) for each in inner] == [(126, 128)]
    assert set(found.points) == {126, 127, 128}
    assert "127" in found.statement


@pytest.mark.slow
def test_the_senses_of_the_example_words_come_apart_above_the_embedding_layer(
    figures: dict[str, Any],
):
    bank = figures["senses bank"].figures
    assert bank["layers"] == [0, 1, 2, 3, 4, 5, 6]
    best = bank["layers"].index(bank["best_layer"])
    assert bank["neighbor_accuracy"][best] > 0.7
    # The layer below all attention holds little of a sense.
    assert bank["neighbor_accuracy"][0] < 0.6
    assert bank["p"] < 0.05
    overall = figures["senses_overall context"].figures
    assert overall["words"] == 14
    best = overall["layers"].index(overall["best_layer"])
    assert overall["low"][best] > 0.6 > overall["neighbor_accuracy"][0]


@pytest.mark.slow
def test_everything_is_measured_and_says_what_it_rests_on(reported: Path):
    found = lx.Atlas.open(reported).findings
    assert {each.name for each in found} == {
        *("group", "norm_by_rank", "hubness", "geometry", "clusters", "positions", "token_types"),
        *("senses", "senses_overall", "contextuality"),
    }
    for each in found:
        assert each.statement.endswith(".")
        assert each.figures["n"] > 0
        assert len(set(each.points)) == len(each.points)
        # What is kept is what JSON can say, without NaN.
        assert json.loads(json.dumps(each.as_json(), allow_nan=False)) == each.as_json()


@pytest.mark.slow
def test_clusters_of_the_real_model_name_the_regions_of_its_map(
    figures: dict[str, Any], reported: Path
):
    about = figures["clusters word"].figures
    assert 50 < about["found"] < 1000
    within = about["clustered"] + about["unsure_clustered"]
    assert within + about["unclustered"] == about["n"] == 30522
    assert about["found"] + about["unsure"] == len(about["clusters"])
    held = [point for each in about["clusters"] for point in each["points"]]
    assert len(held) == len(set(held)) == within
    atlas = lx.Atlas.open(reported)
    labels = {each["text"] for each in lx.workflow.region_labels(atlas, "word", "tsne-2d")}
    assert labels & {each["name"] for each in about["clusters"]}


# ---- keeping ---------------------------------------------------------------------------


def test_a_report_is_measured_once_and_kept(small: Path):
    atlas = lx.Atlas.open(small)
    assert atlas.findings == ()
    assert atlas.report is None
    said: list[tuple[str, str, int, int]] = []
    found = lx.report(atlas, progress=lambda *news: said.append(news))
    kinds = {name: atlas.recipe(name)["kind"] for name in atlas.spaces}
    stages = [f"{name} of {space}" for space, kind in kinds.items() for name in KINDS[kind]]
    assert list(dict.fromkeys(stage for stage, *_ in said)) == stages
    assert {(unit, total) for _, unit, _, total in said} == {("%", 100)}
    said.clear()
    again = lx.report(lx.Atlas.open(small), progress=lambda *news: said.append(news))
    assert said == []
    assert [each.as_json() for each in again] == [each.as_json() for each in found]
    assert [each.as_json() for each in atlas.findings] == [each.as_json() for each in found]
    assert all(each.figures == each.as_json()["figures"] for each in found)
    # Other choices are another report.
    lx.report(atlas, k=3, progress=lambda *news: said.append(news))
    assert said
    assert lx.Atlas.open(small).report.asked["k"] == 3


def test_findings_of_a_space_that_was_built_anew_are_left_out(small: Path, tmp_path: Path):
    atlas = lx.Atlas.open(small)
    lx.report(atlas)
    assert any(each.space == "context" for each in atlas.findings)
    model = atlas.recipe("context")["checkpoint"]["name"]
    texts = tmp_path / "other.csv"
    texts.write_text("text,target\nThe bank was shut.,bank\nA bank of clouds.,bank\n")
    lx.build(model, texts, small, context=lx.Context(replace=True))
    assert {each.space for each in atlas.findings} >= {"word", "position"}
    assert not any(each.space == "context" for each in atlas.findings)


def test_few_points_are_said_to_be_few(small: Path):
    found = lx.report(lx.Atlas.open(small))
    refused = [each for each in found if each.refused]
    assert refused
    for each in refused:
        assert set(each.figures) == {"n", "refused"}
        assert "too few" in each.statement or "no " in each.statement


def test_a_list_of_ones_own_is_measured(small: Path):
    labels = lx.Atlas.open(small)["word"].points["label"].to_pylist()
    words = [label for label in labels if label.isalpha()][:6]
    found = lx.report(lx.Atlas.open(small), lists={"mine": [*words, "qqqq"]})
    mine = next(each for each in found if each.figures.get("group") == "mine")
    assert mine.figures["source"] == "own"
    assert mine.figures["missing"] == ["qqqq"]
    assert [labels[point] for point in mine.points] == sorted(words, key=labels.index)
    # The atlas remembers it beside another, until it is asked to begin anew; a path will do.
    said: list[str] = []
    others = lx.report(small, lists={"others": words}, progress=lambda *news: said.append(news[0]))
    # Only what a list can change is measured again; the rest is what measuring it all gives.
    assert set(said) == {"groups of word"}
    plain = lx.report(small, lists={"mine": [*words, "qqqq"], "others": words}, again=True)
    assert [each.as_json() for each in others] == [each.as_json() for each in plain]
    assert {"mine", "others"} <= {each.figures.get("group") for each in others}
    assert [each.as_json() for each in lx.report(small)] == [each.as_json() for each in others]
    again = lx.report(small, again=True)
    assert not {"mine", "others"} & {each.figures.get("group") for each in again}


@pytest.mark.parametrize(
    ("options", "said"), [({"k": 0}, "k 0"), ({"seed": -1}, "seed -1"), ({"k": 1.5}, "k 1.5")]
)
def test_what_cannot_be_measured_is_refused(small: Path, options: dict[str, Any], said: str):
    with pytest.raises(LexiscopeError, match=said):
        lx.report(lx.Atlas.open(small), **options)
    assert lx.Atlas.open(small).report is None


def test_an_empty_atlas_has_nothing_to_measure(tmp_path: Path):
    with pytest.raises(LexiscopeError, match="no space"):
        lx.report(lx.Atlas.create(tmp_path / "empty.atlas"))


WHOLE = {"made": "", "lexiscope": "", "asked": {}, "spaces": {}, "findings": []}
ONE = {"name": "x", "space": "y", "layer": None, "statement": "", "figures": {}, "points": []}


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", '{"made": 1}', '{"findings": [{}]}'),
        *(json.dumps(WHOLE | {part: 3}) for part in WHOLE),
        *(json.dumps(WHOLE | {"findings": [ONE | {part: 3.5}]}) for part in ONE),
    ],
)
def test_a_damaged_report_is_refused_in_one_line(small: Path, content: str):
    (small / "findings.json").write_text(content)
    atlas = lx.Atlas.open(small)
    with pytest.raises(LexiscopeError, match=r"findings\.json .* measure again"):
        _ = atlas.findings
    # What does not need it goes on without.
    assert lx.workflow.region_labels(atlas, "word", "tsne-2d")


def test_a_damaged_report_is_replaced(small: Path):
    (small / "findings.json").write_text("{")
    with client(small) as served:
        address = "/api/atlases/small/findings"
        assert "measure again" in served.get(address).json()["error"]
    lx.report(lx.Atlas.open(small), again=True)
    assert lx.Atlas.open(small).findings


def test_a_finding_of_no_space_of_the_atlas_is_left_out(small: Path):
    (small / "findings.json").write_text(json.dumps(WHOLE | {"findings": [ONE]}))
    assert lx.Atlas.open(small).findings == ()


def test_findings_survive_the_way_to_json_and_back():
    nan = float("nan")
    made = Finding("x", "word", None, "So.", {"n": 3, "value": nan, "more": (1.23456789,)}, (4, 2))
    value = made.as_json()
    assert value["figures"] == {"n": 3, "value": None, "more": [1.23457]}
    assert Finding.from_json(json.loads(json.dumps(value))).as_json() == value
    assert plain({1: [True, None, pa.scalar(1).as_py()]}) == {"1": [True, None, 1]}
    with pytest.raises(LexiscopeError, match="a finding: give"):
        Finding.from_json({"name": "x"})


# ---- the command line ------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_prints_writes_and_answers_json(small: Path, tmp_path: Path, run: Run):
    mine = tmp_path / "drinks.txt"
    mine.write_text("# what people drink\nthe\nof\nand\nin\nqqqq\n")
    page = tmp_path / "report.html"
    done = run("report", small, "--list", mine, "--html", page)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"wrote {page}: ")
    printed = run("report", small).stdout
    assert "4 of 5" in printed
    assert "not in the vocabulary, of drinks: qqqq" in printed
    assert "position" in printed
    answered = run("report", small, "--list", mine, "--json")
    found = json.loads(answered.stdout)
    names = ["name", "space", "layer", "statement", "figures", "points"]
    assert all(list(each) == names for each in found)
    text = page.read_text(encoding="utf-8")
    assert PLACE not in text
    begin = text.index('id="data">') + len('id="data">')
    held = json.loads(text[begin : text.index("</script>", begin)])
    assert held["findings"] == found
    assert held["atlas"]["name"] == "small.atlas"


@pytest.mark.slow
def test_what_the_command_refuses_it_says_in_one_line(small: Path, tmp_path: Path, run: Run):
    for arguments, said in (
        (("report", tmp_path / "none.atlas"), "none.atlas"),
        (("report", small, "--list", tmp_path / "none.txt"), "none.txt"),
        (("report", small, "--html", small), "name a file"),
        (("report", small, "--html", tmp_path / "none" / "x.html"), "there is no folder"),
        (("diff", small, small, "--html", tmp_path / "none" / "x.html"), "there is no folder"),
    ):
        done = run(*arguments)
        assert done.returncode == 1
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


# ---- the server ------------------------------------------------------------------------


def test_the_server_measures_in_the_background(small: Path):
    with client(small) as served:
        address = "/api/atlases/small/findings"
        nothing = {"findings": [], "outdated": False, "running": None, "error": None}
        assert served.get(address).json() == nothing
        begun = served.post(address, json={})
        assert begun.status_code == 202
        assert begun.json()["running"]["total"] == 100
        until = time.monotonic() + 240
        while (state := served.get(address).json())["running"]:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert state["error"] is None
        assert not state["outdated"]
        kept = lx.Atlas.open(small).findings
        assert state["findings"] == [each.as_json() for each in kept]
        assert served.post("/api/atlases/none/findings", json={}).status_code == 404
        # Measured again from the page, what was chosen stays.
        lx.report(lx.Atlas.open(small), k=3, seed=5)
        served.post(address, json={})
        while served.get(address).json()["running"]:
            time.sleep(0.1)
        asked = lx.Atlas.open(small).report.asked
        assert (asked["k"], asked["seed"]) == (3, 5)


def test_the_server_compares_two_layers(small: Path):
    def side(layer: Any, space: str = "context", atlas: str = "small") -> dict[str, Any]:
        return {"atlas": atlas, "space": space, "layer": layer}

    with client(small) as served:
        answer = served.post("/api/comparisons", json={"a": side(0), "b": side(2)})
        assert answer.status_code == 200
        found = answer.json()
        n = len(lx.Atlas.open(small)["context"])
        assert found["shared"] == n
        assert len(found["by_point"]["a"]) == len(found["by_point"]["b"]) == n
        assert (found["a"]["layer"], found["b"]["layer"]) == (0, 2)
        same = served.post("/api/comparisons", json={"a": side(1), "b": side(1)}).json()
        assert same["identical"]
        assert set(same["by_point"]["a"]) <= {0, None}
        for wrong, status in (
            ({"a": side(0)}, 400),
            ({"a": side(0), "b": 3}, 400),
            ({"a": side(0), "b": side("0")}, 400),
            ({"a": side(0), "b": side(99)}, 400),
            ({"a": side(0), "b": side(None, "none")}, 404),
            ({"a": side(0), "b": side(None, "word")}, 400),
        ):
            refused = served.post("/api/comparisons", json=wrong)
            assert refused.status_code == status, wrong
            assert refused.json()["error"]


def test_lists_are_refused_where_nothing_can_use_them(tmp_path: Path):
    np.save(tmp_path / "points.npy", np.random.default_rng(0).normal(size=(40, 6)))
    atlas = lx.import_vectors(tmp_path / "points.npy", tmp_path / "points.atlas", maps=())
    with pytest.raises(LexiscopeError, match="no table of words"):
        lx.report(atlas, lists={"drinks": ["tea"]})
