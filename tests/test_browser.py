"""The page as a person meets it: a real server, a real browser, clicked through."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import until, viewing
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

import lexiscope as lx

pytestmark = pytest.mark.browser
Axe = Callable[[Page], list[str]]
SENTENCE = "he sat on the bank of the river"


def opened(page: Page, address: str, view: str = "") -> Page:
    """Open a view without the first visit's greeting, and wait until all of it is drawn."""
    page.add_init_script("try { localStorage.setItem('lexiscope:welcomed', '1') } catch {}")
    page.goto(address + view)
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    return page


def drawn(page: Page, pane: int = 0) -> int:
    return int(page.evaluate(f"lexiscope.panes[{pane}].scene.drawn"))


def selected(page: Page, pane: int = 0) -> list[int]:
    return list(page.evaluate(f"Array.from(lexiscope.panes[{pane}].view.selected)"))


def picture(page: Page, pane: int = 0) -> NDArray[np.uint8]:
    """The pixels of a map once it is at rest."""
    page.wait_for_timeout(900)
    png = page.get_by_test_id("map").nth(pane).screenshot()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def share_apart(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Share of pixels that differ visibly."""
    return float((np.abs(a.astype(int) - b.astype(int)).max(axis=2) > 24).mean())


def search(page: Page, text: str) -> None:
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search points").fill(text)


def hits(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Matches").get_by_role("option")


# ---- the picture -------------------------------------------------------------------------------


def test_draws_every_point_and_says_so(page: Page, served: str):
    opened(page, served)
    assert page.title() == "word · senses · Lexiscope"
    assert drawn(page) == 30522
    expect(page.get_by_test_id("drawn")).to_have_text("all 30,522 points")
    expect(page.get_by_test_id("quality")).to_contain_text("36 %")
    pixels = picture(page)
    ground = pixels[5, 5]
    inked = np.abs(pixels.astype(int) - ground).max(axis=2) > 30
    assert inked.mean() > 0.05
    # Not one blot: every quarter of the middle has points.
    height, width = inked.shape
    middle = inked[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]
    halves = [part for half in np.array_split(middle, 2) for part in np.array_split(half, 2, 1)]
    assert min(part.mean() for part in halves) > 0.01
    labels = page.evaluate("lexiscope.panes[0].scene.labelled")
    assert len(labels) >= 5
    assert len(set(labels)) > 4


def test_a_first_visit_is_greeted_once(page: Page, served: str):
    page.goto(served)
    page.get_by_role("button", name="What is near india?").click()
    expect(page.get_by_test_id("selected")).to_contain_text("india")
    page.reload()
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    expect(page.get_by_label("Welcome")).to_have_count(0)


def test_zoom_brings_out_labels_of_points(page: Page, served: str):
    opened(page, served)
    before = set(page.evaluate("lexiscope.panes[0].scene.labelled"))
    search(page, "india")
    page.keyboard.press("Enter")
    until(page, "lexiscope.panes[0].scene.camera.zoom > 3")
    page.wait_for_timeout(900)
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    after = page.evaluate("lexiscope.panes[0].scene.labelled")
    assert {"pakistan", "bengal", "delhi", "nepal"} & set(after)
    assert len(set(after) - before) > 10


# ---- searching, neighbours, isolating ----------------------------------------------------------


def test_search_india_see_indian_first(page: Page, served: str):
    opened(page, served)
    search(page, "india")
    expect(hits(page).first).to_contain_text("india")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("selected")).to_contain_text("india")
    rows = page.get_by_test_id("neighbors").get_by_role("button")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("indian")
    expect(rows.first).to_contain_text(".743")
    # Lines lead from it to its true neighbours.
    lines = page.evaluate("lexiscope.panes[0].lines.map(({ from, to }) => [from, to])")
    near = page.evaluate("lexiscope.panes[0].neighbors.neighbors.map(({ point }) => point)")
    assert lines == [[selected(page)[0], point] for point in near]


def test_neighbours_with_k_and_metric(page: Page, served: str):
    opened(page, served, "#s=word&sel=214")
    label = page.get_by_test_id("selected").inner_text()
    assert label
    page.get_by_label("How many neighbours").fill("25")
    page.get_by_label("How many neighbours").press("Enter")
    rows = page.get_by_test_id("neighbors").get_by_role("button")
    expect(rows).to_have_count(25)
    page.get_by_label("Metric").select_option("euclidean")
    until(page, "lexiscope.panes[0].neighbors?.metric === 'euclidean'")
    values = page.evaluate("lexiscope.panes[0].neighbors.neighbors.map(({ value }) => value)")
    assert values == sorted(values)
    rows.first.click()
    until(page, f"lexiscope.panes[0].labelOf(lexiscope.panes[0].view.selected[0]) !== {label!r}")


def test_search_shows_what_was_searched(page: Page, served: str):
    opened(page, served, "#s=word&t=kind")
    search(page, "india")
    expect(hits(page).first).to_contain_text("india")
    page.keyboard.press("Enter")
    until(page, "lexiscope.panes[0].view.selected[0] === 2634")


def test_sums_of_words(page: Page, served: str):
    opened(page, served)
    search(page, "king - man + woman")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("neighbors").get_by_role("button").first).to_contain_text("queen")


def test_regex_select_isolate_show_all(page: Page, served: str):
    opened(page, served)
    search(page, r"^\[unused\d+\]$")
    page.get_by_label("How to match").select_option("regex")
    expect(page.get_by_test_id("matches")).to_have_text("994 matches")
    page.get_by_role("button", name="Isolate").first.click()
    until(page, "lexiscope.panes[0].scene.drawn === 994")
    expect(page.get_by_test_id("drawn")).to_have_text("994 of 30,522 points")
    page.get_by_role("button", name="Show all", exact=True).click()
    until(page, "lexiscope.panes[0].scene.drawn === 30522")


def test_a_pattern_that_is_none_is_refused_in_words(page: Page, served: str, wrong: list[str]):
    opened(page, served)
    search(page, "(")
    page.get_by_label("How to match").select_option("regex")
    expect(page.get_by_role("alert")).to_contain_text("missing")
    wrong[:] = [each for each in wrong if "400" not in each]


def test_legend_filters(page: Page, served: str):
    opened(page, served)
    legend = page.get_by_test_id("legend")
    count = int(
        legend.get_by_role("button", pressed=True).first.inner_text().split()[-1].replace(",", "")
    )
    legend.get_by_role("button", pressed=True).first.click()
    until(page, f"lexiscope.panes[0].scene.drawn === {30522 - count}")
    page.keyboard.press("a")
    until(page, "lexiscope.panes[0].scene.drawn === 30522")


def inside(point: dict[str, float], polygon: list[tuple[float, float]]) -> bool:
    """Tell by the crossing number whether a point lies in a polygon."""
    crossings = 0
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y1 > point["y"]) != (y2 > point["y"]):
            crossings += point["x"] < x1 + (point["y"] - y1) * (x2 - x1) / (y2 - y1)
    return crossings % 2 == 1


def test_lasso_selects_what_lies_in_it(page: Page, served: str):
    opened(page, served)
    page.get_by_role("button", name="Lasso").click()
    box = page.get_by_test_id("map").bounding_box()
    assert box
    # A concave outline, well within the map.
    shape = [(0.35, 0.35), (0.6, 0.38), (0.5, 0.5), (0.62, 0.64), (0.38, 0.6)]
    outline = [(x * box["width"], y * box["height"]) for x, y in shape]
    page.mouse.move(box["x"] + outline[0][0], box["y"] + outline[0][1])
    page.mouse.down()
    for x, y in [*outline[1:], outline[0]]:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    page.mouse.up()
    until(page, "lexiscope.panes[0].view.selected.length > 0")
    places = page.evaluate(
        "Array.from({ length: 30522 }, (_, i) => lexiscope.panes[0].scene.locate(i))"
    )
    expected = {i for i, place in enumerate(places) if place and inside(place, outline)}
    assert len(expected) > 100
    # Where the outline itself passes, half a pixel may fall to either side.
    assert len(expected ^ set(selected(page))) <= 0.02 * len(expected)
    expect(page.get_by_test_id("selected")).to_have_text(f"{len(selected(page)):,} points")


def test_shift_and_drag_is_a_box_with_any_tool(page: Page, served: str):
    opened(page, served)
    box = page.get_by_test_id("map").bounding_box()
    assert box
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 300, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 450, box["y"] + 400, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    chosen = until(
        page, "lexiscope.panes[0].view.selected.length > 0 && [...lexiscope.panes[0].view.selected]"
    )
    for point in chosen[:50]:
        place = page.evaluate(f"lexiscope.panes[0].scene.locate({point})")
        assert 299 <= place["x"] <= 451
        assert 249 <= place["y"] <= 401


# ---- projections -------------------------------------------------------------------------------


def compute(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Compute on all")).click()


def test_custom_axes_between_groups(page: Page, served: str):
    opened(page, served)
    page.get_by_role("button", name="New projection").click()
    form = page.get_by_role("form", name="New projection")
    form.get_by_label("Method").select_option("axes")
    form.get_by_label("x left").fill("man, king, father")
    form.get_by_label("x right").fill("woman, queen, mother")
    form.get_by_label("y left").fill("one, two")
    form.get_by_label("y right").fill("/^(paris|london|berlin)$/")
    compute(page)
    # It is seen at once, and kept when it is measured.
    until(page, "lexiscope.panes[0].preview !== null")
    until(page, "lexiscope.panes[0].projection.method === 'axes'", 120)
    until(page, "lexiscope.panes[0].coordinates?.id.includes('axes')")
    places = page.evaluate(
        """(async () => {
        const pane = lexiscope.panes[0];
        const found = {};
        for (const word of ["he", "she", "seven", "madrid"]) {
          const query = { column: "label", pattern: word, mode: "exact", case: true };
          const [point] = await pane.data.search(query);
          found[word] = pane.coordinates.columns.map((values) => values[point]);
        }
        return found;
      })()"""
    )
    assert places["he"][0] < 0 < places["she"][0]
    assert places["seven"][1] < places["madrid"][1]


def test_t_sne_runs_in_sight_pauses_and_stops(page: Page, served: str):
    opened(page, served)
    before = page.evaluate("lexiscope.panes[0].projection.id")
    page.get_by_role("button", name="New projection").click()
    page.get_by_label("Perplexity").fill("9")
    compute(page)
    job = page.get_by_test_id("job")
    expect(job).to_be_visible()
    until(page, "lexiscope.panes[0].preview !== null", 60)
    job.get_by_role("button", name="Pause").click()
    expect(job.get_by_role("button", name="Resume")).to_be_visible()
    # What is being laid out is of this space: elsewhere it is not shown.
    expect(page.get_by_text("not measured yet")).to_be_visible()
    page.evaluate("lexiscope.panes[0].open(lexiscope.panes[0].view.atlas, 'position')")
    until(page, "lexiscope.panes[0].scene.drawn === 512")
    expect(page.get_by_text("not measured yet")).to_have_count(0)
    page.reload()
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    page.wait_for_timeout(500)
    held = page.evaluate("lexiscope.jobs[0].layouts")
    page.wait_for_timeout(700)
    assert page.evaluate("lexiscope.jobs[0].layouts") == held
    job.get_by_role("button", name="Resume").click()
    job.get_by_role("button", name="Perturb").click()
    until(page, f"lexiscope.jobs[0].layouts > {held}")
    job.get_by_role("button", name="Stop").click()
    until(page, "lexiscope.jobs[0].state === 'stopped'")
    expect(job).to_have_count(0)
    page.evaluate("lexiscope.panes[0].open(lexiscope.panes[0].view.atlas, 'word')")
    until(page, f"lexiscope.panes[0].projection?.id === {before!r}")


def test_three_dimensions_and_orbit(page: Page, served: str):
    opened(page, served, "#s=context")
    page.get_by_role("button", name="New projection").click()
    page.get_by_label("Method").select_option("pca")
    page.get_by_label("Dimensions").select_option("3")
    compute(page)
    until(
        page,
        "lexiscope.panes[0].projection.dims === 3 && "
        "lexiscope.panes[0].coordinates.columns.length === 3",
    )
    expect(page.get_by_role("img", name=re.compile("^Variance of the first"))).to_be_visible()
    first = picture(page)
    assert drawn(page) == 458
    page.get_by_role("button", name="Orbit").click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Orbit").click()
    assert share_apart(first, picture(page)) > 0.005


# ---- layers and senses -------------------------------------------------------------------------


def test_points_glide_from_layer_to_layer(page: Page, served: str):
    opened(page, served, "#s=context")
    page.wait_for_timeout(500)
    places = page.evaluate(
        """(async () => {
        const { scene, coordinates } = lexiscope.panes[0];
        const before = coordinates.columns[0];
        const after = (await lexiscope.panes[0].data.coordinates("tsne-2d", 0))[0];
        // The point that moves most shows it best.
        const moves = Array.from(before, (x, i) => Math.abs(x - after[i]));
        const point = moves.indexOf(Math.max(...moves));
        const at = () => scene.locate(point).x;
        const start = at();
        lexiscope.panes[0].toLayer(0);
        const seen = [];
        for (const end = performance.now() + 2500; performance.now() < end;) {
          await new Promise(requestAnimationFrame);
          seen.push(at());
        }
        return { start, seen };
      })()"""
    )
    start, end = places["start"], places["seen"][-1]
    assert abs(end - start) > 3
    low, high = sorted((start, end))
    assert any(low + 0.5 < x < high - 0.5 for x in places["seen"])


def test_layer_slider_steps_and_plays(page: Page, served: str):
    opened(page, served, "#s=context")
    layer = page.get_by_test_id("layer")
    expect(layer).to_contain_text("layer 6")
    last = picture(page)
    slider = page.get_by_role("slider", name="Layer")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(layer).to_contain_text("layer 5")
    page.keyboard.press("Home")
    expect(layer).to_contain_text("layer 0")
    assert share_apart(last, picture(page)) > 0.01
    assert drawn(page) == 458
    page.keyboard.press("]")
    expect(layer).to_contain_text("layer 1")
    page.get_by_test_id("play").click()
    expect(layer).to_contain_text("layer 3", timeout=6000)
    page.get_by_test_id("play").click()


def test_the_card_and_the_neighbours_show_their_sentences(page: Page, served: str):
    opened(page, served, "#s=context&sel=0")
    card = page.get_by_label("Selection", exact=True)
    word = page.evaluate("lexiscope.panes[0].labelOf(0)")
    expect(card.locator("mark")).to_have_text(word)
    rows = page.get_by_test_id("neighbors").get_by_role("button")
    expect(rows).to_have_count(10)
    expect(rows.first.locator("mark")).to_be_visible()


def test_a_live_sentence_lands_among_its_sense(page: Page, served: str):
    opened(page, served, "#s=context")
    page.get_by_role("textbox", name="A sentence").fill(SENTENCE)
    page.get_by_role("button", name="Read", exact=True).click()
    page.get_by_test_id("words").get_by_role("button", name="bank").click(timeout=120_000)
    answer = until(page, "lexiscope.live?.word && lexiscope.live", 120)
    assert answer["word"] == {"start": 14, "end": 18, "word": "bank"}
    assert [each["layer"] for each in answer["layers"]] == list(range(7))
    senses = page.evaluate(
        """lexiscope.panes[0].data.column("sense").then((sense) =>
          lexiscope.live.layers.at(-1).neighbors.slice(0, 5).map(({ point }) => sense.at(point)))"""
    )
    assert senses.count("river") >= 3, senses
    assert "finance" not in senses
    # In the picture too: the points around the mark are river banks.
    around = page.evaluate(
        """(async () => {
        const pane = lexiscope.panes[0];
        const sense = await pane.data.column("sense");
        const place = pane.marks[0].place;
        const [x, y] = pane.coordinates.columns;
        const apart = (i) => (x[i] - place[0]) ** 2 + (y[i] - place[1]) ** 2;
        const near = Array.from({ length: 458 }, (_, i) => i).sort((a, b) => apart(a) - apart(b));
        return near.slice(0, 5).map((i) => sense.at(i));
      })()"""
    )
    assert around.count("river") >= 3, around
    assert "bank" in page.evaluate("lexiscope.panes[0].scene.labelled")
    page.get_by_role("slider", name="Layer").focus()
    page.keyboard.press("Home")
    until(page, "lexiscope.panes[0].layer === 0 && lexiscope.panes[0].marks.length === 1")


def test_trust_overlay_colours_by_what_is_kept(page: Page, served: str):
    opened(page, served)
    plain = picture(page)
    page.keyboard.press("c")
    expect(page.get_by_test_id("color")).to_have_value("~kept")
    until(page, "lexiscope.panes[0].legend?.kind === 'number'")
    assert share_apart(plain, picture(page)) > 0.02
    kept = page.evaluate("lexiscope.panes[0].quality.kept.reduce((a, b) => a + b, 0) / 30522")
    assert kept == pytest.approx(0.364, abs=0.01)


# ---- two panes ---------------------------------------------------------------------------------


def test_two_panes_follow_each_other(page: Page, served: str):
    opened(page, served, "#s=context")
    page.keyboard.press("s")
    expect(page.get_by_test_id("pane")).to_have_count(2)
    until(page, "lexiscope.panes[1].scene?.drawn === 458")
    assert page.evaluate("lexiscope.panes.map((pane) => pane.layer)") == [6, 0]
    place = page.evaluate("lexiscope.panes[0].scene.locate(3)")
    box = page.get_by_test_id("map").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    hovered = until(page, "lexiscope.panes[0].hovered >= 0 && lexiscope.panes[0].hovered + 1") - 1
    until(page, f"lexiscope.panes[1].hovered === {hovered}")
    page.mouse.click(box["x"] + place["x"], box["y"] + place["y"])
    until(page, "lexiscope.panes[1].view.selected.length === 1")
    assert selected(page, 0) == selected(page, 1)
    # Another space follows by the word itself.
    page.get_by_label("Space of map 2").select_option(label="word")
    until(page, "lexiscope.panes[1].scene?.drawn === 30522")
    page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(3))")
    until(
        page,
        "lexiscope.panes[1].view.selected.length > 0 && lexiscope.panes[1].labelOf("
        "lexiscope.panes[1].view.selected[0]) === lexiscope.panes[0].labelOf(3).toLowerCase()",
    )


# ---- what is kept ------------------------------------------------------------------------------


def test_a_tag_survives_a_restart_and_can_be_undone(page: Page, senses: Path, tmp_path: Path):
    own = tmp_path / "own.atlas"
    shutil.copytree(senses, own)
    with viewing(own) as address:
        opened(page, address, "#s=context&sel=0-4")
        page.get_by_role("button", name="Tag", exact=True).click()
        form = page.get_by_role("form", name="Tag the selection")
        form.get_by_label("Column").fill("mine")
        form.get_by_label("Tag").fill("odd")
        form.get_by_role("button", name="Keep in the atlas").click()
        expect(page.get_by_test_id("color")).to_have_value("mine")
        expect(page.get_by_test_id("legend")).to_contain_text("odd")
        page.goto("about:blank")
    assert lx.Atlas.open(own)["context"].points["mine"].to_pylist()[:6] == ["odd"] * 5 + [None]
    with viewing(own) as address:
        opened(page, address, "#s=context&sel=9&c=mine")
        expect(page.get_by_test_id("legend")).to_contain_text("odd")
        page.keyboard.press("t")
        form = page.get_by_role("form", name="Tag the selection")
        form.get_by_label("Column").fill("mine")
        form.get_by_label("Tag").fill("even")
        form.get_by_role("button", name="Keep in the atlas").click()
        expect(page.get_by_test_id("legend")).to_contain_text("even")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_test_id("legend")).not_to_contain_text("even")
        page.goto("about:blank")


def test_bookmarks_are_kept_in_the_atlas(page: Page, senses: Path, tmp_path: Path):
    own = tmp_path / "own.atlas"
    shutil.copytree(senses, own)
    with viewing(own) as address:
        opened(page, address, "#s=context&l=2")
        page.get_by_role("button", name="Bookmarks").click()
        page.get_by_label("Name of this view").fill("second layer")
        page.get_by_role("button", name="Keep this view").click()
        expect(page.get_by_role("button", name="second layer", exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("]")
        expect(page.get_by_test_id("layer")).to_contain_text("layer 3")
        page.reload()
        page.get_by_role("button", name="Bookmarks").click()
        page.get_by_role("button", name="second layer", exact=True).click()
        expect(page.get_by_test_id("layer")).to_contain_text("layer 2")
        page.goto("about:blank")
    assert [each["name"] for each in lx.Atlas.open(own).bookmarks] == ["second layer"]


def test_a_copied_link_opens_the_same_picture(page: Page, served: str):
    opened(page, served, "#s=context&l=4")
    page.keyboard.press("c")
    page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(5))")
    page.get_by_role("button", name="Zoom in").click()
    until(page, "lexiscope.panes[0].neighbors !== null")
    first = picture(page)
    link = page.evaluate("lexiscope.link")
    assert link.startswith(served)
    other = page.context.new_page()
    other.goto(link)
    until(other, "performance.getEntriesByName('lexiscope:ready').length > 0")
    until(other, "lexiscope.panes[0].neighbors !== null")
    assert other.evaluate("lexiscope.panes[0].layer") == 4
    assert selected(other) == [5]
    assert share_apart(first, picture(other)) < 0.01


def test_back_undoes_a_step(page: Page, served: str):
    opened(page, served, "#s=context")
    page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(5))")
    page.wait_for_timeout(400)
    page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(6))")
    page.wait_for_timeout(400)
    page.keyboard.press("Control+z")
    until(page, "lexiscope.panes[0].view.selected[0] === 5")


def test_back_closes_a_second_map(page: Page, served: str):
    opened(page, served, "#s=context")
    page.wait_for_timeout(400)
    page.keyboard.press("s")
    expect(page.get_by_test_id("pane")).to_have_count(2)
    page.wait_for_timeout(400)
    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("pane")).to_have_count(1)
    assert drawn(page) == 458


def test_playing_is_no_step_to_undo(page: Page, served: str):
    opened(page, served, "#s=context&l=0")
    page.wait_for_timeout(400)
    steps = page.evaluate("history.length")
    page.get_by_test_id("play").click()
    expect(page.get_by_test_id("layer")).to_contain_text("layer 2", timeout=6000)
    assert page.evaluate("history.length") == steps
    assert "l=2" in page.url or "l=1" in page.url
    page.get_by_test_id("play").click()


# ---- pictures ----------------------------------------------------------------------------------


def test_png_and_svg_show_the_map(page: Page, served: str):
    opened(page, served, "#s=context")
    box = page.get_by_test_id("map").bounding_box()
    assert box
    saved = {}
    for name in ("PNG, 2×", "SVG"):
        page.get_by_role("button", name="Save the picture").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        saved[name] = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename.startswith("senses-context-6-")
    png = Image.open(io.BytesIO(saved["PNG, 2×"])).convert("RGB")
    assert png.width == pytest.approx(2 * box["width"], abs=2)
    assert png.height >= 2 * box["height"] - 2
    colors = np.unique(np.asarray(png).reshape(-1, 3) // 32, axis=0)
    assert len(colors) > 12
    svg = saved["SVG"].decode()
    # A dot is a stroke without length.
    assert len(re.findall(r"M-?[\d.]+ -?[\d.]+h0", svg)) >= 458
    assert "keeps" in svg
    assert "<text" in svg


def test_every_way_of_drawing_shows(page: Page, served: str, tmp_path: Path):
    opened(page, served, "#s=position")
    before = picture(page)
    looks = {}
    page.get_by_label("density").check()
    looks["density"] = picture(page)
    page.get_by_label("density").uncheck()
    page.keyboard.press("m")
    looks["labels as points"] = picture(page)
    page.keyboard.press("m")
    page.get_by_text("Lines, pictures").click()
    page.get_by_label("Join by lines").select_option("#")
    looks["lines"] = picture(page)
    page.get_by_label("Join by lines").select_option("")
    sheet = tmp_path / "sheet.png"
    Image.effect_noise((8 * 32, 8 * 16), 120).convert("RGB").save(sheet)
    page.get_by_label("Tile, pixels").fill("8")
    page.get_by_label("Sprite sheet").set_input_files(sheet)
    looks["sprites"] = picture(page)
    page.get_by_role("button", name="Dots again").click()
    assert share_apart(before, picture(page)) < 0.002
    for name, look in looks.items():
        assert share_apart(before, look) > 0.004, name


def test_a_sheet_with_too_few_tiles_is_refused(page: Page, served: str, tmp_path: Path):
    opened(page, served, "#s=position")
    page.get_by_text("Lines, pictures").click()
    sheet = tmp_path / "sheet.png"
    Image.new("RGB", (64, 64)).save(sheet)
    page.get_by_label("Sprite sheet").set_input_files(sheet)
    expect(page.get_by_role("alert")).to_contain_text("holds 4 tiles")


# ---- a person's own data -----------------------------------------------------------------------


def test_own_columns_are_brought_and_taken_away(page: Page, senses: Path, tmp_path: Path):
    own = tmp_path / "own.atlas"
    shutil.copytree(senses, own)
    file = tmp_path / "grades.csv"
    file.write_text("point,grade\n0,1.5\n3,7\n")
    with viewing(own) as address:
        opened(page, address, "#s=context&sel=0.3")
        page.get_by_text("Lines, pictures").click()
        page.get_by_label("Add columns from a file").set_input_files(file)
        expect(page.get_by_test_id("notice")).to_have_text("Added grade")
        expect(page.get_by_test_id("color")).to_have_value("grade")
        expect(page.get_by_label("Colour", exact=True)).to_contain_text("456 without a value")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        rows = Path(download.value.path()).read_text("utf-8").splitlines()
        page.get_by_role("button", name="Remove column grade").click()
        expect(page.get_by_test_id("color")).not_to_have_value("grade")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_test_id("color")).to_have_value("grade")
        page.get_by_role("button", name="Remove column grade").click()
        expect(page.get_by_test_id("color")).not_to_have_value("grade")
        page.goto("about:blank")
    assert len(rows) == 3
    header = next(csv.reader(rows[:1]))
    values = [dict(zip(header, row, strict=True)) for row in csv.reader(rows[1:])]
    assert [(each["point"], float(each["grade"])) for each in values] == [("0", 1.5), ("3", 7.0)]


# ---- access ------------------------------------------------------------------------------------


def test_keyboard_alone_reaches_everything(page: Page, served: str):
    opened(page, served)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("facebook")
    expect(hits(page).first).to_contain_text("facebook")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("neighbors").get_by_role("button").first).to_contain_text("myspace")
    # From here on Tab leads to the map, and on to every control.
    seen = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.tagName")
        )
        if page.evaluate("document.activeElement.dataset.testid === 'map'"):
            break
    assert "map" in seen
    camera = page.evaluate("JSON.stringify(lexiscope.panes[0].scene.camera)")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    until(page, f"JSON.stringify(lexiscope.panes[0].scene.camera) !== {json.dumps(camera)}")
    page.keyboard.press("n")
    label = until(page, "document.activeElement.dataset.hovered")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("selected")).to_contain_text(label)
    page.keyboard.press("e")
    expect(page.get_by_test_id("table")).to_contain_text(label)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, served: str, axe: Axe, scheme: Any):
    page.emulate_media(color_scheme=scheme)
    opened(page, served, "#s=context&sel=3")
    until(page, "lexiscope.panes[0].neighbors !== null")
    page.keyboard.press("e")
    page.get_by_role("button", name="New projection").click()
    page.get_by_text("Lines, pictures").click()
    assert axe(page) == []
    page.keyboard.press("s")
    page.keyboard.press("?")
    assert axe(page) == []


def test_dark_follows_the_system_and_the_button(page: Page, served: str):
    page.emulate_media(color_scheme="dark")
    opened(page, served)
    assert picture(page)[5, 5].max() < 60
    page.get_by_role("button", name="Dark theme").click()
    assert picture(page)[5, 5].min() > 200
    page.reload()
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    assert picture(page)[5, 5].min() > 200


def test_a_phone_shows_the_map_and_its_panels(page: Page, served: str, axe: Axe):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, served)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert drawn(page) == 30522
    page.get_by_label("Panels").get_by_role("button", name="View").click()
    expect(page.get_by_test_id("legend")).to_be_visible()
    page.get_by_label("Panels").get_by_role("button", name="Map").click()
    search(page, "india")
    page.keyboard.press("Enter")
    page.get_by_label("Panels").get_by_role("button", name="Selection").click()
    expect(page.get_by_test_id("neighbors").get_by_role("button").first).to_contain_text("indian")
    assert axe(page) == []


def test_calm_where_the_system_asks_for_it(page: Page, served: str):
    page.emulate_media(reduced_motion="reduce")
    opened(page, served, "#s=context")
    page.keyboard.press("[")
    until(page, "lexiscope.panes[0].coordinates.id.includes(' 5 ')")
    page.wait_for_timeout(60)
    place = page.evaluate("lexiscope.panes[0].scene.locate(7)")
    page.wait_for_timeout(700)
    assert page.evaluate("lexiscope.panes[0].scene.locate(7)") == place


# ---- when things are not as they should be -----------------------------------------------------


def test_without_webgl_the_table_still_works(page: Page, served: str):
    page.add_init_script(
        """const own = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind === "webgl2" ? null : own.call(this, kind, ...rest);
        };"""
    )
    page.goto(served)
    expect(page.get_by_text("This browser does not draw the map")).to_be_visible()
    expect(page.get_by_test_id("table")).to_contain_text("[PAD]")
    search(page, "india")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("neighbors").get_by_role("button").first).to_contain_text("indian")


def test_a_lost_context_comes_back(page: Page, served: str):
    opened(page, served, "#s=context")
    before = picture(page)
    page.evaluate(
        """globalThis.lost = document.querySelector("[data-testid=map] canvas")
          .getContext("webgl2").getExtension("WEBGL_lose_context"); lost.loseContext()"""
    )
    expect(page.get_by_text("The graphics card took the picture away")).to_be_visible()
    page.evaluate("lost.restoreContext()")
    expect(page.get_by_text("The graphics card took the picture away")).to_have_count(0)
    assert share_apart(before, picture(page)) < 0.01


def test_a_lost_server_is_said_and_found_again(chromium: Browser, senses: Path):
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    with viewing(senses) as address:
        opened(page, address, "#s=context")
    expect(page.get_by_test_id("lost")).to_be_visible(timeout=10_000)
    page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(5))")
    expect(page.get_by_text("Waiting for the server")).to_be_visible()
    port = int(address.rstrip("/").rpartition(":")[2])
    with viewing(senses, port=port):
        expect(page.get_by_test_id("lost")).to_have_count(0, timeout=20_000)
        # What was asked while it was away is answered now.
        expect(page.get_by_test_id("neighbors").get_by_role("button")).to_have_count(10)
        page.keyboard.press("[")
        expect(page.get_by_test_id("layer")).to_contain_text("layer 5")
    context.close()


def test_an_empty_atlas_says_what_fills_it_and_notices(page: Page, tmp_path: Path):
    path = tmp_path / "fresh.atlas"
    lx.Atlas.create(path)
    with viewing(path) as address:
        page.goto(address)
        expect(page.get_by_role("heading", name="fresh is empty")).to_be_visible()
        expect(page.get_by_text("lexiscope build")).to_be_visible()
        lx.build("embedded", output=path, maps=("pca",))
        expect(page.get_by_test_id("drawn")).to_have_text("all 30,522 points", timeout=20_000)
        page.goto("about:blank")


def test_a_build_that_runs_is_followed(page: Page, tmp_path: Path):
    path = tmp_path / "fresh.atlas"
    atlas = lx.Atlas.create(path)
    with viewing(path) as address, atlas.writing(lambda *_: None) as progress:
        page.goto(address)
        progress("reading words in context", "text", 3, 10)
        expect(page.get_by_role("heading", name="fresh is being built")).to_be_visible()
        expect(page.get_by_text("reading words in context: 3 of 10")).to_be_visible()
        time.sleep(0.6)  # what is said more often than twice a second is left out
        progress("reading words in context", "text", 7, 10)
        expect(page.get_by_text("reading words in context: 7 of 10")).to_be_visible()
        page.goto("about:blank")


def test_an_atlas_that_goes_away_is_said(
    page: Page, senses: Path, tmp_path: Path, wrong: list[str]
):
    own = tmp_path / "own.atlas"
    shutil.copytree(senses, own)
    with viewing(own) as address:
        opened(page, address, "#s=context")
        own.rename(tmp_path / "elsewhere")
        expect(page.get_by_role("alert").first).to_contain_text("does not exist", timeout=10_000)
        (tmp_path / "elsewhere").rename(own)
        expect(page.get_by_role("alert")).to_have_count(0, timeout=10_000)
        page.goto("about:blank")
    wrong.clear()
