"""The map in a real browser: what is drawn, searching, neighbours, projections, layers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from browser import (
    COMPUTED,
    drawn,
    glided,
    hits,
    opened,
    picture,
    search,
    selected,
    settled,
    share_apart,
    until,
)
from playwright.sync_api import Page, expect

import lexiscope as lx

pytestmark = pytest.mark.browser
# Seconds that a test may take which waits for what is computed on the real weights.
LONG = pytest.mark.timeout(3 * COMPUTED)
SENTENCE = "he sat on the bank of the river"
# Of the last job, as the server knows it by now, whatever its last news to the page was.
LAYOUTS = "fetch('/api/jobs').then((answer) => answer.json()).then((jobs) => jobs.at(-1).layouts)"


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
    settled(page)
    page.keyboard.press("Escape")
    settled(page)
    after = page.evaluate("lexiscope.panes[0].scene.labelled")
    assert {"pakistan", "bengal", "delhi", "nepal"} & set(after)
    assert len(set(after) - before) > 10


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


def test_a_label_of_many_points_is_all_of_them_or_one(page: Page, served: str, senses: Path):
    space = lx.Atlas.open(senses)["context"]
    labels = space.points["label"].to_pylist()
    banks = [point for point, label in enumerate(labels) if label == "bank"]
    assert len(banks) > 12
    opened(page, served, "#s=context")
    search(page, "bank")
    expect(hits(page).first).to_have_text(f"bank ({len(banks)}) all of them")
    # Each of the others is told apart by its sentence.
    expect(hits(page).nth(2)).to_contain_text(f"#{banks[1]}")
    expect(hits(page).nth(2).locator("mark")).to_have_text("bank")
    page.keyboard.press("Enter")
    until(page, f"lexiscope.pane.view.selected.length === {len(banks)}")
    assert selected(page) == banks
    # As `lexiscope near` answers: near their mean.
    expect(page.get_by_test_id("near")).to_have_text(
        f"near the mean of {len(banks)} points called bank"
    )
    near = page.evaluate("lexiscope.pane.neighbors.neighbors.map(({ point }) => point)")
    assert near == space.neighbors("bank", 10)["point"].to_pylist()
    expect(page.get_by_label("Selection", exact=True)).not_to_contain_text("up to 12 points")
    search(page, "bank")
    hits(page).nth(2).click()
    until(page, "lexiscope.pane.view.selected.length === 1")
    assert selected(page) == [banks[1]]
    # Some of them, taken together, are no mean of the label.
    page.evaluate(f"lexiscope.select(lexiscope.pane, Int32Array.from({banks[:3]}))")
    expect(page.get_by_test_id("near")).to_have_text("near the 3 selected points taken together")


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


def compute(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Compute on all")).click()


@LONG
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
    until(page, "lexiscope.panes[0].preview !== null", COMPUTED)
    until(page, "lexiscope.panes[0].projection.method === 'axes'", COMPUTED)
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


@LONG
def test_t_sne_runs_in_sight_pauses_and_stops(page: Page, served: str):
    opened(page, served)
    before = page.evaluate("lexiscope.panes[0].projection.id")
    page.get_by_role("button", name="New projection").click()
    page.get_by_label("Perplexity").fill("9")
    compute(page)
    job = page.get_by_test_id("job")
    expect(job).to_be_visible()
    until(page, "lexiscope.panes[0].preview !== null", COMPUTED)
    job.get_by_role("button", name="Pause").click()
    expect(job.get_by_role("button", name="Resume")).to_be_visible()
    held = page.evaluate(LAYOUTS)
    assert held > 0
    # What is being laid out is of this space: elsewhere it is not shown.
    expect(page.get_by_text("not measured yet")).to_be_visible()
    page.evaluate("lexiscope.panes[0].open(lexiscope.panes[0].view.atlas, 'position')")
    until(page, "lexiscope.panes[0].scene.drawn === 512")
    expect(page.get_by_text("not measured yet")).to_have_count(0)
    page.reload()
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    expect(job.get_by_role("button", name="Resume")).to_be_visible()
    # The one that was under way when it was told to pause came, and no other.
    again = page.evaluate(LAYOUTS)
    assert held <= again <= held + 1
    job.get_by_role("button", name="Resume").click()
    job.get_by_role("button", name="Perturb").click()
    until(page, f"lexiscope.jobs[0].layouts > {held + 1}", COMPUTED)
    job.get_by_role("button", name="Stop").click()
    until(page, "lexiscope.jobs[0].state === 'stopped'", COMPUTED)
    expect(job).to_have_count(0)
    page.evaluate("lexiscope.panes[0].open(lexiscope.panes[0].view.atlas, 'word')")
    until(page, f"lexiscope.panes[0].projection?.id === {before!r}")


@LONG
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
        COMPUTED,
    )
    expect(page.get_by_role("img", name=re.compile("^Variance of the first"))).to_be_visible()
    first = picture(page)
    assert drawn(page) == 458
    yaw = page.evaluate("lexiscope.panes[0].scene.camera.yaw")
    page.get_by_role("button", name="Orbit").click()
    until(page, f"lexiscope.panes[0].scene.camera.yaw > {yaw + 0.2}")
    page.get_by_role("button", name="Orbit").click()
    assert share_apart(first, picture(page)) > 0.005


def test_points_glide_from_layer_to_layer(page: Page, served: str):
    opened(page, served, "#s=context")
    settled(page)
    places = glided(page, 0)
    start, end = places[0], places[-1]
    assert abs(end - start) > 3
    low, high = sorted((start, end))
    assert any(low + 0.5 < x < high - 0.5 for x in places)


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
    # By itself it goes on, from layer to layer: one that is looked for late is passed already.
    until(page, "lexiscope.panes[0].layer >= 3")
    page.get_by_test_id("play").click()


def test_the_card_and_the_neighbours_show_their_sentences(page: Page, served: str):
    opened(page, served, "#s=context&sel=0")
    card = page.get_by_label("Selection", exact=True)
    word = page.evaluate("lexiscope.panes[0].labelOf(0)")
    expect(card.locator("mark")).to_have_text(word)
    rows = page.get_by_test_id("neighbors").get_by_role("button")
    expect(rows).to_have_count(10)
    expect(rows.first.locator("mark")).to_be_visible()


@LONG
def test_a_live_sentence_lands_among_its_sense(page: Page, served: str):
    opened(page, served, "#s=context")
    page.get_by_role("textbox", name="A sentence").fill(SENTENCE)
    page.get_by_role("button", name="Read", exact=True).click()
    page.get_by_test_id("words").get_by_role("button", name="bank").click(timeout=1000 * COMPUTED)
    answer = until(page, "lexiscope.live?.word && lexiscope.live", COMPUTED)
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
