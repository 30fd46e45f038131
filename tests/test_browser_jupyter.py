"""Views in a real JupyterLab, driven by a real browser; a notebook that is kept as HTML."""

from __future__ import annotations

import ast
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nbformat
import pytest
from browser import PATIENCE, until, visiting
from playwright.sync_api import Browser, Frame, Page, expect

pytestmark = pytest.mark.browser
# Seconds that a JupyterLab may take to start, and a kernel to have a page.
STARTED = 240
IDLE = "jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN = "void jupyterapp.commands.execute('notebook:run-all-cells')"
FRAMES = "iframe[title=Lexiscope]"
# Runs code in the notebook's kernel, beside its cells, and gives what it prints.
ASK = """async (code) => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  let said = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") said += content.text;
    if (header.msg_type === "error") said += `${content.ename}: ${content.evalue}`;
  };
  await future.done;
  return said.trim();
}"""

# Two points of the map that lie apart from all others.
FREE = """() => {
  const { scene } = lexiscope.panes[0];
  const places = scene.inSight(Infinity).map((point) => ({ point, ...scene.locate(point) }));
  const away = (one) => (other) =>
    other.point === one.point ? Infinity : Math.hypot(other.x - one.x, other.y - one.y);
  const room = places.map((each) => [Math.min(...places.map(away(each))), each.point]);
  return room.sort(([a], [b]) => b - a).slice(0, 2).map(([, point]) => point);
}"""


# Notes what the map says that the pointer is over, whenever that changes.
NOTE_HOVERED = """() => {
  const map = document.querySelector("[data-testid=map]");
  globalThis.noted = [];
  const note = new MutationObserver(() => noted.push(map.dataset.hovered));
  note.observe(map, { attributeFilter: ["data-hovered"] });
}"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Jupyter's with folders of its own, so that nobody's settings are read or changed."""
    folder = tmp_path_factory.mktemp("jupyter")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    names = [f"JUPYTER_{each}_DIR" for each in ("CONFIG", "DATA", "RUNTIME")]
    names += ["IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    return kept | {name: str(folder / name.lower()) for name in names}


@pytest.fixture(scope="module")
def lab(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, Path]]:
    """The address of a JupyterLab, its token and the folder it shows."""
    folder, token = tmp_path_factory.mktemp("notebooks"), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        found = next(filter(None, (re.search(r"http://127[\d.:]+/", s) for s in server.stderr)))
        # What it says later is read too, or it would wait for that.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            yield found[0], token, folder
        finally:
            server.terminate()


