"""docs/findings.md explains every figure, and what it shows and quotes is there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typescript import Contract

import lexiscope as lx
from lexiscope.atlas import Atlas
from lexiscope.findings import Finding
from lexiscope.measure.geometry import intrinsic_dimension
from lexiscope.measure.similarity import linear_cka
from lexiscope.neighbors import neighbor_graph

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "findings.md"
# Under which heading each finding, and the comparison, is explained.
SECTIONS = {
    "group": "Groups",
    "positions": "Positions",
    "token_types": "Token types",
    "senses": "Senses",
    "senses_overall": "Senses",
    "contextuality": "Contextuality",
    "geometry": "Geometry",
    "norm_by_rank": "Frequency: lengths",
    "hubness": "Frequency: hubs",
    "clusters": "Clusters",
    "Comparison": "Comparing two models",
}
GENERAL = "How to read the figures"
NUMBER = re.compile(r"[-−]?\d[\d,]*\.?\d*|[-−]?\.\d+")


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


def explained(text: str, heading: str) -> set[str]:
    """What stands in code style under a heading."""
    sections = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE))
    return set(re.findall(r"`([^`]+)`", sections[heading]))


def keys(contract: Contract, of: tuple[Any, ...]) -> Iterator[str]:
    """Names of all fields of a type, and of those within."""
    kind, what = of
    if kind == "object":
        for name, (each, _) in what.items():
            yield name
            yield from keys(contract, each)
    elif kind == "name" and what in contract.interfaces:
        yield from keys(contract, contract.interfaces[what])
    elif kind == "list":
        yield from keys(contract, what)
    elif kind in ("union", "tuple"):
        for each in what:
            yield from keys(contract, each)


def interfaces(contract: Contract) -> dict[str, tuple[Any, ...]]:
    fields = contract.interfaces["Figures"][1]
    found = {name: each for name, (each, _) in fields.items()}
    return found | {"Comparison": ("name", "Comparison")}


def unexplained(text: str, contract: Contract) -> list[str]:
    return [
        f"{name}: {key}"
        for name, of in interfaces(contract).items()
        for key in sorted(set(keys(contract, of)) - explained(text, SECTIONS[name]))
    ]


def test_every_figure_is_explained(text: str, contract: Contract) -> None:
    assert unexplained(text, contract) == []
    for name in interfaces(contract).keys() - {"Comparison"}:
        assert name in explained(text, SECTIONS[name])
    assert set(contract.interfaces["Refused"][1]) <= explained(text, GENERAL)


@pytest.mark.parametrize("key", ["lift", "strength", "mev_baseline", "partition_ratio", "debiased"])
def test_a_figure_left_out_is_missed(text: str, contract: Contract, key: str) -> None:
    [missed] = unexplained(text.replace(f"`{key}`", key), contract)[:1]
    assert missed.endswith(f": {key}")


def test_figures_of_a_real_report_are_explained(
    small_atlas: Path, text: str, tmp_path: Path
) -> None:
    copy = shutil.copytree(small_atlas, tmp_path / "small.atlas")
    told = [each for each in lx.report(Atlas.open(copy)) if not each.refused]
    assert len(told) > 3
    for finding in told:
        assert shown(finding) <= explained(text, SECTIONS[finding.name])


def shown(finding: Finding) -> set[str]:
    """Keys of the figures, and of the clusters' parameters, which the contract leaves open."""
    return {*finding.figures, *finding.figures.get("parameters", {})}


def test_pictures_and_links_are_there(text: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    pictures = [each for each in links if each.endswith(".png")]
    assert len(pictures) >= 9
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for link in links:
        path, _, anchor = link.partition("#")
        assert not path or (DOCS / path).exists(), link
        assert path or anchor in headings, link
    assert {f"images/{each.name}" for each in DOCS.glob("images/findings-*.png")} == set(pictures)


@pytest.mark.slow
def test_what_is_quoted_is_said(reported: Path, text: str) -> None:
    said = [each.statement for each in lx.report(Atlas.open(reported))]
    for each in lx.diff(reported, space="context", layers=(0, 6)).comparisons:
        said += each.statements
    quoted = re.findall(r"^> (.+)$", text, re.MULTILINE)
    assert len(quoted) >= 13
    for quote in quoted:
        same = [each for each in said if NUMBER.sub("#", each) == NUMBER.sub("#", quote)]
        assert any(
            np.allclose(numbers(quote), numbers(each), rtol=0.05, atol=0.02) for each in same
        ), f"nothing said is like: {quote}"


def numbers(statement: str) -> list[float]:
    return [float(each.replace(",", "").rstrip(".")) for each in NUMBER.findall(statement)]


@pytest.mark.slow
def test_every_finding_of_the_embedded_model_is_explained(reported: Path, text: str) -> None:
    for finding in lx.report(Atlas.open(reported)):
        if not finding.refused:
            assert shown(finding) <= explained(text, SECTIONS[finding.name])


@pytest.mark.slow
def test_the_14_words_make_the_layers_alike(reported: Path) -> None:
    """CKA and the overlap of layers 0 and 6 once occurrences are shuffled within each word."""
    space = Atlas.open(reported)["context"]
    target = np.array(space.points["target"].to_pylist())
    order, rng = np.arange(len(target)), np.random.default_rng(0)
    for word in np.unique(target):
        rows = np.flatnonzero(target == word)
        order[rows] = rng.permutation(rows)
    first, last = (np.asarray(space.layer(layer).vectors) for layer in (0, 6))
    assert linear_cka(first, last[order]).value == pytest.approx(0.87, abs=0.01)
    for vectors in (first, last):
        near = neighbor_graph(vectors, 10).indices
        assert (target[near] == target[:, None]).all()
    others = [(target == each).sum() - 1 for each in target]
    assert np.mean(10 / np.array(others)) == pytest.approx(0.32, abs=0.005)


@pytest.mark.parametrize(("noise", "dimension"), [(0.001, 24), (0.01, 55)])
def test_evenly_spaced_points_have_no_intrinsic_dimension(noise: float, dimension: int) -> None:
    angles = np.arange(512) / 512 * 2 * np.pi
    circle = np.zeros((512, 384))
    circle[:, 0], circle[:, 1] = np.cos(angles), np.sin(angles)
    circle += noise * np.random.default_rng(0).normal(size=circle.shape)
    vectors = circle.astype(np.float32)
    found = intrinsic_dimension(vectors, neighbor_graph(vectors, 5).indices)
    assert found.dimension == pytest.approx(dimension, rel=0.1)
