"""Findings and comparisons in a real browser: on the page beside the map, and as one file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import COMPUTED, frames, opened, selected, settled, until, viewing
from playwright.sync_api import Locator, Page, Route, expect

import lexiscope as lx
from lexiscope.export.html import write_comparisons, write_findings
from lexiscope.findings import Finding
from lexiscope.workflow import diff

pytestmark = pytest.mark.browser
Axe = Callable[[Page], list[str]]
# Seconds that a test may take which waits for what is computed.
LONG = pytest.mark.timeout(2 * COMPUTED)


@pytest.fixture(scope="module")
def address(reported: Path) -> Iterator[str]:
    """Where the atlas with its findings is viewed."""
    with viewing(reported) as address:
        yield address


@pytest.fixture(scope="module")
def findings(reported: Path) -> tuple[Finding, ...]:
    return tuple(lx.Atlas.open(reported).findings)


def of(page: Page, space: str) -> None:
    page.get_by_role("group", name="Findings of").get_by_role("button", name=space).click()


def row(page: Page, name: str) -> Locator:
    return page.get_by_test_id("findings").locator("summary", has_text=name).first


def only(findings: tuple[Finding, ...], name: str, **figures: object) -> Finding:
    (found,) = (
        each
        for each in findings
        if each.name == name and all(each.figures.get(key) == figures[key] for key in figures)
    )
    return found


def test_the_panel_lists_what_was_found(page: Page, address: str, findings: tuple[Finding, ...]):
    opened(page, address)
    page.keyboard.press("g")
    panel = page.get_by_test_id("findings")
    expect(panel.get_by_test_id("finding").first).to_be_visible()
    shown = 0
    for space in dict.fromkeys(each.space for each in findings):
        of(page, space)
        stated = [each.statement for each in findings if each.space == space]
        told = panel.get_by_test_id("statement").all_text_contents()
        assert sorted(told) == sorted(stated)
        shown += len(told)
    assert shown == len(findings)
    page.get_by_role("button", name="Close findings").click()
    expect(panel).to_have_count(0)


def test_groups_are_listed_by_their_share(page: Page, address: str, findings: tuple[Finding, ...]):
    opened(page, address, "#s=word&f=1")
    groups = [each for each in findings if each.name == "group" and each.figures.get("share")]
    groups.sort(key=lambda each: -each.figures["share"])
    rows = page.get_by_test_id("findings").locator("summary").all_text_contents()
    for group, text in zip(groups[:5], rows, strict=False):
        assert group.figures["group"] in text
        percent, unit = text.split()[-2:]
        assert unit == "%"
        assert float(percent) == pytest.approx(100 * group.figures["share"], abs=0.06)


def test_intervals_are_drawn(page: Page, address: str, findings: tuple[Finding, ...]):
    opened(page, address, "#s=context&f=1")
    for kind, title in (
        ("contextuality", "How much of a word is its sentence"),
        ("geometry", "How the space is filled"),
    ):
        figures = only(tuple(each for each in findings if each.space == "context"), kind).figures
        measured = [
            name
            for name, values in figures.items()
            if name.endswith("_low") and sum(value is not None for value in values) > 1
        ]
        assert len(measured) > 1
        card = page.get_by_role("article", name=title)
        expect(card.locator("path.area")).to_have_count(len(measured))


def test_a_group_is_selected_and_brought_into_sight(
    page: Page, address: str, findings: tuple[Finding, ...]
):
    countries = only(findings, "group", group="countries")
    # Another space is shown: a click opens that of the finding.
    opened(page, address, "#s=context&f=1")
    of(page, "word")
    row(page, "countries").click()
    until(page, f"lexiscope.panes[0].view.selected.length === {countries.figures['n']}")
    assert selected(page) == sorted(countries.points)
    until(page, "lexiscope.panes[0].scene?.drawn === 30522 && !lexiscope.panes[0].awaited")
    until(page, "lexiscope.panes[0].scene.camera.zoom > 1")
    settled(page)
    inside = page.evaluate(
        "Array.from(lexiscope.panes[0].view.selected)"
        ".filter((point) => lexiscope.panes[0].scene.locate(point)).length"
    )
    assert inside == countries.figures["n"]
    expect(page.get_by_test_id("selected")).to_contain_text(f"{countries.figures['n']} points")
    best = countries.figures["examples"][0]
    page.get_by_test_id("findings").get_by_role("button", name=best["label"]).first.click()
    until(page, f"lexiscope.panes[0].view.selected.length === 1 && {best['point']} === "
          "lexiscope.panes[0].view.selected[0]")  # fmt: skip


def test_an_open_panel_is_in_the_address(page: Page, address: str):
    opened(page, address)
    page.get_by_role("button", name="Findings", exact=True).click()
    expect(page.get_by_test_id("findings")).to_be_visible()
    until(page, "location.hash.includes('f=1')")
    page.reload()
    expect(row(page, "countries")).to_be_visible()


def test_senses_by_layer_stand_beside_what_guessing_gives(
    page: Page, address: str, findings: tuple[Finding, ...]
):
    opened(page, address, "#s=context&f=1")
    overall = only(findings, "senses_overall")
    chart = page.get_by_test_id("senses-chart").first
    expect(chart).to_contain_text("always the commonest")
    expect(chart).to_contain_text("shuffled")
    expect(chart.get_by_role("img")).to_be_visible()
    page.get_by_text("The figures as a table").first.click()
    table = page.get_by_role("region", name="Figures")
    expect(table.locator("tbody tr")).to_have_count(len(overall.figures["layers"]))
    bank = only(findings, "senses", word="bank")
    row(page, "bank").click()
    until(page, f"lexiscope.panes[0].view.selected.length === {bank.figures['n']}")
    until(page, f"lexiscope.panes[0].layer === {bank.layer}")
    # A click on a chart goes to the layer that was pointed at.
    chart.get_by_role("img").click(position={"x": 44, "y": 60})
    until(page, "lexiscope.panes[0].layer === 0")


def test_a_cell_of_the_heat_map_is_two_positions(page: Page, address: str):
    opened(page, address, "#s=position&f=1")
    heat = page.get_by_role("img", name="Cosine of every position with every other")
    box = heat.bounding_box()
    assert box
    # A third down and halfway across.
    heat.click(position={"x": box["width"] / 2 + 0.5, "y": box["height"] / 3 + 0.5})
    until(page, "lexiscope.panes[0].view.selected.length >= 2")
    points = selected(page)
    assert points[0] == pytest.approx(512 / 3, abs=3)
    assert points[-1] == pytest.approx(512 / 2, abs=3)
    colors = heat.locator("canvas").evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(Array.from(new Uint32Array(data.buffer))).size;
        }"""
    )
    assert colors > 50


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(page: Page, address: str, axe: Axe, scheme: Any, width: int):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, address, "#s=word&f=1")
    row(page, "countries").click()
    until(page, "lexiscope.panes[0].view.selected.length > 1")
    settled(page)
    assert axe(page) == []
    for space in ("position", "token_type", "context"):
        of(page, space)
        frames(page)
        assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # The map is not covered.
    map_, panel = (
        page.get_by_test_id("map").bounding_box(),
        page.get_by_test_id("findings").bounding_box(),
    )
    assert map_
    assert panel
    apart = panel["x"] + panel["width"] <= map_["x"] or map_["y"] + map_["height"] <= panel["y"]
    assert apart
    assert map_["height"] > 150