def notebook(cells: Sequence[str], path: Path) -> None:
    """Write a notebook."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)


def opening(atlas: Path) -> str:
    return f"import lexiscope as lx\natlas = lx.Atlas.open({str(atlas)!r})"


@pytest.fixture
def ran(page: Page, lab: tuple[str, str, Path]) -> Callable[..., Page]:
    """Open a notebook of some cells and run it."""
    address, token, folder = lab

    def run(*cells: str) -> Page:
        name = f"{secrets.token_hex(4)}.ipynb"
        notebook(cells, folder / name)
        page.goto(f"{address}lab/tree/{name}?token={token}&reset")
        until(page, f"typeof jupyterapp !== 'undefined' && {IDLE}", STARTED)
        page.evaluate(RUN)
        return page

    return run


def ask(page: Page, code: str) -> str:
    return str(page.evaluate(ASK, code))


def answers(page: Page, code: str, wanted: str) -> None:
    """Ask a kernel until it answers so: what a page tells it comes a moment later."""
    deadline = time.monotonic() + PATIENCE
    while (said := ask(page, code)) != wanted:
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def pane_of(page: Page, number: int = 0) -> Frame:
    """The page within a view, once its map is drawn and nothing lies over it."""
    handle = page.locator(FRAMES).nth(number).element_handle(timeout=1000 * STARTED)
    frame = handle.content_frame()
    assert frame is not None
    ready = "performance.getEntriesByName('lexiscope:ready').length > 0"
    until(frame, f"typeof lexiscope !== 'undefined' && {ready}", STARTED)  # type: ignore[arg-type]
    return frame


def selected(frame: Frame) -> list[int]:
    return list(frame.evaluate("Array.from(lexiscope.panes[0].view.selected)"))


def test_a_view_and_its_kernel_tell_each_other(ran: Callable[..., Page], small_atlas: Path):
    page = ran(opening(small_atlas), "view = atlas.view()\nview")
    frame = pane_of(page)
    points = int(ask(page, "print(len(atlas['word']))"))
    assert frame.evaluate("lexiscope.panes[0].scene.drawn") == points
    # The picture is for where there is no page.
    expect(page.locator("img[data-lexiscope]")).to_be_attached()
    expect(page.locator("img[data-lexiscope]")).to_be_hidden()
    assert page.locator(FRAMES).bounding_box()["height"] == 600  # type: ignore[index]

    inside = page.frame_locator(FRAMES)
    inside.get_by_role("combobox", name="Search points").fill("bank")
    page.keyboard.press("Enter")
    until(frame, "lexiscope.panes[0].view.selected.length > 0")  # type: ignore[arg-type]
    expect(inside.get_by_test_id("neighbors").get_by_role("button").first).to_be_attached()
    point = selected(frame)[0]
    assert ask(page, "print(view.selected)") == str((point,))
    labels = "print(view.selection['point'].to_pylist(), view.selection['label'].to_pylist())"
    assert ask(page, labels) == f"[{point}] ['bank']"

    ask(page, "heard = []; view.observe(lambda change: heard.append(change['new']), 'selected')")
    frame.evaluate("void lexiscope.select(lexiscope.panes[0], Int32Array.from([4, 2]).sort())")
    answers(page, "print(heard)", "[(2, 4)]")

    assert ask(page, "view.select(['the', 7])") == ""
    the = int(ask(page, "print(view.selected[-1])"))
    until(frame, f"String(lexiscope.panes[0].view.selected) === '7,{the}'")  # type: ignore[arg-type]
    assert ask(page, "view.color_by('script')") == ""
    until(frame, "lexiscope.panes[0].color === 'script'")  # type: ignore[arg-type]
    assert ask(page, "view.show('context', layer=1)") == ""
    until(frame, "lexiscope.panes[0].place.endsWith('context 1')")  # type: ignore[arg-type]
    # The page says what it shows by then, and that is what it was told to show.
    answers(page, "print(bool(view._address.get('p')))", "True")
    assert ask(page, "print(view.space, view.layer, view.selected)") == "context 1 ()"
    assert ask(page, "print(heard)") == f"[(2, 4), (7, {the}), ()]"
    assert "LexiscopeError: space 'tables'" in ask(page, "view.show('tables')")

    # Keys pressed in the map are not JupyterLab's: d twice would take the cell away.
    inside.get_by_test_id("map").click(position={"x": 5, "y": 300})
    for key in "dda":
        page.keyboard.press(key)
    expect(page.locator(".jp-CodeCell")).to_have_count(2)

    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    until(frame, "document.documentElement.dataset.theme === 'dark'")  # type: ignore[arg-type]


def test_the_point_under_the_pointer_is_told_both_ways(ran: Callable[..., Page], small_atlas: Path):
    page = ran(opening(small_atlas), "view = atlas.view()\nview")
    frame = pane_of(page)
    shown = page.frame_locator(FRAMES).get_by_test_id("map")
    labels = ask(page, "print(atlas['word'].points['label'].to_pylist())")
    names = ast.literal_eval(labels)
    box = shown.bounding_box()
    assert box

    def over(point: int) -> None:
        place = frame.evaluate("point => lexiscope.panes[0].scene.locate(point)", point)
        page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])

    def hovered(now: str) -> None:
        """Wait until page and kernel agree on it."""
        point = None if now == "None" else int(now)
        expect(shown).to_have_attribute("data-hovered", "" if point is None else names[point])
        answers(page, "print(view.hovered)", now)

    ask(page, "heard = []; view.observe(lambda change: heard.append(change['new']), 'hovered')")
    first, second = frame.evaluate(FREE)
    over(first)
    hovered(str(first))
    over(second)
    hovered(str(second))
    # Out of the frame in one step, over what is not the page's.
    page.mouse.move(5, 5)
    hovered("None")
    assert ask(page, "print(heard)") == str([first, second, None])
    # Back on the point that it left.
    over(second)
    hovered(str(second))
    page.mouse.move(5, 5)
    hovered("None")

    assert ask(page, "view.hovered = 7") == ""
    hovered("7")
    frame.evaluate(NOTE_HOVERED)
    page.mouse.move(9, 9)  # a pointer that is elsewhere changes nothing
    # What the kernel says comes to the page after all that was said of the pointer.
    assert ask(page, "view.hovered = 8") == ""
    hovered("8")
    assert frame.evaluate("noted") == [names[8]]
    assert ask(page, "view.hovered = None") == ""
    hovered("None")
    assert "LexiscopeError: point 1000000" in ask(page, "view.hovered = 10**6")
    hovered("None")


def test_twenty_views_in_one_notebook(ran: Callable[..., Page], small_atlas: Path):
    lost: list[str] = []
    page = ran(
        f"{opening(small_atlas)}\nfrom ipywidgets import VBox",
        "views = [atlas.view('word', height=300) for _ in range(20)]\nVBox(views)",
    )
    page.on("console", lambda said: "WebGL context" in said.text and lost.append(said.text))
    boxes = page.locator(".widget-vbox > *")
    expect(boxes).to_have_count(20, timeout=1000 * STARTED)
    for number in range(20):
        boxes.nth(number).scroll_into_view_if_needed()
        until(page, seen(number), STARTED)
        if number == 0:
            first = boxes.nth(0).locator(FRAMES).element_handle().content_frame()
            assert first is not None
            until(first, "lexiscope.panes[0]?.scene?.drawn")  # type: ignore[arg-type]
            first.evaluate("void lexiscope.select(lexiscope.panes[0], Int32Array.from([3]))")
            first.evaluate("lexiscope.panes[0].paint('script')")
            # The view's address has it too, by which it is opened again.
            shown = "view = views[0]; print(view.selected, view._address.get('c'))"
            answers(page, shown, "(3,) script")
    until(page, f"document.querySelectorAll('{FRAMES}').length <= 7")
    # Who sleeps shows the map as it was, at its size.
    still = boxes.nth(0).get_by_alt_text("The map as it was last seen")
    assert still.evaluate("image => image.naturalWidth") > 300
    assert still.bounding_box()["height"] == 300  # type: ignore[index]

    still.scroll_into_view_if_needed()
    until(page, seen(0), STARTED)
    expect(still).to_have_count(0)
    again = boxes.nth(0).locator(FRAMES).element_handle().content_frame()
    assert again is not None
    until(again, "lexiscope.panes[0]?.color === 'script'")  # type: ignore[arg-type]
    until(again, "lexiscope.panes[0].view.selected.length")  # type: ignore[arg-type]
    assert selected(again) == [3]
    assert ask(page, "print(views[0].selected, views[1].selected)") == "(3,) ()"
    assert lost == []
    # One thread answers all, and ends with the last.
    count = "print(sum(each.name.startswith('lexiscope') for each in threading.enumerate()))"
    assert ask(page, f"import threading; {count}") == "1"
    assert ask(page, f"for each in views: each.close()\n{count}") == "0"


def seen(view: int) -> str:
    """Whether a view's page is there and nothing lies over it."""
    box = f"document.querySelectorAll('.widget-vbox > *')[{view}]"
    return f"{box}.querySelector('{FRAMES}') && !{box}.querySelector('img')"


def test_a_notebook_kept_as_html_has_the_picture(
    chromium: Browser, environment: dict[str, str], small_atlas: Path, tmp_path: Path
):
    cells = [f"{opening(small_atlas)}\natlas.view('context', color='sense')"]
    notebook(cells, tmp_path / "kept.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "kept.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with visiting(chromium, offline=True) as context:
        page = context.new_page()
        page.goto((tmp_path / "kept.html").as_uri(), wait_until="domcontentloaded")
        picture = page.get_by_role("img", name=re.compile("^Map of .+: context, layer 3: "))
        expect(picture).to_be_visible()
        assert picture.evaluate("image => image.naturalWidth") == 960
        expect(page.locator("iframe")).to_have_count(0)
