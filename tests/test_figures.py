"""Figures: maps and findings on paper."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import Run
from PIL import Image
from pypdf import PdfReader

import lexiscope as lx
from lexiscope.errors import LexiscopeError
from lexiscope.export import Choice, export
from lexiscope.figures import Axis, Colors, Name, figure_of, map_figure, styled, subject
from lexiscope.figures.colors import coded, paints
from lexiscope.figures.names import spread_names
from lexiscope.figures.paper import _fonts, _others, drawable, families, number, sheet
from lexiscope.figures.positions import decoded
from lexiscope.projection import Projection

# The fonts' letters are read once, and NumPy's old layout within adjustText is not ours.
pytestmark = pytest.mark.filterwarnings("error")


def texts(figure: Any) -> list[str]:
    """All that is written in a figure."""
    from matplotlib.text import Text

    return [each.get_text() for each in figure.findobj(Text) if each.get_text()]


def pixels(figure: Any) -> np.ndarray[Any, Any]:
    """A figure as it is seen, (height, width, 3)."""
    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=60)
        return np.array(Image.open(file).convert("RGB"))


def scattered(n: int, dims: int = 2) -> np.ndarray[Any, Any]:
    return np.random.default_rng(n).normal(size=(n, dims)).astype(np.float32)


def test_the_legend_counts_every_point_and_has_the_points_colours():
    values = np.array(["a"] * 50 + ["b"] * 30 + [None] * 20, dtype=object)
    codes, counts = coded(values)
    assert counts == [("a", 50), ("b", 30)]
    assert (codes == [0] * 50 + [1] * 30 + [-1] * 20).all()
    colors = Colors("kind", values)
    figure = map_figure(scattered(100), title="t", caption="c", colors=colors)
    said = texts(figure)
    assert {"kind", "a", "50", "b", "30", "none", "20"} <= set(said)
    seen = {tuple(row) for row in pixels(figure).reshape(-1, 3)}
    assert len(seen) > 50
    shown = (255 * paints(colors)[[0, 50, 99], :3]).round()
    assert shown.tolist() == [[0, 114, 178], [230, 159, 0], [186, 188, 192]]


def test_many_categories_are_summed_up_with_colours_of_their_own():
    values = np.array([f"c{n:02d}" for n in range(40) for _ in range(n + 1)], dtype=object)
    said = texts(map_figure(scattered(820), title="", caption="", colors=Colors("c", values)))
    listed = [int(each.replace(",", "")) for each in said if re.fullmatch(r"[\d,]+", each)]
    names = [each for each in said if re.fullmatch(r"c\d\d", each)]
    assert f"{40 - len(names)} others" in said
    assert sum(listed) == 820
    assert said.count("●") == len(names) + 3


def test_two_numbers_are_categories_and_large_ones_are_written_out():
    row = Colors("row", np.array([0.0, 1.0, 1.0, np.nan]))
    assert {"row", "0", "1", "2", "none"} <= set(
        texts(map_figure(scattered(4), title="", caption="", colors=row))
    )
    ids = Colors("id", np.array([0.0, 0.7434, 30521.0]))
    assert "30,521" in texts(map_figure(scattered(3), title="", caption="", colors=ids))
    assert [number(each) for each in (0.7434, -2.0, 30521.4)] == ["0.7434", "−2", "30,521"]


def test_numbers_have_a_scale_and_missing_ones_are_said():
    values = np.array([1.0, 5.0, np.nan, 9.0])
    said = texts(map_figure(scattered(4), title="", caption="", colors=Colors("v", values)))
    assert {"1", "9", "grey: 1 without a value"} <= set(said)


def test_names_do_not_cover_each_other():
    places = scattered(3000) * 3
    names = [Name(f"a name of some length {n}", tuple(places[n])) for n in range(40)]
    figure = map_figure(places, title="", caption="", names=names)
    written = [each for each in figure.axes[0].texts if each.get_color() != "white"]
    assert 5 < len(written) <= 26
    boxes = [each.get_window_extent() for each in written]
    assert not [(a, b) for n, a in enumerate(boxes) for b in boxes[n + 1 :] if a.overlaps(b)]
    frame = figure.axes[0].get_window_extent()
    assert all(frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1 for box in boxes)


def test_text_of_any_kind_is_written_as_it_is():
    hard = "$x_1$ & <b>\n{\\alpha} \u200b日本 \ue000"
    names = [Name(hard, (0.0, 0.0))]
    figure = map_figure(scattered(5), title=hard, caption=hard, names=names)
    assert pixels(figure).std() > 0
    assert "$x_1$" in "".join(texts(figure))
    assert drawable("a\ue000b") == "aU+E000b"


def test_a_letter_that_no_font_has_is_its_number_and_the_caption_says_so():
    figure = map_figure(
        scattered(3), title="", caption="c.", names=[Name("##\ue000\ue001", (0, 0))]
    )
    assert "##U+E000 U+E001" in texts(figure)
    assert any("U+ and a number" in each for each in texts(figure))
    plain = map_figure(scattered(3), title="", caption="c.", names=[Name("bank", (0, 0))])
    assert not any("U+" in each for each in texts(plain))


@pytest.mark.parametrize("letters", ["W ", "W", "iii ", "\ue000 ", "20 % "])
@pytest.mark.parametrize("dots", [120, 150, 300])
def test_a_caption_of_wide_letters_stays_on_the_sheet(letters: str, dots: int):
    figure = sheet(4, 1, "t", 100 * letters)
    figure.set_dpi(dots)
    figure.canvas.draw()
    caption = figure.texts[-1]
    assert "".join(caption.get_text().split()) == "".join(drawable(100 * letters).split())
    box = caption.get_window_extent()
    assert 0 < box.x0 < box.x1 <= (4 - 0.1) * dots
    # Lines are filled as far as the longest word allows.
    assert box.x1 > 2.8 * dots or letters == "\ue000 "


def test_another_installed_font_helps_out(monkeypatch: pytest.MonkeyPatch):
    letter, font = next(iter(sorted(_others().items())))
    assert drawable(chr(letter)) == chr(letter)
    assert families(f"a{chr(letter)}") == [*_fonts()[0], font]
    monkeypatch.setattr("lexiscope.figures.paper._others", dict)
    assert drawable(chr(letter)) == f"U+{letter:04X}"


def test_an_axis_without_width_is_drawn_whole():
    """Two points on a line: names beside them, every title of an axis on the sheet."""
    places = np.array([[-0.08, 0], [0.08, 0]], np.float32)
    names = [Name("type 0", (-0.08, 0.0)), Name("type 1", (0.08, 0.0))]
    axes = Axis(("component 1 (100.0% of the variance)", "component 2 (0.0% of the variance)"))
    figure = map_figure(places, title="t", caption="c", names=names, axes=axes, width=5)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    for label in (ax.xaxis.label, ax.yaxis.label):
        box = label.get_window_extent()
        assert min(box.x0, box.y0) >= 0
        assert box.y1 <= figure.bbox.y1
    written = [each.get_window_extent() for each in ax.texts]
    assert written
    dots = ax.transData.transform(places)
    assert not any(box.padded(2).contains(*dot) for box in written for dot in dots)


def test_a_figure_shows_itself_in_a_notebook_without_pyplot():
    from IPython.core.formatters import DisplayFormatter

    shown, _ = DisplayFormatter().format(map_figure(scattered(9), title="t", caption="c"))
    assert Image.open(io.BytesIO(shown["image/png"])).size[0] == 840


def test_a_figure_saved_twice_is_the_same(tmp_path: Path):
    for ending in ("svg", "pdf", "png"):
        for name in ("a", "b"):
            made = map_figure(scattered(60), title="t", caption="c", names=[Name("x", (0, 0))])
            made.savefig(tmp_path / f"{name}.{ending}")
        a, b = (tmp_path / f"{name}.{ending}" for name in ("a", "b"))
        assert a.read_bytes() == b.read_bytes(), ending
    assert "<text" in (tmp_path / "a.svg").read_text("utf-8")
    assert "dc:date" not in (tmp_path / "a.svg").read_text("utf-8")


CONTEXTUAL = {
    "words": 3,
    "n": 40,
    "layers": [0, 1],
    **{key: [0.3, 0.2] for key in ("anisotropy", "mev_baseline")},
    **{
        f"{key}{end}": [0.5, 0.4]
        for key in ("self_similarity", "intra_sentence", "mev")
        for end in ("", "_adjusted", "_low", "_high")
    },
}


def test_contextuality_has_a_band_a_panel_and_speaks_of_no_other():
    figure = figure_of("contextuality", [CONTEXTUAL], model="org/bert", space="context", layer=1)
    assert "org/bert: context, layers 0 to 1" in texts(figure)
    assert [len(ax.collections) for ax in figure.axes] == [1, 1, 1]
    assert "words of a text" in " ".join(" ".join(texts(figure)).split())
    without = CONTEXTUAL | {"intra_sentence": [None, None]}
    said = " ".join(" ".join(texts(figure_of("contextuality", [without]))).split())
    assert "of a text" not in said
    assert "of one text" not in said
    assert "one word and the share of a word's variance" in said


def test_a_subject_is_as_much_as_is_known():
    assert subject("org/bert", "token_type") == "org/bert: token type"
    assert subject("", "context", [3, None]) == "context, layer 3"
    assert subject("m", "") == "m"


@pytest.mark.parametrize("largest", [22, 41, 404, 2652, 90_000])
def test_counts_on_a_logarithmic_axis_are_plain(largest: int):
    clusters = [
        {"name": f"c{n}", "size": size, "stability": 0.5} for n, size in enumerate((21, largest))
    ]
    found = {"clusters": clusters, "found": 2, "chance_found": 0, "clustered": 9, "n": 10}
    figure = figure_of("clusters", [found], space="word")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    low, high = ax.get_xlim()
    ticks = [
        each.get_text() for each in ax.get_xticklabels() if low <= each.get_position()[0] <= high
    ]
    assert len(ticks) >= 1 + (largest > 22)
    assert all(re.fullmatch(r"[\d,]+", each) for each in ticks), ticks
    assert ax.get_xticklabels(minor=True) == []


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_few_points_and_equal_ones_are_drawn(n: int, dims: int):
    for coordinates in (scattered(n, dims), np.zeros((n, dims), np.float32)):
        for colors in (
            None,
            Colors("v", np.full(n, np.nan)),
            Colors("k", np.array([None] * n, dtype=object)),
        ):
            assert map_figure(coordinates, title="t", caption="c", colors=colors) is not None


def test_labels_are_chosen_from_all_over_the_map():
    coordinates = np.array([[0, 0], [0.1, 0], [9, 9], [9, 9.1]], dtype=np.float32)
    assert [each.text for each in spread_names(coordinates, ["##x", "the", "of", "and"])] == [
        "the",
        "of",
    ]


def test_a_projection_says_what_it_keeps(small_atlas: Path):
    atlas = lx.Atlas.open(small_atlas)
    made = atlas.projection("word", "pca-2d")
    assert made.quality is not None
    said = " ".join(texts(made.figure(color="kind")))
    kept = 100 * made.quality.kept
    assert f"keeps {kept:.0f} %" in said or f"keeps {kept:.1f} %" in said
    assert f"trustworthiness {made.quality.trustworthiness:.3f}" in " ".join(said.split())
    assert "component 1 (" in said
    with pytest.raises(LexiscopeError, match="color 'colour': the points have label"):
        made.figure(color="colour")
    assert texts(atlas["context"].project("tsne").figure())  # not only from the atlas
    bare = Projection("tsne", np.zeros((3, 2), np.float32))
    assert "not measured" in " ".join(texts(bare.figure()))


def test_no_settings_of_the_person_are_touched():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with styled():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_the_same_atlas_gives_the_same_bytes(small_atlas: Path, tmp_path: Path, format: str):
    atlas = lx.Atlas.open(small_atlas)
    files = [
        export(atlas, format, tmp_path / f"{n}.{format}", Choice(("word",)))[0] for n in (1, 2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_each_format_is_read_by_its_reader(small_atlas: Path, tmp_path: Path):
    atlas = lx.Atlas.open(small_atlas)
    for format in ("png", "svg", "pdf"):
        export(atlas, format, tmp_path / f"map.{format}")
    picture = Image.open(tmp_path / "map.png")
    assert picture.size[0] == 2100  # 7 inches, 300 dots each
    assert np.asarray(picture.convert("L")).std() > 10
    svg = ET.parse(tmp_path / "map.svg").getroot()
    written = " ".join(
        "".join(each.itertext()) for each in svg.iter() if each.tag.endswith("}text")
    )
    assert "nearest neighbours" in written
    (page,) = PdfReader(tmp_path / "map.pdf").pages
    assert "nearest neighbours" in " ".join(page.extract_text().split())


def test_a_folder_has_every_map_chosen(small_atlas: Path, tmp_path: Path):
    atlas = lx.Atlas.open(small_atlas)
    files = export(atlas, "png", tmp_path / "all", Choice(("word", "position")))
    ids = [f"{name}-{id}.png" for name in ("word", "position") for id in atlas.projections(name)]
    assert [each.name for each in files] == ids


def test_what_cannot_be_drawn_is_refused(small_atlas: Path, tmp_path: Path):
    atlas = lx.Atlas.open(small_atlas)
    for options, said in (
        ({"finding": "positions"}, "lexiscope report"),
        ({"color": "colour"}, "color 'colour'"),
    ):
        with pytest.raises(LexiscopeError, match=said):
            export(atlas, "png", tmp_path / "x.png", Choice(("word",)), **options)
    assert list(tmp_path.iterdir()) == []


def group_found(name: str, **figures: Any) -> dict[str, Any]:
    known = {"share": 0.3, "low": 0.2, "high": 0.4, "chance": 0.1, "k": 10, "n": 9, "tests": 3}
    return {"group": name, **known, **figures}


def test_an_unsure_group_is_half_filled_and_the_caption_says_so():
    found = [
        group_found("sure", gathers=True, unsure=False),
        group_found("not", gathers=False, unsure=False),
        group_found("unsure", gathers=False, unsure=True),
    ]
    (ax,) = figure_of("group", found).axes
    dots = {
        name.get_text(): (dot.get_fillstyle(), dot.get_markerfacecolor())
        for name, dot in zip(
            ax.get_yticklabels(),
            [line for line in ax.lines if line.get_marker() == "o"],
            strict=True,
        )
    }
    assert dots == {
        "sure": ("full", "#0b6e66"),
        "not": ("full", "white"),
        "unsure": ("left", "#0b6e66"),
    }
    assert "half filled where that is unsure" in written(figure_of("group", found))
    # An older atlas does not tell.
    old = [group_found("sure", gathers=True), group_found("not", gathers=False)]
    assert "unsure" not in written(figure_of("group", old))


def written(figure: Any) -> str:
    return " ".join(" ".join(texts(figure)).split())


def positions_found(*breaks: dict[str, Any]) -> dict[str, Any]:
    heat = {"rows": 2, "block": 1, "low": -1.0, "high": 1.0, "values": "AP//AA=="}
    known = {"usual": 0.9, "strength": 8.0}
    return {
        "first_row": 0,
        "cosines": [0.9] * 9,
        "norms": [1.0] * 10,
        "heatmap": heat,
        "breaks": [{**known, **each} for each in breaks],
    }


def test_an_unsure_break_is_paler_and_the_caption_says_so():
    sure = {"first": 3, "last": 4, "cosines": [0.5], "unsure": False}
    unsure = {"first": 6, "last": 7, "cosines": [0.6], "unsure": True}
    both = figure_of("positions", [positions_found(sure, unsure)])
    for ax in both.axes[-2:]:
        assert [patch.get_alpha() for patch in ax.patches] == [0.35, 0.12]
    said = written(both)
    assert "Shaded: the breaks, 3 to 4 (cosines 0.500)." in said
    assert "Shaded lightly: perhaps a break, 6 to 7 (cosines 0.600)." in said
    assert "No break is sure. Shaded lightly" in written(
        figure_of("positions", [positions_found(unsure)])
    )
    assert "There is no break." in written(figure_of("positions", [positions_found()]))
    del sure["unsure"]  # as an older atlas has it
    old = written(figure_of("positions", [positions_found(sure)]))
    assert "Shaded: the breaks, 3 to 4 (cosines 0.500)." in old
    assert "lightly" not in old


def senses_found(word: str, **figures: Any) -> dict[str, Any]:
    curve = [0.4, 0.5]
    return {
        "word": word,
        "n": 20,
        "senses": {"a": 10, "b": 10},
        "layers": [0, 1],
        "neighbor_accuracy": curve,
        "centroid_accuracy": curve,
        "shuffled": {"neighbor_accuracy": curve},
        "majority": 0.5,
        **figures,
    }


def test_an_unsure_word_is_marked_and_the_caption_says_so():
    found = [senses_found("bank", unsure=False), senses_found("bat", unsure=True)]
    said = written(figure_of("senses", found))
    assert "bank (2 senses, 20)" in said
    assert "bank (2 senses, 20) (?)" not in said
    assert "bat (2 senses, 20) (?)" in said
    assert "(?): whether the senses lie apart is unsure." in said
    assert "unsure" not in written(figure_of("senses", [senses_found("bank")]))


def test_the_skewness_of_hubs_is_drawn_with_its_interval():
    bins = [{"from": 0, "to": 9, "median": 3, "low": 2, "high": 4}]
    known = {
        "k": 10,
        "skewness": 0.5,
        "chance_skewness": 0.3,
        "orphans": 1,
        "hubs": [{"label": "a", "occurrences": 9}],
        "correlation": None,
        "histogram": [{"occurrences_from": 0, "occurrences_to": 0, "points": 3}],
        "bins": bins,
    }
    interval = {"skewness_low": 0.3, "skewness_high": 0.8}
    sure, unsure = (
        written(figure_of("hubness", [{**known, **interval, "marked": False, "unsure": each}]))
        for each in (False, True)
    )
    marked = {**known, **interval, "marked": True, "unsure": False}
    assert "Skewness 0.50 (at 97.5 % confidence at least 0.30), 0.30 by chance" in written(
        figure_of("hubness", [marked])
    )
    assert "Skewness 0.50 (95 % interval 0.30 to 0.80), 0.30 by chance" in sure
    assert "0.30 to 0.80, so that marked hubs are unsure), 0.30 by chance" in unsure
    assert "Skewness 0.50, 0.30 by chance" in written(figure_of("hubness", [known]))


def test_a_heat_map_is_decoded():
    heat = {"rows": 2, "block": 1, "low": -1.0, "high": 1.0, "values": "AP//AA=="}
    assert decoded(heat).tolist() == [[-1, 1], [1, -1]]


def test_points_stay_out_of_comparisons_and_texts():
    made = Projection("pca", np.zeros((1, 2), np.float32), points=pa.table({"label": ["a"]}))
    assert "label" not in repr(made)


@pytest.mark.slow
def test_all_that_was_found_is_drawn(reported: Path, tmp_path: Path, run: Run):
    atlas = lx.Atlas.open(reported)
    files = export(atlas, "svg", tmp_path / "all", Choice(layers=(6,)))
    names = {each.name for each in files}
    for space, kinds in {
        "word": ("group", "norm_by_rank", "hubness", "geometry", "clusters"),
        "position": ("positions", "geometry"),
        "token_type": ("token_types",),
        "context": ("senses", "senses_overall", "contextuality", "geometry", "clusters"),
    }.items():
        assert {f"{space}-{kind}.svg" for kind in kinds} <= names
    groups = (tmp_path / "all" / "word-group.svg").read_text("utf-8")
    for word in ("countries", "web companies", "unused", "numbers"):
        assert f">{word}<" in groups
    breaks = (tmp_path / "all" / "position-positions.svg").read_text("utf-8")
    assert "126 to 128" in " ".join(re.sub("<[^>]+>", " ", breaks).split())
    one = tmp_path / "bank.pdf"
    done = run("export", reported, "pdf", one, "--finding", "senses")
    assert done.returncode == 0, done.stderr
    assert "bank (3 senses" in PdfReader(one).pages[0].extract_text()
    refused = run("export", reported, "pdf", one, "--finding", "geometry")
    assert refused.returncode == 1
    assert "choose one with --space" in refused.stderr
    word = next(each for each in atlas.findings if each.name == "clusters")
    assert {"Dense clusters", "all-MiniLM-L6-v2: word"} <= set(texts(word.figure()))
    for each in atlas.findings:
        if not each.refused:
            said = texts(each.figure())
            of = f"all-MiniLM-L6-v2: {each.space.replace('_', ' ')}"
            assert any(line.startswith(of) for line in said), each
            assert not any("mathdefault" in line for line in said)


def test_a_column_of_texts_is_no_category(reported: Path):
    made = lx.Atlas.open(reported).projection("context", "tsne-2d", 6)
    with pytest.raises(LexiscopeError, match="cannot be told apart by colour"):
        made.figure(color="text")


def test_every_word_is_named_once(reported: Path, tmp_path: Path):
    """The 14 words' regions of the last layer: each has its name, and none another's."""

    choice = Choice(("context",), (6,), ("tsne-2d",))
    (file,) = export(lx.Atlas.open(reported), "svg", tmp_path / "c.svg", choice, color="target")
    texts = [
        "".join(each.itertext()) for each in ET.parse(file).iter() if each.tag.endswith("}text")
    ]
    words = set(lx.Atlas.open(reported)["context"].points["target"].to_pylist())
    named = [each for each in texts if each in words]
    assert len(set(named)) == 14