@LONG
def test_two_layers_are_compared(page: Page, address: str, axe: Axe):
    opened(page, address, "#s=context&l=6&s2=context&l2=0")
    until(page, "lexiscope.panes[1].scene?.drawn === 458")
    page.get_by_role("button", name="Compare", exact=True).click()
    panel = page.get_by_test_id("comparison")
    expect(panel.get_by_test_id("movement")).to_be_visible(timeout=1000 * COMPUTED)
    assert page.evaluate("lexiscope.panes.map((pane) => pane.color)") == ["~moved", "~moved"]
    until(page, "lexiscope.panes.every((pane) => pane.shown?.name === 'movement')")
    values = page.evaluate("Array.from(lexiscope.panes[0].shown.numbers)")
    assert len(values) == 458
    assert min(values) < 0.5 * max(values)
    assert page.evaluate("lexiscope.linked")
    expect(panel.get_by_role("table").locator("tbody td")).to_have_count(49)
    assert axe(page) == []
    most = panel.get_by_test_id("most-moved").get_by_role("button").first
    most.click()
    until(page, "lexiscope.panes.every((pane) => pane.view.selected.length === 1)")
    assert selected(page, 0) == selected(page, 1)
    assert values[selected(page)[0]] == pytest.approx(max(values))
    # Of another layer nothing was compared: the colours are its own again, and the panel says so.
    page.evaluate("lexiscope.panes[1].toLayer(3)")
    expect(panel).to_contain_text("something else by now")
    until(page, "lexiscope.panes[1].color !== '~moved'")
    assert page.evaluate("lexiscope.panes[0].color") == "~moved"
    page.get_by_role("button", name="Close comparison").click()
    expect(page.get_by_test_id("color")).to_have_value("~moved")


def test_what_cannot_be_compared_is_said(page: Page, address: str):
    opened(page, address, "#s=context&l=6&s2=context&l2=6")
    page.get_by_role("button", name="Compare", exact=True).click()
    panel = page.get_by_test_id("comparison")
    expect(panel).to_contain_text("the same space and layer")
    page.get_by_label("Space of map 2").select_option(label="word")
    expect(panel).to_contain_text("hold different things")


@LONG
def test_measuring_on_the_page(page: Page, small_atlas: Path, tmp_path: Path):
    own = tmp_path / "small.atlas"
    shutil.copytree(small_atlas, own)
    (own / "findings.json").unlink(missing_ok=True)
    with viewing(own) as address:
        opened(page, address, "#f=1")
        panel = page.get_by_test_id("findings")
        expect(panel).to_contain_text("Nothing of this atlas was measured yet")
        panel.get_by_role("button", name="Measure", exact=True).click()
        expect(panel.get_by_test_id("finding").first).to_be_visible(timeout=1000 * COMPUTED)
        page.goto("about:blank")
    assert lx.Atlas.open(own).findings


