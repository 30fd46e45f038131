"""Groups: whether tokens of one sort lie together, against groups drawn at random."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from math import comb
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from lexiscope import neighbors
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.finding import Finding, plain
from lexiscope.findings.frequency import frequency
from lexiscope.findings.groups import groups
from lexiscope.findings.word_lists import SHIPPED, read_list, shipped_lists
from lexiscope.measure.evidence import decisive_draws, holm
from lexiscope.measure.groups import gathering, random_counts
from lexiscope.neighbors import neighbor_graph
from lexiscope.space import Space

FIGURES = {
    *("group", "source", "k", "n", "points_in_space", "words", "missing", "share", "chance"),
    *("lift", "low", "high", "p", "p_corrected", "tests", "permutations", "seed", "gathers"),
    *("left_out", "examples", "strays", "p_corrected_low", "p_corrected_high", "unsure"),
}
REAL = 12_000
OWN = {"drinks": ["coffee", "tea", "Beer", "wine", "whisky", "vodka", "juice", "kombucha"]}


def graph_of(vectors: NDArray[np.floating], k: int) -> NDArray[np.int32]:
    return neighbor_graph(vectors.astype(np.float32), k).indices


def random_graph(n: int, k: int, seed: int = 0) -> NDArray[np.int32]:
    """Every point with k others drawn at random."""
    rng = np.random.default_rng(seed)
    others = [rng.choice(np.delete(np.arange(n), point), k, replace=False) for point in range(n)]
    return np.array(others, dtype=np.int32)


def counted(indices: NDArray[np.int32], members: tuple[int, ...]) -> int:
    """How often a member's neighbour is a member, by looking."""
    return sum(int(near) in members for point in members for near in indices[point])


# The measure


def test_by_hand():
    indices = np.array([[1, 2], [0, 2], [0, 5], [4, 5], [3, 5], [3, 4]], dtype=np.int32)
    found = gathering(indices, np.array([0, 1, 2, 3]))
    # Of 0 both neighbours are members, of 1 both, of 2 one, of 3 none.
    assert found.shares.tolist() == [1, 1, 0.5, 0]
    assert found.share == 0.625
    assert found.chance == 3 / 5
    assert found.lift == pytest.approx(0.625 / 0.6)
    assert found.possible == 1
    assert np.isnan([found.low, found.high]).all()  # of four members
    # All fifteen groups of four, counted one by one.
    all_counts = [counted(indices, four) for four in itertools.combinations(range(6), 4)]
    assert found.p == pytest.approx(np.mean([count >= 5 for count in all_counts]), abs=0.02)


@pytest.mark.parametrize("m", [2, 4, 5, 7])
def test_random_groups_are_all_groups_alike(m: int):
    """Also of more than half of the points, which are counted by those outside."""
    indices = random_graph(9, 3)
    exact = Counter(counted(indices, chosen) for chosen in itertools.combinations(range(9), m))
    drawn = Counter(random_counts(indices, [m], permutations=5000)[m].tolist())
    assert drawn.keys() <= exact.keys()
    for count, number in exact.items():
        assert drawn[count] / 5000 == pytest.approx(number / comb(9, m), abs=0.03)
    # The mean over all groups is the chance level, whatever the graph.
    mean = sum(count * number for count, number in exact.items()) / comb(9, m)
    assert mean / (3 * m) == pytest.approx((m - 1) / 8)


