"""An exported page in a real browser, from disk and from a static host."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import (
    addressed,
    drawn,
    hits,
    opened,
    picture,
    search,
    selected,
    share_apart,
    until,
)
from exported_atlas import LABELS, OWN, build_odd
from playwright.sync_api import Page, Request, expect
from server_atlas import arrow, client

import lexiscope as lx
from lexiscope.export import Choice
from lexiscope.export.page import export_html

pytestmark = pytest.mark.browser
Axe = Callable[[Page], list[str]]


@pytest.fixture(scope="module")
def bookmarked(reported: Path, tmp_path_factory: pytest.TempPathFactory) -> lx.Atlas:
    """The atlas with its findings, and with bookmarks in a copy of it."""
    path = tmp_path_factory.mktemp("bookmarked") / "reported.atlas"
    shutil.copytree(reported, path)
    view = {"name": "india", "view": "#s=word&sel=216", "made": "2026-01-01T00:00:00Z"}
    other = {"name": "elsewhere", "view": "#s=position", "made": "2026-01-02T00:00:00Z"}
    atlas = lx.Atlas.open(path)
    atlas.keep_bookmarks([view, other])
    return atlas


@pytest.fixture(scope="module")
def exported(bookmarked: lx.Atlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of it as one file."""
    return export_html(bookmarked, tmp_path_factory.mktemp("out") / "senses.html")[0]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_odd(tmp_path_factory.mktemp("odd") / "odd <b>&amp;.atlas")


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the page asked for, its own pictures in memory aside."""
    found: list[str] = []

    def request(each: Request) -> None:
        if not each.url.startswith(("data:", "blob:")):
            found.append(each.url.partition("#")[0])

    page.on("request", request)
    return found


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[Callable[[Path], str]]:
    """Serve a folder as any static host does."""
    servers = []

    def serve(folder: Path) -> str:
        handler = partial(_Quiet, directory=str(folder))
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def neighbors(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = until(page, "lexiscope.pane.neighbors?.neighbors")
    return found


def test_from_disk_it_asks_for_itself_alone(page: Page, asked: list[str], exported: Path):
    opened(page, exported.as_uri())
    assert drawn(page) == 30522
    light = picture(page)
    assert np.unique(light.reshape(-1, 3), axis=0).shape[0] > 50
    page.emulate_media(color_scheme="dark")
    until(page, "lexiscope.dark")
    assert share_apart(light, picture(page)) > 0.5
    assert page.title() == "word · reported · Lexiscope"
    assert asked == [exported.as_uri()]


def test_it_finds_words_and_their_true_neighbours(
    page: Page, asked: list[str], exported: Path, reported: Path
):
    space = lx.Atlas.open(reported)["word"]
    opened(page, exported.as_uri())
    search(page, "india")
    expect(hits(page).first).to_contain_text("india")
    page.keyboard.press("Enter")
    page.get_by_label("How many neighbours").fill("15")
    page.keyboard.press("Enter")
    until(page, "lexiscope.pane.neighbors?.neighbors.length === 15")
    truth = space.neighbors("india", 15)
    found = neighbors(page)
    assert [each["point"] for each in found] == truth["point"].to_pylist()
    assert [each["label"] for each in found] == truth["label"].to_pylist()
    values = np.array([each["value"] for each in found])
    assert np.abs(values - truth["similarity"].to_numpy()).max() < 0.51e-4
    assert page.evaluate("lexiscope.pane.lines.length") == 15
    expect(page.get_by_test_id("neighbors")).to_contain_text("indian")
    expect(page.get_by_label("Neighbours", exact=True)).to_contain_text(
        "All 30,522 points were compared"
    )
    # The address holds the view, and Ctrl+Z goes back in it.
    until(page, "location.hash.includes('sel=')")
    page.get_by_test_id("neighbors").get_by_role("button").first.click()
    until(page, "lexiscope.pane.view.selected[0] !== 2634")
    addressed(page)
    page.keyboard.press("Control+z")
    until(page, "lexiscope.pane.view.selected[0] === 2634")
    assert asked == [exported.as_uri()]


def test_what_is_given_up_is_not_shown(page: Page, exported: Path):
    opened(page, exported.as_uri())
    # The neighbours are still being unpacked when they are given up.
    asking = page.evaluate(
        """(async () => {
          lexiscope.pane.choose(Int32Array.of(5));
          await Promise.resolve();
          const asking = lexiscope.pane.asking;
          lexiscope.pane.choose(new Int32Array(0));
          return asking;
        })()"""
    )
    assert asking == 1
    until(page, "lexiscope.pane.asking === 0")
    assert page.evaluate("lexiscope.pane.neighbors") is None
    page.evaluate("lexiscope.pane.choose(Int32Array.of(5))")
    assert len(neighbors(page)) == 10


def test_it_moves_through_layers_in_two_panes(page: Page, exported: Path, reported: Path):
    space = lx.Atlas.open(reported)["context"]
    opened(page, exported.as_uri(), "#s=context&l=6&sel=a")
    (point,) = selected(page)
    # In a file each layer has its own neighbours.
    for layer in (6, 5):
        until(page, f"lexiscope.pane.neighbors?.layer === {layer}")
        truth = space.layer(layer).neighbors(point, 10)
        values = np.array([each["value"] for each in neighbors(page)])
        assert np.abs(values - truth["similarity"].to_numpy()).max() < 0.51e-4
        page.keyboard.press("[")
    before = picture(page)
    page.get_by_role("slider", name="Layer").fill("0")
    expect(page.get_by_test_id("layer")).to_contain_text("layer 0")
    assert share_apart(before, picture(page)) > 0.005
    page.keyboard.press("s")
    until(page, "lexiscope.panes.length === 2 && lexiscope.panes[1].coordinates")
    assert drawn(page, 1) == len(space)
    page.evaluate("lexiscope.panes[1].open('reported', 'word')")
    until(page, "lexiscope.panes[1].scene.drawn === 30522")
    expect(page.get_by_role("button", name="Compare")).to_have_count(0)


def test_it_has_findings_and_bookmarks(page: Page, exported: Path, reported: Path):
    kept = lx.Atlas.open(reported).findings
    opened(page, exported.as_uri())
    page.keyboard.press("g")
    panel = page.get_by_test_id("findings")
    expect(panel).to_contain_text(kept[0].statement[:30])
    expect(panel.get_by_role("button", name="Measure again")).to_have_count(0)
    panel.get_by_role("button", name=f"all {len(kept)}").click()
    page.get_by_role("button", name="Bookmarks").click()
    dialog = page.get_by_role("dialog", name="Bookmarks")
    expect(dialog.get_by_role("button", name="Keep this view")).to_have_count(0)
    expect(dialog.get_by_role("button", name="elsewhere")).to_be_enabled()
    dialog.get_by_role("button", name="india").click()
    until(page, "lexiscope.pane.view.selected.length === 1")
    assert selected(page) == [2634]


def test_a_bookmark_of_a_space_left_out_is_told(page: Page, bookmarked: lx.Atlas, tmp_path: Path):
    (file,) = export_html(bookmarked, tmp_path / "part.html", Choice(spaces=("token_type",)))
    opened(page, file.as_uri())
    page.get_by_role("button", name="Bookmarks").click()
    away = page.get_by_role("dialog").get_by_role("button", name="elsewhere")
    expect(away).to_be_disabled()
    expect(away).to_have_attribute("title", "space position is not in this page")


def test_a_layer_left_out_is_told(page: Page, bookmarked: lx.Atlas, tmp_path: Path):
    (file,) = export_html(
        bookmarked, tmp_path / "part.html", Choice(spaces=("context",), layers=(0, 1))
    )
    (about,) = (each for each in bookmarked.findings if each.name == "contextuality")
    assert about.layer not in (0, 1, None)
    opened(page, file.as_uri(), "#s=context&l=5&f=1")
    lacks = page.get_by_test_id("lacks")
    expect(lacks).to_have_text("layer 5 is not in this page: layer 1 is shown")
    panel = page.get_by_test_id("findings")
    card = panel.get_by_role("article", name="How much of a word is its sentence")
    expect(card.get_by_test_id("away")).to_have_text(
        f"layer {about.layer} is not in this page, so the map cannot show it."
    )
    expect(card.get_by_role("button", name="map")).to_have_count(0)
    # Of a word that is told apart best at such a layer too nothing is selected.
    row = panel.locator("summary", has_text="plant").first
    row.click()
    expect(panel.locator("details[open]").get_by_test_id("away")).to_be_visible()
    assert page.evaluate("lexiscope.pane.view.selected.length") == 0
    # A chart leads to the layers that are there, and says of others that they are not.
    chart = card.get_by_role("img", name="Self-similarity by layer")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    chart.click(position={"x": box["width"] - 10, "y": 60})
    expect(page.get_by_test_id("notice")).to_have_text("layer 6 is not in this page")
    assert page.evaluate("lexiscope.pane.layer") == 1
    chart.click(position={"x": 44, "y": 60})
    until(page, "lexiscope.pane.layer === 0")
    expect(lacks).to_have_count(0)


def test_without_findings_it_says_how_to_get_them(page: Page, odd: Path, tmp_path: Path):
    (file,) = export_html(lx.Atlas.open(odd), tmp_path / "odd.html")
    opened(page, file.as_uri())
    page.keyboard.press("g")
    expect(page.get_by_test_id("findings")).to_contain_text("lexiscope report odd <b>&amp;.atlas")


def test_what_a_file_cannot_do_is_not_offered(page: Page, exported: Path):
    opened(page, exported.as_uri(), "#s=context&sel=a.b")
    for name in ("New projection", "Tag", "Read", "Compare"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_label("Metric")).to_have_count(0)
    expect(page.get_by_label("Projections")).to_contain_text("lexiscope view reported.atlas")
    search(page, "king - man + woman")
    expect(page.get_by_role("search")).to_contain_text("lexiscope view reported.atlas")
    # A link made elsewhere may ask for it all the same.
    opened(page, exported.as_uri(), "#s=word&ask=king+-+man+%2B+woman")
    refused = until(page, "lexiscope.pane.refusal")
    assert "single points" in refused
    assert "lexiscope view reported.atlas" in refused
    page.goto(exported.as_uri() + "#s=word&sel=a&m=dot")
    assert "lexiscope view" in until(page, "lexiscope.pane.refusal")
    page.get_by_role("button", name="Show by cosine").click()
    assert neighbors(page)


PATTERNS = [
    {"column": "label", "pattern": pattern, "mode": mode, "case": case}
    for pattern in ("σ", "ΣΕΥΣ", "i", "İ", "script", "SS", "ß", "\n", "日", "<", "Ι", "ς")
    for mode in ("substring", "exact", "regex")
    for case in (False, True)
] + [
    {"column": column, "pattern": pattern, "mode": "substring", "case": False}
    for column in (OWN, "seen", "point", "group")
    for pattern in ("1", "0.1", "e-07", "1e-7", "-0", "e+20", "true", "A", "nan")
]


def test_it_searches_as_the_server_does(page: Page, odd: Path, tmp_path: Path):
    (file,) = export_html(lx.Atlas.open(odd), tmp_path / "odd.html")
    opened(page, file.as_uri())
    found = 0
    with client(odd) as server:
        for query in PATTERNS:
            asked = {**query, "case": int(bool(query["case"]))}
            root = server.get("/api/atlases").json()["atlases"][0]["id"]
            answer = server.get(
                f"/api/atlases/{root.replace('&', '%26')}/spaces/odd/search", params=asked
            )
            truth = arrow(answer.content)["point"].to_pylist()
            mine = page.evaluate(
                "async (query) => Array.from(await lexiscope.pane.data.search(query))", query
            )
            assert mine == truth, query
            found += len(truth)
    assert found > 200


def test_a_bad_expression_is_refused_and_a_slow_one_ended(page: Page, exported: Path):
    opened(page, exported.as_uri())
    ask = """(pattern) =>
        lexiscope.pane.data
            .search({ column: "label", pattern, mode: "regex", case: true })
            .then((found) => found.length, (error) => error.message)"""
    assert page.evaluate(ask, "^un.*ed$") > 20
    assert page.evaluate(ask, "^un.*ed$ ") == 0
    assert "'(a' is no regular expression here: " in page.evaluate(ask, "(a")
    assert "more than 5 seconds" in page.evaluate(ask, "(.*.*.*.*.*.*.*.*)+\\n$")


def test_a_selection_is_the_servers_csv(page: Page, odd: Path, tmp_path: Path):
    (file,) = export_html(lx.Atlas.open(odd), tmp_path / "odd.html")
    opened(page, file.as_uri(), "#s=odd&sel=a.b")
    points = selected(page)
    assert points
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    with client(odd) as server:
        id = server.get("/api/atlases").json()["atlases"][0]["id"].replace("&", "%26")
        root = f"/api/atlases/{id}/spaces/odd/selection"
        answer = server.post(root, json={"points": points})
        assert answer.status_code == 200, answer.text
        assert Path(download.value.path()).read_bytes() == answer.content
        whole = server.post(root, json={}).text
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download csv").click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == whole


def test_names_of_any_kind_do_nothing(page: Page, asked: list[str], odd: Path, tmp_path: Path):
    (file,) = export_html(lx.Atlas.open(odd), tmp_path / "odd.html")
    opened(page, file.as_uri())
    page.keyboard.press("e")
    expect(page.get_by_test_id("table")).to_contain_text("<!-- <script>")
    assert drawn(page) == 4 * len(LABELS)
    page.get_by_label("Colour by").select_option("group")
    page.get_by_label("Label by").select_option(OWN)
    page.get_by_role("button", name="Bookmarks").click()
    expect(page.get_by_role("dialog")).to_contain_text("</script>")
    assert page.evaluate("window.broken") is None
    assert asked == [file.as_uri()]


def test_a_folder_on_a_static_host(
    page: Page,
    asked: list[str],
    host: Callable[[Path], str],
    small_atlas: Path,
    tmp_path: Path,
):
    (folder,) = export_html(lx.Atlas.open(small_atlas), tmp_path / "page")
    address = host(folder)
    opened(page, address, "#s=context")
    space = lx.Atlas.open(small_atlas)["context"]
    assert drawn(page) == len(space)
    page.evaluate("lexiscope.select(lexiscope.pane, Int32Array.of(3))")
    truth = space.neighbors(3, 9)
    found = neighbors(page)
    assert (
        np.abs(
            np.array([each["value"] for each in found])
            - truth["similarity"].to_numpy()[: len(found)]
        ).max()
        < 0.51e-4
    )
    assert all(url == address or url.startswith(f"{address}data/") for url in asked)
    # What is not looked at is not fetched.
    files = json.loads(page.locator("#data").text_content() or "")["files"]
    fetched = {url.removeprefix(address) for url in asked}
    assert 0 < len(fetched & set(files.values())) < len(files) / 2


def test_a_folder_from_disk_says_to_serve_it(page: Page, small_atlas: Path, tmp_path: Path):
    (folder,) = export_html(lx.Atlas.open(small_atlas), tmp_path / "page")
    page.goto((folder / "index.html").as_uri())
    expect(page.get_by_role("main")).to_contain_text("python -m http.server")


def test_a_folder_that_lost_a_file_says_which(
    page: Page, host: Callable[[Path], str], wrong: list[str], small_atlas: Path, tmp_path: Path
):
    (folder,) = export_html(lx.Atlas.open(small_atlas), tmp_path / "page")
    page.goto((folder / "index.html").as_uri())
    files = json.loads(page.locator("#data").text_content() or "")["files"]
    for path, file in files.items():
        if "/projections/" in path:
            (folder / file).unlink()
    page.goto(host(folder))
    expect(page.get_by_test_id("pane")).to_contain_text("is not beside this page (404)")
    assert all("404" in each for each in wrong)
    wrong.clear()


def test_on_a_narrow_screen_and_for_everyone(page: Page, exported: Path, axe: Axe):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, exported.as_uri(), "#s=word&sel=216")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Selection (1)").click()
    expect(page.get_by_test_id("neighbors")).to_be_visible()
    # An inline script is what it is made of; axe is put in as one.
    assert axe(page) == []