def test_whatever_the_server_says_is_shown(page: Page, address: str):
    """Kinds of findings from a later version, refusals, an old report, a failure."""
    strange = [
        {"name": "novelty", "figures": {"of": [1, None]}, "statement": "This is new."},
        {"name": "group", "figures": {"n": 3, "refused": True}, "statement": "3 planets: too few."},
    ]
    state: dict[str, Any] = {
        "findings": [{"space": "word", "layer": None, "points": []} | each for each in strange],
        "outdated": True,
        "running": None,
        "error": None,
    }
    page.route("**/findings", lambda route: answer(route, state))
    opened(page, address, "#s=word&f=1")
    panel = page.get_by_test_id("findings")
    expect(panel.get_by_test_id("statement")).to_have_text(["3 planets: too few.", "This is new."])
    expect(panel).to_contain_text("A space was made anew")
    state |= {"error": "the disk is full", "findings": []}
    page.reload()
    expect(panel.get_by_role("alert")).to_have_text("the disk is full")
    state |= {"running": {"stage": "clusters", "unit": "%", "done": 20, "total": 100}}
    page.reload()
    expect(panel.get_by_test_id("measuring")).to_contain_text("clusters")
    # It asks again by itself, and shows what there is in the end.
    state |= {"running": None, "error": None} | {"findings": state["findings"]}
    state["findings"] = [{"space": "word", "layer": None, "points": []} | strange[0]]
    expect(panel.get_by_test_id("statement")).to_have_text(["This is new."])


def answer(route: Route, state: dict[str, Any]) -> None:
    route.fulfill(status=200, content_type="application/json", body=json.dumps(state))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_needs_nothing_but_itself(
    page: Page, reported: Path, tmp_path: Path, axe: Axe, scheme: Any
):
    atlas = lx.Atlas.open(reported)
    file = tmp_path / "report.html"
    write_findings(file, atlas, atlas.findings)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme)
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("reported")
    told = page.get_by_test_id("statement").all_text_contents()
    assert sorted(told) == sorted(each.statement for each in atlas.findings)
    # All of them are there to be read, without opening anything.
    assert all(each.is_visible() for each in page.get_by_test_id("statement").all())
    assert asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.get_by_role("button", name="Open all").click()
    expect(page.get_by_role("img", name="Share of occurrences").first).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") != scheme
    page.set_viewport_size({"width": 390, "height": 844})
    frames(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_report_is_short_on_a_telephone(page: Page, reported: Path, tmp_path: Path):
    atlas = lx.Atlas.open(reported)
    file = tmp_path / "report.html"
    write_findings(file, atlas, atlas.findings)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(file.as_uri())
    tall = "document.documentElement.scrollHeight"
    statements = page.get_by_test_id("statement")
    shown = statements.filter(visible=True)
    short, few = page.evaluate(tall), shown.count()
    groups = sum(each.name == "group" for each in atlas.findings)
    page.get_by_role("button", name=f"Show all {groups} groups").click()
    assert shown.count() == few + groups - 8
    page.get_by_role("button", name=f"Hide all {groups} groups").click()
    assert shown.count() == few
    page.get_by_role("button", name="Open all").click()
    assert shown.count() == statements.count() == len(atlas.findings)
    page.get_by_role("button", name="Close all").click()
    assert page.evaluate(tall) == short
    # Paper is as narrow, and has all of it.
    page.emulate_media(media="print")
    assert shown.count() == len(atlas.findings)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 900, "height": 844})
    assert shown.count() == len(atlas.findings)
    more = page.get_by_role("button", name="Show")
    expect(more.filter(visible=True)).to_have_count(0)


def test_a_report_is_printed_white_and_whole(page: Page, reported: Path, tmp_path: Path):
    atlas = lx.Atlas.open(reported)
    file = tmp_path / "report.html"
    write_findings(file, atlas, atlas.findings)
    page.emulate_media(color_scheme="dark")
    page.goto(file.as_uri())
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate("document.querySelectorAll('details:not([open], .table)').length") == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_report_cannot_be_broken_by_what_it_says(page: Page, reported: Path, tmp_path: Path):
    said = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
    hostile = Finding("novelty", "word", None, said, {}, ())
    file = tmp_path / "report.html"
    write_findings(file, lx.Atlas.open(reported), [hostile])
    page.goto(file.as_uri())
    expect(page.get_by_test_id("statement")).to_have_text(said)
    assert "taken" not in page.title()


def test_a_comparison_is_one_file_too(page: Page, reported: Path, tmp_path: Path, axe: Axe):
    found = diff(str(reported), space="context", layers=(0, 6))
    file = tmp_path / "diff.html"
    write_comparisons(file, found)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    statements = page.get_by_test_id("statement")
    (comparison,) = found.comparisons
    expect(statements).to_have_text(list(comparison.statements))
    expect(page.get_by_role("table").locator("tbody td")).to_have_count(49)
    assert asked == [file.as_uri()]
    assert axe(page) == []
