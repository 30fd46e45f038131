"""The picture that a saved notebook keeps of a view."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lexiscope as lx
from lexiscope.figures import Colors, map_figure
from lexiscope.figures.paper import category
from lexiscope.notebook.still import CATEGORIES, COLORS, kept_colors, reduced, still


def test_every_category_keeps_its_own_colour():
    """43 categories, some of few points: all their colours are in the picture, exactly."""
    values = np.array([f"c{n:02d}" for n in range(43) for _ in range(2 + n % 5)], dtype=object)
    places = np.random.default_rng(0).normal(size=(len(values), 2)).astype(np.float32)
    figure = map_figure(places, title="t", caption="c", colors=Colors("c", values))
    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=120)
        drawn = Image.open(file).convert("RGB")
    kept = reduced(drawn, kept_colors(figure))
    before, after = np.asarray(drawn), np.asarray(kept.convert("RGB"))
    legend = [tuple(bytes.fromhex(category(n)[1:])) for n in range(19)]
    points = [
        tuple(round(255 - 0.85 * (255 - v)) for v in bytes.fromhex(category(n)[1:]))
        for n in range(43)
    ]
    found = set()
    for color in [*legend, *points]:
        # Matplotlib rounds blended colours in ways of its own.
        near = (np.abs(before.astype(int) - color) <= 2).all(axis=2)
        shades, counts = np.unique(before[near], axis=0, return_counts=True)
        same = (before == shades[counts.argmax()]).all(axis=2)
        assert np.unique(after[same], axis=0).tolist() == [shades[counts.argmax()].tolist()]
        found.add(tuple(shades[counts.argmax()].tolist()))
    assert len(found) == 19 + 43
    assert len(np.unique(after.reshape(-1, 3), axis=0)) <= COLORS + CATEGORIES
    assert np.abs(after.astype(int) - before).mean() < 1


def test_a_scale_takes_no_more_colours():
    places = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    figure = map_figure(places, title="", caption="", colors=Colors("v", np.arange(300.0)))
    assert len(kept_colors(figure)) < 8


@pytest.mark.parametrize(("space", "layer"), [("word", None), ("context", 2)])
def test_the_picture_says_what_it_is_of(small_atlas: Path, space: str, layer: int | None):
    atlas = lx.Atlas.open(small_atlas)
    html = still(atlas, space, layer, "pca-2d", "kind", "there")
    said = re.search('alt="([^"]*)"', html)
    assert said
    assert atlas.origin
    assert f"{atlas.origin.name}: {space}" in said[1]
    assert ("layer 2" in said[1]) == (layer == 2)
    data = re.search('base64,([^"]*)"', html)
    assert data
    assert len(base64.b64decode(data[1])) < 60_000
    assert Image.open(io.BytesIO(base64.b64decode(data[1]))).mode == "P"
