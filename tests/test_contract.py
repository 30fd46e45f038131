"""The server's answers have the shapes that ``web/src/contract.ts`` gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from contract_answers import FOLDER, SHAPES, answers
from server_atlas import arrow
from typescript import Contract

import lexiscope as lx


@pytest.fixture(scope="module")
def fresh(small_atlas: Path) -> dict[str, bytes]:
    return answers(small_atlas)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


def departures(contract: Contract, content: bytes, shape: str) -> list[str]:
    value = json.loads(content)
    of = shape.removesuffix("[]")
    return [
        departure
        for each in (value if shape.endswith("[]") else [value])
        for departure in contract.departures(each, of)
    ]


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_answers_have_the_shapes_of_the_contract(
    name: str, shape: str, fresh: dict[str, bytes], contract: Contract
):
    assert departures(contract, fresh[name], shape) == []


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_kept_answers_have_them_too(name: str, shape: str, contract: Contract):
    """Else run ``python tests/contract_answers.py``."""
    assert departures(contract, (FOLDER / name).read_bytes(), shape) == []


def figures_departures(contract: Contract, findings: list[dict[str, Any]]) -> list[str]:
    """Where the figures of findings depart from what `Figures` gives for their names."""
    _, by_name = contract.interfaces["Figures"]
    return [
        departure
        for each in findings
        for departure in contract.departures(
            each["figures"],
            "Refused" if each["figures"].get("refused") else by_name[each["name"]][0][1],
            f"{each['name']}",
        )
    ]


def test_figures_have_the_shapes_of_the_contract(fresh: dict[str, bytes], contract: Contract):
    for content in (fresh["findings.json"], (FOLDER / "findings.json").read_bytes()):
        findings = json.loads(content)["findings"]
        assert len({each["name"] for each in findings}) >= 6
        assert figures_departures(contract, findings) == []


@pytest.mark.slow
def test_figures_of_the_real_model_have_them_too(reported: Path, contract: Contract):
    findings = [each.as_json() for each in lx.Atlas.open(reported).findings]
    assert figures_departures(contract, findings) == []
    held = {each["name"] for each in findings if not each["figures"].get("refused")}
    _, by_name = contract.interfaces["Figures"]
    assert held == set(by_name)


def test_arrow_answers_have_the_columns_of_those_kept(fresh: dict[str, bytes]):
    names = [name for name in fresh if name.endswith(".arrow")]
    assert sorted(names) == sorted(path.name for path in FOLDER.glob("*.arrow"))
    for name in names:
        assert arrow(fresh[name]).schema == arrow((FOLDER / name).read_bytes()).schema, name
    assert arrow(fresh["projection-3d.arrow"]).schema.names == ["x", "y", "z"]
    assert arrow(fresh["words.arrow"]).schema.field("label").type == pa.string()
    assert arrow(fresh["search.arrow"]).schema.field("point").type == pa.int32()


def test_departures_are_found(contract: Contract):
    neighbors = {"query": "x", "metric": "dot", "layer": None, "points": [1], "neighbors": []}
    assert contract.departures(neighbors, "Neighbors") == []
    for wrong in (
        {"metric": "manhattan"},
        {"layer": "1"},
        {"points": [True]},
        {"points": None},
        {"neighbors": [{"point": 1, "label": "a"}]},
        {"more": 1},
    ):
        assert len(contract.departures(neighbors | wrong, "Neighbors")) == 1, wrong
    assert contract.departures({}, "Refusal") == ["Refusal has no error"]
    assert {"AtlasInfo", "Job", "Events", "ProjectionInfo"} <= set(contract.interfaces)
