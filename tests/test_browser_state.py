"""The page in a real browser for everyone, and when things are not as they should be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import (
    drawn,
    glided,
    hits,
    opened,
    picture,
    search,
    settled,
    share_apart,
    until,
    viewing,
    visiting,
)
from playwright.sync_api import Browser, Page, expect

import lexiscope as lx

pytestmark = pytest.mark.browser
Axe = Callable[[Page], list[str]]


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
    # What a box would select, without a mouse: all that is in sight.
    page.keyboard.press("x")
    chosen = until(page, "lexiscope.panes[0].view.selected.length")
    assert 1 < chosen < 30522


def test_the_greeting_goes_at_the_first_step(page: Page, served: str):
    card = page.get_by_role("complementary", name="Welcome")
    field = page.get_by_role("combobox", name="Search points")

    def greeted() -> None:
        page.goto(served + "#s=context")
        page.evaluate("localStorage.removeItem('lexiscope:welcomed')")
        page.reload()
        until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")

    greeted()
    expect(card).to_contain_text("Esc, or the first thing you do on the map, closes this")
    for key in ("Shift", "Tab", "Tab"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Zoom in").hover()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    # The key of a first step does what it does at all times.
    greeted()
    page.keyboard.press("[")
    expect(card).to_have_count(0)
    expect(page.get_by_test_id("layer")).to_contain_text("layer 5")
    greeted()
    page.get_by_test_id("map").click(position={"x": 500, "y": 600})
    expect(card).to_have_count(0)
    greeted()
    page.get_by_test_id("map").hover(position={"x": 500, "y": 600})
    page.mouse.wheel(0, -200)
    expect(card).to_have_count(0)
    greeted()
    field.click()
    field.press_sequentially("ba")
    expect(card).to_have_count(0)
    expect(field).to_have_value("ba")
    # Once is enough.
    page.reload()
    until(page, "performance.getEntriesByName('lexiscope:ready').length > 0")
    expect(card).to_have_count(0)


def test_a_link_to_what_is_not_there_says_so(page: Page, served: str):
    opened(page, served, "#s=context&l=9&sel=3")
    lacks = page.get_by_test_id("lacks")
    expect(lacks).to_have_text("layer 9 is not in this atlas: layer 6 is shown")
    # The same points are there at every layer.
    assert page.evaluate("Array.from(lexiscope.pane.view.selected)") == [3]
    page.keyboard.press("[")
    expect(page.get_by_test_id("layer")).to_contain_text("layer 5")
    expect(lacks).to_have_count(0)
    # Points of another space are not points of the one that is shown.
    page.goto("about:blank")
    opened(page, served, "#s=sentences&sel=3-9&cam=1_1_0_9_0_0")
    expect(lacks).to_have_text("space sentences is not in this atlas: word is shown")
    assert page.evaluate("lexiscope.pane.view.selected.length") == 0
    assert drawn(page) == 30522
    assert page.evaluate("lexiscope.pane.scene.camera.zoom") == 1
    page.get_by_label("Space").get_by_role("button", name="context").first.click()
    expect(lacks).to_have_count(0)


def test_keys_are_the_pages_as_soon_as_a_dialog_is_closed(page: Page, served: str):
    opened(page, served)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    # Both in one task: the dialog's own event of being closed has not come yet.
    page.evaluate(
        "document.querySelector('dialog').close();"
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))"
    )
    expect(page.get_by_role("combobox", name="Search points")).to_be_focused()


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


@pytest.mark.parametrize("width", [390, 1280])
def test_names_keep_off_the_tools(page: Page, served: str, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    opened(page, served)
    for _ in range(6):
        page.get_by_role("button", name="Zoom in").click()
    settled(page)
    # Every name in sight and every tool, in pixels of the page.
    names, tools = page.evaluate(
        """() => {
          const map = document.querySelector("[data-testid=map]").getBoundingClientRect();
          const { labels } = lexiscope.pane.scene.drawing.overlay.figure;
          const bars = [...document.querySelectorAll("main [role=toolbar]")];
          const box = ({ left, top, width, height }) => [left, top, width, height];
          return [
            labels.map((each) =>
              box({ ...each, left: each.left + map.left, top: each.top + map.top })
            ),
            bars.map((each) => box(each.getBoundingClientRect())),
          ];
        }"""
    )
    assert len(tools) == 2
    assert len(names) > 20
    beneath = [
        (name, tool)
        for name in names
        for tool in tools
        if all(
            name[axis] < tool[axis] + tool[axis + 2] and tool[axis] < name[axis] + name[axis + 2]
            for axis in (0, 1)
        )
    ]
    assert beneath == []


def test_calm_where_the_system_asks_for_it(page: Page, served: str):
    page.emulate_media(reduced_motion="reduce")
    opened(page, served, "#s=context")
    settled(page)
    places = glided(page, 0)
    assert abs(places[0] - places[-1]) > 3
    # It is where it was or where it belongs, and nowhere between.
    assert set(places) == {places[0], places[-1]}


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
    with visiting(chromium, viewport={"width": 1200, "height": 800}) as context:
        page = context.new_page()
        with viewing(senses) as address:
            opened(page, address, "#s=context")
        expect(page.get_by_test_id("lost")).to_be_visible()
        page.evaluate("lexiscope.select(lexiscope.panes[0], Int32Array.of(5))")
        expect(page.get_by_text("Waiting for an answer")).to_be_visible()
        port = int(address.rstrip("/").rpartition(":")[2])
        with viewing(senses, port=port):
            expect(page.get_by_test_id("lost")).to_have_count(0)
            # What was asked while it was away is answered now.
            expect(page.get_by_test_id("neighbors").get_by_role("button")).to_have_count(10)
            page.keyboard.press("[")
            expect(page.get_by_test_id("layer")).to_contain_text("layer 5")


def test_an_empty_atlas_says_what_fills_it_and_notices(page: Page, tmp_path: Path):
    path = tmp_path / "fresh.atlas"
    lx.Atlas.create(path)
    with viewing(path) as address:
        page.goto(address)
        expect(page.get_by_role("heading", name="fresh is empty")).to_be_visible()
        expect(page.get_by_text("lexiscope build")).to_be_visible()
        lx.build("embedded", output=path, maps=("pca",))
        expect(page.get_by_test_id("drawn")).to_have_text("all 30,522 points")
        page.goto("about:blank")


def test_a_build_that_runs_is_followed(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # What is said more often than twice a second is left out: here nothing is.
    monkeypatch.setattr("lexiscope.atlas.building.SECONDS", 0)
    path = tmp_path / "fresh.atlas"
    atlas = lx.Atlas.create(path)
    with viewing(path) as address, atlas.writing(lambda *_: None) as progress:
        page.goto(address)
        progress("reading words in context", "text", 3, 10)
        expect(page.get_by_role("heading", name="fresh is being built")).to_be_visible()
        expect(page.get_by_text("reading words in context: 3 of 10")).to_be_visible()
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
        expect(page.get_by_role("alert").first).to_contain_text("does not exist")
        (tmp_path / "elsewhere").rename(own)
        expect(page.get_by_role("alert")).to_have_count(0)
        page.goto("about:blank")
    wrong.clear()
