from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.ndimage import gaussian_filter1d
from sklearn.metrics.pairwise import cosine_similarity

from lexiscope.checkpoint import Checkpoint
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.positions import positions
from lexiscope.findings.token_types import token_types
from lexiscope.measure.positions import (
    block_side,
    breaks,
    change_points,
    neighbor_cosines,
    similarities,
)
from lexiscope.measure.token_types import token_types as measured_types
from lexiscope.space import Space


def smooth(n: int, turns: float = 2.0, seed: int = 0) -> np.ndarray:
    """Positions on a slow walk through 16 dimensions."""
    angle = np.linspace(0, turns, n)[:, None] * np.arange(1, 9)
    noise = np.random.default_rng(seed).normal(scale=0.02, size=(n, 16))
    return (np.hstack([np.sin(angle), np.cos(angle)]) + noise).astype(np.float32)


def sinusoidal(at: np.ndarray, dim: int = 256) -> np.ndarray:
    """The encodings of Vaswani et al. 2017."""
    angle = at[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.hstack([np.sin(angle), np.cos(angle)]).astype(np.float32)


def drift(n: int) -> np.ndarray:
    ends = np.random.default_rng(0).normal(size=(2, 64))
    return (ends[0] + np.linspace(0, 5, n)[:, None] * ends[1]).astype(np.float32)


def position_space(table: np.ndarray, unused: int = 0) -> Space:
    rows = range(len(table))
    points = pa.table(
        {
            "label": [str(row - unused) for row in rows],
            "row": pa.array(rows, pa.int32()),
            "kind": ["unused" if row < unused else "position" for row in rows],
        }
    )
    return Space("position", points, {None: table})


@pytest.fixture(scope="module")
def table(embedded: Checkpoint) -> np.ndarray:
    return embedded.table("position")


# ---- breaks --------------------------------------------------------------------------------------


def turning(cosines: np.ndarray) -> np.ndarray:
    """Rows in the plane, each of which has the cosine told with the next."""
    angle = np.concatenate([[0], np.cumsum(np.arccos(cosines))])
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def broken(
    drops: dict[int, float], spread: float = 0.02, n: int = 511, seed: int = 0
) -> np.ndarray:
    """Cosines about .7, some of which lie by so many usual spreads below those around them."""
    cosines = 0.7 + spread * np.random.default_rng(seed).normal(size=n)
    cosines[min(drops) - 4 : max(drops) + 5] = 0.7
    around = cosines[min(drops) - 40 : max(drops) + 41]
    wide = 1.4826 * np.median(np.abs(cosines - np.median(cosines)))
    for place, strength in drops.items():
        cosines[place] = np.median(around) - strength * wide
    return cosines


def test_cosines_of_neighbours_are_in_double_precision(table: np.ndarray):
    exact = table.astype(np.longdouble)
    exact /= np.sqrt((exact**2).sum(axis=1))[:, None]
    found = neighbor_cosines(table)
    assert found.dtype == np.float64
    assert np.abs(found - (exact[:-1] * exact[1:]).sum(axis=1)).max() < 1e-14
    assert neighbor_cosines(np.zeros((3, 4), np.float32)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("strength", "unsure"), [(6.0, None), (7.6, True), (8.4, True), (10.5, False), (30.0, False)]
)
def test_a_break_near_the_threshold_is_unsure(strength: float, unsure: bool | None):
    found = breaks(turning(broken({200: strength})))
    assert [each.unsure for each in found] == ([] if unsure is None else [unsure])
    for each in found:
        assert (each.first, each.last) == (200, 201)
        assert each.strength == pytest.approx(strength, abs=0.3)
        assert each.strength_low < each.strength < each.strength_high
        assert (each.strength_low < 8 < each.strength_high) == unsure


def test_the_interval_of_a_strength_by_hand():
    (found,) = breaks(turning(broken({200: 30.0})))
    # Of a median of 30 values, and of a deviation estimated from 511: 1.96 errors.
    usual, spread = 1.96 * 1.2533 / 30**0.5, 1.96 * 1.17 / 511**0.5
    low = found.strength - np.hypot(usual, found.strength * (1 - np.exp(-spread)))
    high = found.strength + np.hypot(usual, found.strength * (np.exp(spread) - 1))
    assert (found.strength_low, found.strength_high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("drop", "unsure"), [(0.046, None), (0.0493, True), (0.0507, True), (0.055, False)]
)
def test_a_drop_near_the_least_is_unsure(drop: float, unsure: bool | None):
    """In a table so quiet that the drop is far more than 8 usual spreads."""
    cosines = broken({200: 20.0}, spread=0.003)
    cosines[200] = 0.7 - drop
    assert [each.unsure for each in breaks(turning(cosines))] == (
        [] if unsure is None else [unsure]
    )


@pytest.mark.parametrize(("fourth", "unsure"), [(4.0, False), (7.6, True), (8.4, True)])
def test_a_break_is_unsure_where_its_narrowness_is(fourth: float, unsure: bool):
    """Three places are narrow and four are not; whether the fourth counts is not sure."""
    drops = {200: 30.0, 201: 30.0, 202: 30.0, 203: fourth}
    found = breaks(turning(broken(drops)))
    assert [(each.first, each.unsure) for each in found] == [(200, unsure)]


@pytest.mark.parametrize("fourth", [15.0, 30.0])
def test_a_wide_drop_is_no_break_for_sure(fourth: float):
    drops = {200: 30.0, 201: 30.0, 202: 30.0, 203: fourth}
    assert breaks(turning(broken(drops))) == []


def test_sure_breaks_come_first():
    cosines = broken({200: 30.0})
    cosines[300] = 0.7 - 8 * 0.02
    cosines[400] = 0.7 - 16 * 0.02
    cosines[[296, 297, 298, 299, 301, 302, 303, 304]] = 0.7
    found = breaks(turning(cosines))
    assert [(each.first, each.unsure) for each in found] == [
        (200, False),
        (400, False),
        (300, True),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("n", [77, 512])
def test_intervals_of_strengths_hold_them_about_as_often_as_they_say(n: int):
    """Of Gaussian cosines, whose drops vary by the local median's error, too."""
    true = 12 / (1 + 1.2533**2 / 30) ** 0.5
    held = []
    for seed in range(300):
        cosines = 0.7 + 0.02 * np.random.default_rng(seed).normal(size=n)
        cosines[n // 2] = 0.7 - 12 * 0.02
        (found,) = (each for each in breaks(turning(cosines)) if each.first == n // 2)
        held.append(found.strength_low <= true <= found.strength_high)
    assert 0.9 <= np.mean(held) <= 0.985


# ---- change points -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [77, 200, 1025, 4098])
def test_a_stretch_in_another_direction_is_found_where_it_begins(n: int):
    planted = smooth(n)
    start = n // 2 + 3
    planted[start:] = planted[start:, ::-1]
    found = change_points(planted)
    assert [(each.row, each.of) for each in found] == [(start, "direction")]
    assert found[0].within > found[0].across + 0.3
    assert found[0].before == pytest.approx(found[0].after, rel=0.02)


def test_a_stretch_of_another_norm_is_found_where_it_begins():
    planted = smooth(300)
    planted[150:] *= 1.3
    found = change_points(planted)
    assert [(each.row, each.of) for each in found] == [(150, "norm")]
    assert found[0].after / found[0].before == pytest.approx(1.3, abs=0.02)


def test_where_norm_and_direction_change_the_direction_is_told():
    planted = smooth(300)
    planted[150:] = 2 * planted[150:, ::-1]
    (found,) = change_points(planted)
    assert (found.row, found.of) == (150, "direction")
    assert found.after / found.before == pytest.approx(2, abs=0.05)


def test_several_changes_are_found_strongest_first():
    planted = smooth(400)
    planted[100:250] = planted[100:250, ::-1]
    planted[330:] *= 1.2
    found = change_points(planted)
    assert sorted(each.row for each in found) == [100, 250, 330]
    assert [each.strength for each in found] == sorted(each.strength for each in found)[::-1]


def test_changes_close_to_one_another_are_each_told_once():
    planted = smooth(300)
    planted[150:] = planted[150:, ::-1]
    planted[170:] *= 1.3
    found = [(each.row, each.of) for each in change_points(planted)]
    assert found == [(150, "direction"), (170, "norm")]


def test_a_table_copied_behind_itself_changes_at_every_copy(table: np.ndarray):
    # As Longformer's positions were made from RoBERTa's.
    found = [each for each in change_points(np.vstack([table] * 3)) if each.of == "direction"]
    assert sorted(each.row for each in found) == [512, 1024]


def test_within_and_across_by_hand():
    # Two constant stretches 60 degrees apart, the second twice as long.
    planted = np.repeat([[1, 0], [1, 3**0.5]], 40, axis=0).astype(np.float32)
    (found,) = change_points(planted)
    assert (found.row, found.of) == (40, "direction")
    assert found.within == pytest.approx(1, abs=1e-6)
    assert found.across == pytest.approx(0.5, abs=1e-6)
    assert (found.before, found.after) == pytest.approx((1, 2))
    # Nothing varies, so the smallest spread that is believed, .01, is the measure.
    assert found.strength == pytest.approx(0.5 / 0.01, rel=1e-4)


@pytest.mark.parametrize(
    "smooth_table",
    [
        smooth(77),
        smooth(512),
        smooth(200, 6),
        sinusoidal(np.arange(512)),
        sinusoidal(np.arange(77)),
        drift(512),
    ],
)
def test_smooth_tables_have_no_change(smooth_table: np.ndarray):
    assert change_points(smooth_table) == []


@pytest.mark.parametrize("dim", [4, 64])
@pytest.mark.parametrize("scale", [20, 40])
def test_smooth_tables_of_varying_speed_neither_break_nor_change(dim: int, scale: int):
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(size=(512, dim))
        smoothed = gaussian_filter1d(noise, scale, axis=0).astype(np.float32)
        assert breaks(smoothed) == []
        assert change_points(smoothed) == []


@pytest.mark.parametrize("swing", [20, 35])
def test_a_sinusoid_of_varying_speed_neither_breaks_nor_changes(swing: float):
    at = np.arange(512)
    varying = sinusoidal(at + swing * np.sin(at / 40), 64)
    assert breaks(varying) == []
    assert change_points(varying) == []


def test_a_turn_is_found_among_noise_and_in_a_fast_table():
    rng = np.random.default_rng(0)
    sides = np.repeat(rng.normal(size=(2, 64)), 150, axis=0)
    noisy = (sides + rng.normal(size=sides.shape)).astype(np.float32)
    fast = sinusoidal(3 * np.arange(300), 64)
    fast[150:] = fast[150:, ::-1]
    for turned in (noisy, fast):
        assert [(each.row, each.of) for each in change_points(turned)] == [(150, "direction")]


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_shuffled_tables_have_no_change(table: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)
    assert change_points(rng.permutation(table)) == []
    assert change_points(rng.normal(size=(1024, 64)).astype(np.float32)) == []
    # A random walk that begins far from the origin, where a step does not turn it much.
    walk = 50 + np.cumsum(rng.normal(size=(512, 64)), axis=0)
    assert change_points(walk.astype(np.float32)) == []


@pytest.mark.parametrize("row", [0, 1, 60, 127, 198, 199])
def test_a_single_odd_row_is_no_change(row: int):
    odd = smooth(200)
    odd[row] = 3 * np.random.default_rng(0).normal(size=16)
    assert change_points(odd) == []


def longer(by: float, seed: int = 0, n: int = 512) -> np.ndarray:
    """Rows of any direction whose lengths vary by 4 % and grow in the middle."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 64))
    rows *= (1 + 0.04 * rng.normal(size=(n, 1))) / np.linalg.norm(rows, axis=1, keepdims=True)
    rows[n // 2 :] *= 1 + by
    return rows.astype(np.float32)


@pytest.mark.parametrize(
    ("by", "unsure"), [(0.05, None), (0.18, True), (0.2, True), (0.5, False), (1.0, False)]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_change_near_the_threshold_is_unsure(by: float, unsure: bool | None, seed: int):
    found = change_points(longer(by, seed))
    assert [each.unsure for each in found] == ([] if unsure is None else [unsure])
    for each in found:
        assert abs(each.row - 256) <= 2
        assert each.of == "norm"
        assert each.strength_low < each.strength < each.strength_high
        assert (each.strength_low < 8 < each.strength_high) == unsure
        # Nothing hangs on the last digits.
        assert min(abs(each.strength_low - 8), abs(each.strength_high - 8)) > 0.1


def sides(apart: float, seed: int = 0, n: int = 512) -> np.ndarray:
    """Rows about one direction, then about another, among noise."""
    ends = np.repeat(np.random.default_rng(99).normal(size=(2, 64)), n // 2, axis=0)
    noise = np.random.default_rng(seed).normal(size=(n, 64))
    return (apart * ends + 1.5 * noise).astype(np.float32)


@pytest.mark.parametrize(("apart", "unsure"), [(0.3, None), (0.8, True), (2.0, False)])
def test_a_turn_near_the_threshold_is_unsure(apart: float, unsure: bool | None):
    found = change_points(sides(apart))
    assert [(each.of, each.unsure) for each in found] == (
        [] if unsure is None else [("direction", unsure)]
    )


def test_a_turn_that_is_unsure_beside_a_sure_growth_is_told_too():
    planted = sides(0.8)
    planted[256:] *= 2
    growth, turn = change_points(planted)
    assert (growth.of, growth.unsure) == ("norm", False)
    assert (turn.of, turn.unsure) == ("direction", True)
    assert abs(growth.row - turn.row) <= 15
    (found,) = positions(position_space(planted))
    assert "no lasting change of direction is found" not in found.statement
    assert "it is unsure whether from position" in found.statement


@pytest.mark.slow
@pytest.mark.parametrize(("n", "by"), [(200, 0.3), (512, 0.3), (1024, 0.2)])
def test_intervals_of_changes_hold_them_about_as_often_as_they_say(n: int, by: float):
    found = []
    for seed in range(150):
        found += [each for each in change_points(longer(by, seed, n)) if abs(each.row - n // 2) < 9]
    assert len(found) > 140
    usual = np.median([each.strength for each in found])
    held = [each.strength_low <= usual <= each.strength_high for each in found]
    assert 0.88 <= np.mean(held) <= 0.995


def test_degenerate_tables():
    assert change_points(np.ones((100, 4), dtype=np.float32)) == []
    assert change_points(np.zeros((100, 4), dtype=np.float32)) == []
    assert change_points(smooth(59)) == []
    wrong = smooth(100)
    wrong[3, 2] = np.nan
    for measure in (change_points, similarities):
        with pytest.raises(LexiscopeError, match="row 3"):
            measure(wrong)


def test_the_real_table_grows_longer_at_127_but_does_not_turn(table: np.ndarray):
    (found,) = change_points(table)
    assert found.row in (127, 128)
    assert found.of == "norm"
    assert found.strength > 10
    assert 0.40 < found.before < 0.43
    assert 0.46 < found.after < 0.49
    assert found.across >= found.within


# ---- similarities --------------------------------------------------------------------------------


def test_similarities_of_few_positions_are_all_cosines():
    few = smooth(60)
    assert block_side(60) == 1
    assert similarities(few) == pytest.approx(cosine_similarity(few), abs=1e-6)


@pytest.mark.parametrize(("n", "side", "cells"), [(100, 2, 50), (101, 3, 34), (50, 1, 50)])
def test_similarities_of_many_are_means_over_blocks(n: int, side: int, cells: int):
    many = smooth(n)
    assert block_side(n, 50) == side
    found = similarities(many, 50)
    assert found.shape == (cells, cells)
    assert found.dtype == np.float32
    whole = cosine_similarity(many)
    for a, b in ((0, 0), (3, 20), (cells - 1, 1), (cells - 1, cells - 1)):
        part = whole[a * side : (a + 1) * side, b * side : (b + 1) * side]
        assert found[a, b] == pytest.approx(part.mean(), abs=1e-6)


# ---- the finding of positions --------------------------------------------------------------------


def decoded(heatmap: dict) -> np.ndarray:
    raw = np.frombuffer(base64.b64decode(heatmap["values"]), dtype=np.uint8)
    grid = raw.reshape(heatmap["rows"], heatmap["rows"])
    return heatmap["low"] + (heatmap["high"] - heatmap["low"]) * grid / 255


def test_the_real_positions(table: np.ndarray):
    (found,) = positions(position_space(table))
    figures = json.loads(json.dumps(found.as_json()))["figures"]
    assert set(figures) == {
        *("n", "unused", "first_row", "cosines", "norms", "breaks", "change_points", "heatmap"),
    }
    assert (figures["n"], figures["unused"], figures["first_row"]) == (512, 0, 0)
    assert len(figures["cosines"]) == 511
    assert figures["norms"] == pytest.approx(np.linalg.norm(table, axis=1), rel=1e-4)
    inner = [each for each in figures["breaks"] if each["first"] > 0 and each["last"] < 511]
    assert [(each["first"], each["last"]) for each in inner] == [(126, 128)]
    assert set(inner[0]) == {
        *("first", "last", "cosines", "usual", "strength", "strength_low", "strength_high"),
        "unsure",
    }
    # Far from the thresholds, and so is the change of length.
    assert [each["unsure"] for each in figures["breaks"]] == [False] * 3
    assert 50 < inner[0]["strength_low"] < 65 < inner[0]["strength_high"] < 80
    assert not figures["change_points"][0]["unsure"]
    assert 8.2 < figures["change_points"][0]["strength_low"] < 12
    assert "unsure" not in found.statement
    assert [each["row"] for each in figures["change_points"]] in ([127], [128])
    (change,) = figures["change_points"]
    assert (change["of"], change["row"]) == ("norm", 127)
    assert (change["before"], change["after"]) == pytest.approx((0.413, 0.475), abs=0.005)
    assert found.points == (126, 127, 128)
    assert "0.439 between 126 and 127 and 0.554 between 127 and 128" in found.statement
    assert "no lasting change of direction is found" in found.statement
    heatmap = figures["heatmap"]
    assert (heatmap["rows"], heatmap["block"]) == (512, 1)
    assert decoded(heatmap) == pytest.approx(cosine_similarity(table), abs=0.005)


def test_unused_rows_are_left_out(table: np.ndarray):
    padded = np.vstack([np.zeros((2, table.shape[1]), np.float32), table])
    (found,) = positions(position_space(padded, unused=2))
    assert (found.figures["n"], found.figures["unused"], found.figures["first_row"]) == (512, 2, 2)
    assert found.points == (128, 129, 130)
    assert [each["first"] for each in found.figures["breaks"]][1] == 128
    assert found.figures["change_points"][0]["row"] in (129, 130)
    assert "2 unused rows are left out" in found.statement
    assert "between 128 and 129" in found.statement


def test_a_table_without_breaks_says_so():
    (found,) = positions(position_space(sinusoidal(np.arange(512))))
    assert found.points == ()
    assert found.figures["breaks"] == []
    assert found.figures["change_points"] == []
    assert (
        "no lasting change of direction or length is found between positions 30 and 482"
        in found.statement
    )
    assert "no abrupt drop, of at most 3 neighbouring pairs, by 8 times" in found.statement
    padded = np.vstack([np.zeros((2, 256), np.float32), sinusoidal(np.arange(512))])
    (found,) = positions(position_space(padded, unused=2))
    assert "is found between rows 32 and 484" in found.statement


def test_strengths_beyond_measure_are_not_spelled_out():
    odd = np.ones((200, 4), np.float32)
    odd[100] = [1, -1, 1, -1]
    (found,) = positions(position_space(odd))
    assert found.figures["breaks"][0]["strength"] > 1e5
    assert "between 100 and 101, over 1,000 times the usual spread" in found.statement


def test_a_change_is_named_with_its_place():
    planted = smooth(700)
    planted[400:] *= 1.3
    (found,) = positions(position_space(planted))
    assert found.points == (399, 400)
    assert "from position 400 on vectors are longer" in found.statement
    assert found.figures["heatmap"]["block"] == 2
    assert found.figures["heatmap"]["rows"] == 350


def test_what_is_unsure_is_worded_so():
    (found,) = positions(position_space(turning(broken({200: 8.4}))))
    figures = found.figures
    assert figures["breaks"][0]["unsure"]
    assert found.points == (200, 201)
    assert (
        "whether the table breaks between the first and the last is unsure: neighbouring ones are"
        in (found.statement)
    )
    assert (
        "between 200 and 201, 8 times the usual spread below those around them (95 % interval"
        in (found.statement)
    )
    assert "but only" not in found.statement
    # What is sure is told first, and the points are its.
    cosines = broken({200: 8.4})
    cosines[400] = 0.7 - 30 * 0.02
    (found,) = positions(position_space(turning(cosines)))
    assert found.points == (400, 401)
    assert "but only" in found.statement
    assert "and a drop of 0.05); 1 more is unsure;" in found.statement
    (found,) = positions(position_space(longer(0.2)))
    assert found.figures["change_points"][0]["unsure"]
    assert "it is unsure whether from position 25" in found.statement
    assert "where a change counts from 8)" in found.statement


def test_few_positions():
    (found,) = positions(position_space(np.ones((1, 4), np.float32)))
    assert found.refused
    (found,) = positions(position_space(np.ones((20, 4), np.float32)))
    assert not found.refused
    assert "too few to look for breaks" in found.statement
    (found,) = positions(position_space(smooth(45)))
    assert "too few (60 are needed)" in found.statement
    (found,) = positions(position_space(np.ones((3, 4), np.float32), unused=3))
    assert found.refused


# ---- token types ---------------------------------------------------------------------------------


def type_space(table: list[list[float]]) -> Space:
    labels = [f"type {row}" for row in range(len(table))]
    return Space(
        "token_type", pa.table({"label": labels}), {None: np.array(table, dtype=np.float32)}
    )


def test_token_types_by_hand():
    found = measured_types(np.array([[3, 4], [0, 2], [0, 0]], dtype=np.float32))
    assert found.norms.tolist() == [5, 2, 0]
    assert found.cosines[0].tolist() == pytest.approx([1, 0.8, np.nan], nan_ok=True)
    assert np.isnan(found.cosines[2]).all()
    assert found.zero == (2,)
    assert not found.identical
    assert measured_types(np.ones((2, 3), np.float32)).identical
    assert not measured_types(np.ones((1, 3), np.float32)).identical
    with pytest.raises(TooFewError):
        measured_types(np.empty((0, 3), np.float32))
    with pytest.raises(LexiscopeError, match="NaN"):
        measured_types(np.full((2, 3), np.nan, np.float32))


def test_the_real_token_types(embedded: Checkpoint, word_space: Space):
    space = Space("token_type", embedded.points("token_type"), {None: embedded.table("token_type")})
    (found,) = token_types(space, word_space)
    figures = json.loads(json.dumps(found.as_json()))["figures"]
    assert set(figures) == {
        *("n", "norms", "cosines", "word_norm", "ratio", "identical", "all_zero"),
    }
    assert figures["n"] == 2
    assert 0.93 < figures["cosines"][0][1] < 0.96
    low, median, high = (figures["word_norm"][name] for name in ("low", "median", "high"))
    assert 0.9 < low < median < high < 1.3
    assert 0.38 < figures["ratio"] < 0.46
    assert found.points == (0, 1)


def test_sentences_of_token_types():
    (found,) = token_types(type_space([[3, 4], [0, 0]]), None)
    assert found.as_json()["figures"]["cosines"] == [[1, None], [None, None]]
    assert found.figures["word_norm"] is None
    assert found.figures["ratio"] is None
    assert "row 1 is zero" in found.statement
    (found,) = token_types(type_space([[3, 4]]), None)
    assert found.statement == (
        "The only token type has the length 5, and is added to every token alike."
    )
    (found,) = token_types(type_space([[3, 4], [3, 4]]), None)
    assert found.figures["identical"]
    assert "identical" in found.statement
    (found,) = token_types(type_space([[0, 0], [0, 0]]), None)
    assert found.figures["all_zero"] == (0, 1)
    assert "makes nothing of token types" in found.statement
