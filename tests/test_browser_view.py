"""The view in a real browser: two maps, what is kept, links, pictures, a person's own data."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import addressed, drawn, opened, picture, selected, share_apart, until, viewing
from PIL import Image
from playwright.sync_api import Page, expect

import lexiscope as lx

pytestmark = pytest.mark.browser


def test_two_panes_follow_each_other(page: Page, served: str):
    opened(page, served, "#s=context")
    page.keyboard.press("s")
    expect(page.get_by_test_id("pane")).to_have_count(2)
    until(page, "lexiscope.panes[1].scene?.drawn === 458")
    assert page.evaluate("lexiscope.panes.map((pane) => pane.layer)") == [6, 6]
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


def test_a_second_map_begins_where_the_first_is(page: Page, served: str):
    opened(page, served, "#s=context&l=3&p=pca-2d&k=7&sel=3")
    page.get_by_role("button", name="Zoom in").click()
    page.keyboard.press("s")
    until(page, "lexiscope.panes[1]?.scene?.drawn === 458")
    what = (
        "({ info, layer, projection, view }) => JSON.stringify([info.name, layer, projection.id, "
        "view.camera.zoom, view.camera.center, view.k, Array.from(view.selected)])"
    )
    first, second = page.evaluate(f"lexiscope.panes.map({what})")
    assert first == second
    assert first.startswith('["context",3,"pca-2d",1.5,')
    until(page, "lexiscope.panes[1].scene.camera.zoom === 1.5")
    # From there each goes its own way.
    page.keyboard.press("]")
    until(page, "lexiscope.panes[1].layer === 4")
    assert page.evaluate("lexiscope.panes[0].layer") == 3


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
    addressed(page)
    page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(6))")
    addressed(page)
    page.keyboard.press("Control+z")
    until(page, "lexiscope.panes[0].view.selected[0] === 5")


def test_back_closes_a_second_map(page: Page, served: str):
    opened(page, served, "#s=context")
    addressed(page)
    page.keyboard.press("s")
    expect(page.get_by_test_id("pane")).to_have_count(2)
    addressed(page)
    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("pane")).to_have_count(1)
    assert drawn(page) == 458


def test_playing_is_no_step_to_undo(page: Page, served: str):
    opened(page, served, "#s=context&l=0")
    addressed(page)
    steps = page.evaluate("history.length")
    page.get_by_test_id("play").click()
    # The address follows from layer to layer.
    layer = "Number(new URLSearchParams(location.hash.slice(1)).get('l'))"
    first = until(page, layer)
    until(page, f"{layer} !== {first}")
    assert page.evaluate("history.length") == steps
    page.get_by_test_id("play").click()


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