def test_pairs_follow_the_matching_distribution():
    """Points in mutual pairs: of m points drawn from N pairs, j pairs are whole with
    C(N, j) C(N - j, m - 2j) 2^(m - 2j) / C(2N, m)."""
    pairs, m = 15, 10
    indices = (np.arange(2 * pairs) ^ 1)[:, None].astype(np.int32)
    drawn = Counter((random_counts(indices, [m], permutations=5000)[m] // 2).tolist())
    for j in range(4):
        exact = comb(pairs, j) * comb(pairs - j, m - 2 * j) * 2 ** (m - 2 * j) / comb(2 * pairs, m)
        assert drawn[j] / 5000 == pytest.approx(exact, abs=0.03)


def test_sizes_counted_together_are_as_those_counted_alone():
    indices = random_graph(200, 5)
    together = random_counts(indices, [5, 40, 150], permutations=1000)
    assert list(together) == [5, 40, 150]
    for m, counts in together.items():
        alone = random_counts(indices, [m], permutations=1000, seed=1)[m]
        assert counts.mean() == pytest.approx(alone.mean(), rel=0.1)
        assert counts.mean() / (5 * m) == pytest.approx((m - 1) / 199, rel=0.1)
        assert counts.std() == pytest.approx(alone.std(), rel=0.1)


def test_large_groups_have_fewer_permutations(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lexiscope.measure.groups.AFFORDABLE", 1e5)
    indices = random_graph(200, 5)
    drawn = random_counts(indices, [10, 100, 195], permutations=1500)
    assert {m: len(counts) for m, counts in drawn.items()} == {10: 1500, 100: 999, 195: 1500}
    found = gathering(indices, np.arange(100), permutations=1500)
    assert found.permutations == 999


def test_neighbors_of_scikit_learn_tell_the_same():
    from sklearn.neighbors import NearestNeighbors

    vectors = np.random.default_rng(3).standard_normal((300, 12))
    vectors[:40] += 1.5
    members = np.arange(30, 90)
    near = NearestNeighbors(n_neighbors=11, metric="cosine").fit(vectors)
    found = near.kneighbors(vectors[members], return_distance=False)[:, 1:]
    expected = np.isin(found, members).mean(axis=1)
    measured = gathering(graph_of(vectors, 10), members, permutations=99)
    np.testing.assert_allclose(measured.shares, expected, atol=1e-12)
    assert measured.share == pytest.approx(expected.mean())


def test_planted_cluster_gathers():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((10, 20)) * 3
    vectors = np.repeat(centres, 50, axis=0) + rng.standard_normal((500, 20)) * 0.3
    found = gathering(graph_of(vectors, 10), np.arange(50), permutations=999)
    assert found.share > 0.95
    assert found.lift == pytest.approx(found.share / (49 / 499))
    assert found.p == 1 / 1000
    assert found.low > 0.9
    # One from each cluster and more: they are apart, and are not said to gather.
    apart = gathering(graph_of(vectors, 10), np.arange(0, 500, 50), permutations=999)
    assert apart.p > 0.5


def test_p_is_uniform_for_random_groups():
    from scipy.stats import kstest

    vectors = np.random.default_rng(1).standard_normal((300, 3))
    indices = graph_of(vectors, 10)
    null = random_counts(indices, [60], permutations=999)[60]
    rng = np.random.default_rng(7)
    p_values = [
        gathering(indices, rng.choice(300, 60, replace=False), null=null, resamples=2).p
        for _ in range(300)
    ]
    assert kstest(p_values, "uniform").pvalue > 0.001


def test_hubs_do_not_make_a_group():
    """All points have the first five as neighbours; groups with many of these are likely too."""
    indices = np.array([np.delete(np.arange(6), min(p, 5))[:5] for p in range(200)], np.int32)
    null = random_counts(indices, [50], permutations=999)[50]
    assert null.mean() / (5 * 50) == pytest.approx(49 / 199, rel=0.1)
    rng = np.random.default_rng(0)
    p_values = [
        gathering(indices, rng.choice(200, 50, replace=False), null=null, resamples=2).p
        for _ in range(100)
    ]
    assert 1 <= np.sum(np.array(p_values) <= 0.2) <= 45
    without = gathering(indices, np.arange(10, 60), null=null)
    assert (without.share, without.p) == (0, 1)


def test_small_group_cannot_fill_all_neighbors():
    vectors = np.random.default_rng(0).standard_normal((100, 8))
    vectors[:5] = vectors[0] + np.random.default_rng(1).standard_normal((5, 8)) * 0.01
    found = gathering(graph_of(vectors, 10), np.arange(5), permutations=99)
    assert found.share == found.possible == 0.4


def test_measure_is_deterministic():
    indices = random_graph(100, 5)
    members = np.arange(20)
    one, two = (gathering(indices, members, permutations=199, seed=4) for _ in range(2))
    assert (one.p, one.low, one.high) == (two.p, two.low, two.high)
    first, again, other = (random_counts(indices, [20], permutations=99, seed=s) for s in (4, 4, 5))
    assert (first[20] == again[20]).all()
    assert (first[20] != other[20]).any()


def test_measure_refuses():
    indices = random_graph(20, 3)
    with pytest.raises(TooFewError, match="3 members: too few to say"):
        gathering(indices, np.arange(3))
    with pytest.raises(TooFewError, match="all 20 points"):
        gathering(indices, np.arange(20))
    for wrong in ([0, 1, 2, 2], [0, 1, 2, 20], [-1, 0, 1, 2]):
        with pytest.raises(LexiscopeError, match="different numbers from 0 to 19"):
            gathering(indices, np.array(wrong))


# The findings


def space_of(
    labels: list[str],
    vectors: NDArray[np.floating],
    kinds: list[str] | None = None,
    scripts: list[str] | None = None,
) -> Space:
    columns = {"label": labels} | ({"kind": kinds} if kinds else {})
    columns |= {"script": scripts} if scripts else {}
    return Space("word", pa.table(columns), {None: vectors.astype(np.float32)})


def noise(n: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal((n, 8))


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {each.figures["group"]: each for each in found if not each.refused}


@pytest.fixture(scope="module")
def words(word_space: Space) -> Space:
    """The first 12,000 tokens of the real table, a sixth of the work of all: special and unused
    tokens, characters, then words from the most frequent on."""
    table = word_space.vectors[:REAL]
    graphs = {None: neighbor_graph(table, 10)}
    return Space("word", word_space.points.slice(0, REAL), {None: table}, graphs)


@pytest.fixture(scope="module")
def real(words: Space) -> list[Finding]:
    labels = words.points["label"]
    drawn = np.random.default_rng(5).choice(len(words), 60, replace=False)
    chance = [labels[int(point)].as_py() for point in drawn]
    few = {"few": ["tea", "zzzq", "qqqz"]}
    return groups(words, lists={**OWN, "drawn": chance, **few})


def test_real_groups(real: list[Finding]):
    named = by_name(real)
    # Share of neighbours, and how many times chance.
    expected = {
        "numbers": (0.85, 1.0, 20, 35),
        "years": (0.9, 1.0, 50, 65),
        "unused": (0.85, 1.0, 9, 13),
        "pieces": (0.5, 0.85, 6, 10),
        "countries": (0.55, 0.85, 60, 120),
        "web companies": (0.1, 0.4, 200, 1000),
        "months": (0.7, 1.0, 700, 1200),
        "weekdays": (0.55, 0.6, 1000, 1300),
        "animals": (0.2, 0.5, 60, 180),
        "first names": (0.4, 0.75, 30, 60),
        "professions": (0.15, 0.35, 25, 70),
        "Greek": (0.4, 0.8, 200, 400),
        "drinks": (0.1, 0.4, 250, 1200),
    }
    for name, (low, high, least, most) in expected.items():
        figures = named[name].figures
        assert low <= figures["share"] <= high, name
        assert least <= figures["lift"] <= most, name
        assert figures["p_corrected"] < 0.01, name
        assert figures["gathers"]
        assert figures["low"] <= figures["share"] <= figures["high"]
        assert "gather:" in named[name].statement
    assert named["numbers"].figures["n"] == 400
    # [CLS], [PAD] and their like have nothing to do with one another here.
    assert not named["special"].figures["gathers"]
    assert named["special"].figures["share"] == 0
    # A vocabulary's words, drawn at random.
    assert not named["drawn"].figures["gathers"]
    assert named["drawn"].figures["p"] > 0.01
    assert "do not gather more than chance" in named["drawn"].statement


def test_real_findings_are_whole(real: list[Finding], words: Space):
    told = [each for each in real if not each.refused]
    labels = words.points["label"].to_pylist()
    for each in told:
        figures = each.figures
        assert set(figures) == FIGURES
        assert json.dumps(plain(figures))
        assert (each.name, each.space, each.layer) == ("group", "word", None)
        assert list(each.points) == sorted(set(each.points))
        assert len(each.points) == figures["n"]
        assert figures["points_in_space"] == REAL
        assert figures["chance"] == pytest.approx((figures["n"] - 1) / (REAL - 1))
        assert figures["tests"] == len(told)
        assert len(figures["examples"]) <= 8
        assert len(figures["strays"]) <= 5
        for shown in figures["examples"] + figures["strays"]:
            assert labels[shown["point"]] == shown["label"]
            assert shown["point"] in each.points
        best = [shown["share"] for shown in figures["examples"]]
        least = [shown["share"] for shown in figures["strays"]]
        assert best == sorted(best, reverse=True)
        assert least == sorted(least)
        assert all(share < figures["share"] for share in least)
    p_values = [each.figures["p"] for each in told]
    corrected = [each.figures["p_corrected"] for each in told]
    np.testing.assert_allclose(corrected, holm(p_values))
    for figures in (each.figures for each in told):
        low, high = figures["p_corrected_low"], figures["p_corrected_high"]
        assert low <= figures["p_corrected"] <= high
        assert figures["gathers"] == (high < 0.05)
        assert figures["unsure"] == (low < 0.05 <= high)


def test_real_order_and_scripts(real: list[Finding]):
    told = [each.figures for each in real if not each.refused]
    sources = [figures["source"] for figures in told]
    assert [source for source, _ in itertools.groupby(sources)] == ["kind", "script", "list", "own"]
    lists = [figures["group"] for figures in told if figures["source"] == "list"]
    assert tuple(lists) == SHIPPED
    scripts = [figures["group"] for figures in told if figures["source"] == "script"]
    # Nearly every token is in Latin script; of Thai script there are few.
    assert {"Han", "Cyrillic", "Greek"} <= set(scripts)
    assert not {"Latin", "Common", "Thai"} & set(scripts)
    kinds = [figures["group"] for figures in told if figures["source"] == "kind"]
    assert kinds[:4] == ["numbers", "years", "unused", "pieces"]


def test_real_lists(real: list[Finding]):
    named = by_name(real)
    countries = named["countries"].figures
    assert countries["words"] - len(countries["missing"]) == countries["n"]
    assert "Eswatini" in countries["missing"]
    assert "France" not in countries["missing"]
    assert named["drinks"].figures["missing"] == ["whisky", "vodka", "kombucha"]
    assert named["numbers"].figures["words"] is None
    (refused,) = (each for each in real if each.refused)
    assert refused.figures == {"n": 1, "refused": True}
    assert "few" in refused.statement
    assert "zzzq, qqqz" in refused.statement


def test_words_match_in_any_spelling():
    labels = [
        "India",
        "india",
        "##india",
        "Caf\u00e9",
        "tea",
        "Milk",
        *(f"w{i}" for i in range(40)),
    ]
    found = groups(
        space_of(labels, noise(46)), lists={"own": ["INDIA", "cafe\u0301", "Tea ", "milk"]}
    )
    own = by_name(found)["own"]
    assert own.points == (0, 3, 4, 5)
    assert own.figures["words"] == 4
    assert own.figures["missing"] == []


def test_planted_list_gathers_and_its_stray_is_named():
    vectors = noise(200)
    vectors[:12] = vectors[0] + noise(12, 1) * 0.05
    labels = [f"w{i}" for i in range(200)]
    asked = [f"w{i}" for i in (*range(12), 150)]
    found = groups(space_of(labels, vectors), k=5, lists={"mine": asked})
    mine = by_name(found)["mine"].figures
    assert mine["gathers"]
    assert mine["tests"] == 1
    assert mine["p"] == mine["p_corrected"] == 1 / 10_000
    assert [each["label"] for each in mine["strays"]] == ["w150"]
    assert len(mine["examples"]) == 8
    assert mine["share"] == pytest.approx((12 + mine["strays"][0]["share"]) / 13)


def test_kinds_years_and_scripts_of_a_small_table():
    labels = ["7", "42", "999", "1000", "1984", "2011", "2099", "2100", "##1999", "12345"]
    kinds = ["number"] * 10 + ["word"] * 90
    scripts = ["Common"] * 10 + ["Latin"] * 60 + ["Greek"] * 30
    labels += [f"w{i}" for i in range(90)]
    found = by_name(groups(space_of(labels, noise(100), kinds, scripts)))
    assert list(found) == ["numbers", "years", "words", "Greek"]
    assert found["years"].points == (3, 4, 5, 6)
    assert found["Greek"].figures["n"] == 30


def test_k_is_cut_to_the_points_there_are():
    found = by_name(groups(space_of(list("abcdef"), noise(6)), lists={"own": list("abcd")}))
    own = found["own"].figures
    # All others are neighbours: every group has what chance gives.
    assert own["k"] == 5
    assert own["share"] == pytest.approx(own["chance"])
    assert own["p"] == 1


def test_one_neighbor():
    found = by_name(groups(space_of(list("abcdefgh"), noise(8)), k=1, lists={"own": list("abcd")}))
    assert found["own"].figures["k"] == 1
    assert "of the one token nearest to" in found["own"].statement


def test_too_little_is_said():
    for n in (1, 4):
        (refused,) = groups(space_of(list("abcd")[:n], noise(n)))
        assert refused.refused
        assert refused.figures["n"] == n
    for same in (np.ones((30, 4)), np.zeros((30, 4))):
        (refused,) = groups(space_of([f"w{i}" for i in range(30)], same))
        assert refused.refused
        assert "30 points are left out" in refused.statement
    # Every point on the list: nothing to compare with.
    found = groups(space_of(list("abcdef"), noise(6)), lists={"own": list("abcdef")})
    assert "none are left to compare" in found[-1].statement
    # Without any group that is there: shipped lists, refused one by one.
    assert [each.refused for each in groups(space_of(list("abcdef"), noise(6)))] == [True] * 8


def test_missing_words_are_named_but_not_without_end():
    asked = [f"no{i}" for i in range(30)]
    found = groups(space_of(list("abcdef"), noise(6)), lists={"own": asked})
    assert "0 of 30 words" in found[-1].statement
    assert "no9 and 20 more" in found[-1].statement


def test_refuses_what_cannot_be_used():
    space = space_of([f"w{i}" for i in range(30)], noise(30), ["word"] * 30, ["Greek"] * 30)
    for name in ("months", "First-Names", "first_names", "years", "greek"):
        with pytest.raises(LexiscopeError, match="of this name already"):
            groups(space, lists={name: ["w1"]})
    with pytest.raises(LexiscopeError, match="of this name already"):
        groups(space, lists={"my list": ["w1"], "My-List": ["w2"]})
    for words in ([], ["", " "]):
        with pytest.raises(LexiscopeError, match="holds no words"):
            groups(space, lists={"own": words})
    for wrong in ("w1", ["w1", 2]):
        with pytest.raises(LexiscopeError, match="give a list of words"):
            groups(space, lists={"own": wrong})
    with pytest.raises(LexiscopeError, match="no name"):
        groups(space, lists={" ": ["w1"]})
    with pytest.raises(LexiscopeError, match="at least"):
        groups(space, k=0)
    with pytest.raises(LexiscopeError, match="k 30: word has 30 points"):
        groups(space, k=30)
    broken = noise(30)
    broken[3, 2] = np.nan
    with pytest.raises(LexiscopeError, match="NaN"):
        groups(space_of([f"w{i}" for i in range(30)], broken))


def test_progress_rises_to_one():
    told: list[float] = []
    groups(space_of([f"w{i}" for i in range(30)], noise(30)), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


# Lists of words


def test_shipped_lists():
    lists = shipped_lists()
    assert tuple(lists) == SHIPPED
    sizes = {name: len(words) for name, words in lists.items()}
    assert sizes["months"] == 12
    assert sizes["weekdays"] == 7
    least = {"countries": 150, "web companies": 40, "colours": 40, "animals": 120}
    least |= {"first names": 150, "professions": 100}
    for name, number in least.items():
        assert sizes[name] >= number
    folder = Path(__file__).parents[1] / "src" / "lexiscope" / "measure" / "lists"
    assert {path.stem.replace("-", " ") for path in folder.iterdir()} == set(SHIPPED)
    for name, words in lists.items():
        assert all(word.isalpha() for word in words), name
        lines = (folder / f"{name.replace(' ', '-')}.txt").read_text("utf-8").splitlines()
        assert lines[0].startswith("# ")
        # None is there twice: nothing was left out in reading.
        assert len(words) == sum(not line.startswith("#") for line in lines)


def test_own_list_is_read(tmp_path: Path):
    path = tmp_path / "my drinks.txt"
    path.write_bytes(
        "\ufeff# What I drink\r\n coffee \r\n\r\nTea\r\n#\r\ntea\r\n##ing\r\n".encode()
    )
    assert read_list(path) == ("my drinks", ["coffee", "Tea", "##ing"])
    assert read_list(str(path))[0] == "my drinks"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no words"),
        (b"# only this\n\n", "holds no words"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not UTF-8 text"),
        ("tea\n".encode("utf-16-le"), "not text"),
    ],
)
def test_own_list_is_refused(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(LexiscopeError, match=message):
        read_list(path)


def test_own_list_that_is_no_file(tmp_path: Path):
    with pytest.raises(LexiscopeError, match="cannot be read: No such file"):
        read_list(tmp_path / "none.txt")
    with pytest.raises(LexiscopeError, match="cannot be read: Is a directory"):
        read_list(tmp_path)


def test_copies_do_not_pass_for_a_group():
    # The first hundred of six hundred rows, of which all but one are equal.
    vectors = np.ones((600, 8))
    vectors[599] = -1
    labels = [f"w{number}" for number in range(600)]
    (refused,) = groups(space_of(labels, vectors), lists={"first": labels[:100]})
    assert refused.refused
    # Rows of zeros are not near the others of them, and say nothing of the rest.
    vectors = noise(600)
    vectors[100:500] = 0
    found = groups(
        space_of(labels, vectors), lists={"first": labels[:100], "zeros": labels[200:300]}
    )
    of_name = {each.figures.get("group"): each for each in found if not each.refused}
    assert not of_name["first"].figures["gathers"]
    assert "400 points are left out" in of_name["first"].statement
    assert set(of_name["first"].points) == set(range(100))
    assert "zeros" not in of_name


def test_listed_words_left_out_as_copies_are_not_said_to_be_missing():
    vectors = noise(600)
    vectors[100:130] = vectors[100]
    vectors[130] = 0
    labels = [f"w{number}" for number in range(600)]
    labels[599] = "W131"
    some = [*labels[90:133], "nowhere"]
    found = groups(space_of(labels, vectors), lists={"some": some, "copies": labels[100:133]})
    of_name = {each.figures.get("group"): each for each in found if not each.refused}
    figures = of_name["some"].figures
    assert (figures["words"], figures["n"]) == (44, 12)
    assert figures["missing"] == ["nowhere"]
    assert figures["left_out"] == labels[100:131]
    assert "43 of 44 words of the list “some” are in the vocabulary, but w100, w101," in (
        of_name["some"].statement
    )
    assert "w109 and 21 more are left out; 31 points are" in of_name["some"].statement
    refused = found[-1].statement
    assert "33 of 33 words" in refused
    assert "are left out: too few" in refused
    assert "missing" not in refused
    # A word of which another spelling is looked at is there.
    vectors[131] = 0
    found = groups(space_of(labels, vectors), lists={"some": some})
    assert found[-1].figures["left_out"] == labels[100:131]
    assert 599 in found[-1].points


def test_more_neighbours_than_fit_are_refused_before_any_are_looked_for(
    words: Space, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(neighbors, "MEMORY", 24 * len(words) * 50)
    monkeypatch.setattr(Space, "graph", None)
    with pytest.raises(LexiscopeError, match=r"k 51: .* a k of at most 50$"):
        groups(words, k=51)
    with pytest.raises(LexiscopeError, match=r"k 51: .* a k of at most 50$"):
        frequency(words, k=51)


def test_spellings_of_a_word_do_not_gather_by_themselves():
    rng = np.random.default_rng(3)
    once = rng.standard_normal((1000, 32))
    twins = once + 0.01 * rng.standard_normal(once.shape)
    labels = [f"word{number}" for number in range(1000)]
    labels += [label.capitalize() for label in labels]
    chosen = [labels[number] for number in rng.choice(1000, 20, replace=False)]
    found = groups(space_of(labels, np.vstack([once, twins])), lists={"drawn": chosen})
    (drawn,) = (each for each in found if each.figures.get("group") == "drawn")
    assert drawn.figures["n"] == 20
    assert not drawn.figures["gathers"]


def test_among_very_many_groups_one_can_still_gather(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lexiscope.measure.groups.AFFORDABLE", 1.0)
    vectors = noise(300)
    vectors[:10] = vectors[0] + noise(10, 1) * 0.05
    labels = [f"w{number}" for number in range(300)]
    rng = np.random.default_rng(2)
    drawn = {f"drawn {each}": rng.choice(labels, 10, replace=False).tolist() for each in range(60)}
    found = by_name(groups(space_of(labels, vectors), lists={"planted": labels[:10], **drawn}))
    planted = found["planted"].figures
    # With 999 permutations 61 times the least p there is would be .061, and with 1,220 it is
    # .04996, of which the draws know no more than that the exact one is below .18.
    assert (planted["tests"], planted["permutations"]) == (61, decisive_draws(61, 0.05))
    assert planted["p_corrected_high"] < 0.05
    assert planted["gathers"]
    assert sum(each.figures["gathers"] for each in found.values()) == 1


@pytest.mark.parametrize(
    ("as_much", "gathers", "unsure"),
    [
        (0, True, False),
        (350, True, False),
        (480, False, True),
        (520, False, True),
        (650, False, False),
        (9999, False, False),
    ],
)
def test_a_p_near_the_level_is_unsure(
    as_much: int, gathers: bool, unsure: bool, monkeypatch: pytest.MonkeyPatch
):
    """Of 9,999 groups drawn, as many gather as much as are told to."""

    def drawn(indices: NDArray[np.int32], sizes: list[int], **_: object) -> dict[int, NDArray]:
        return {m: np.where(np.arange(9999) < as_much, indices.size, -1) for m in sizes}

    monkeypatch.setattr("lexiscope.findings.groups.random_counts", drawn)
    labels = [f"w{number}" for number in range(60)]
    found = by_name(groups(space_of(labels, noise(60)), lists={"mine": labels[:20]}))["mine"]
    figures = found.figures
    assert (figures["gathers"], figures["unsure"]) == (gathers, unsure)
    assert figures["p"] == figures["p_corrected"] == (1 + as_much) / 10_000
    if not unsure:
        beginning = "Words of the list “mine” " + ("gather:" if gathers else "do not gather more")
        assert found.statement.startswith(beginning)
        assert "random groups tell" not in found.statement
    elif as_much == 480:
        assert found.statement.startswith("Whether words of the list “mine” gather is unsure: of")
        assert (
            "(p = .0481, corrected for 1 group; 9,999 random groups tell only that it lies "
            "between .0439 and .0524, so it may be below .05 or not; 20 of 20 words"
        ) in found.statement
