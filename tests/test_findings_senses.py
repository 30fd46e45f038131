from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import f1_score, silhouette_score
from sklearn.neighbors import NearestNeighbors

import lexiscope as lx
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings.senses import senses
from lexiscope.measure.evidence import decisive_draws, holm
from lexiscope.measure.sense_labels import Labels, deal, sense_labels
from lexiscope.measure.senses import Recovery, best_layer
from lexiscope.measure.senses import recovery as measure
from lexiscope.neighbors import normalize
from lexiscope.space import Space

TWENTY = ["a"] * 10 + ["b"] * 10


def gaussians(n: int, dim: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def recovery(vectors: np.ndarray, labels: Labels, shuffles: int = 99, seed: int = 0) -> Recovery:
    return measure(vectors, labels, deal(labels, shuffles), seed=seed)


def planted(labels: list[str], strength: float, seed: int = 0) -> np.ndarray:
    """Gaussians, each moved along an axis of its label."""
    vectors = gaussians(len(labels), seed=seed)
    codes = np.unique(labels, return_inverse=True)[1]
    vectors[np.arange(len(labels)), codes] += strength
    return vectors


# ---- which occurrences, and what is shuffled -----------------------------------------------------


def test_a_sense_that_stands_alone_is_left_out():
    given = ["a", "a", None, "b", "alone", "b", "a"]
    labels = sense_labels(given)
    assert labels.rows.tolist() == [0, 1, 3, 5, 6]
    assert labels.counts == {"a": 3, "b": 2}
    assert (labels.rare, labels.split, labels.majority) == (1, False, 0.6)
    assert labels.code.tolist() == [0, 0, 1, 1, 0]
    dealt = deal(labels, 20)
    assert dealt.shape == (20, 5)
    assert dealt.dtype == np.uint8  # of many words and shuffles, eight bytes each are too many
    assert (dealt.sum(axis=1) == 2).all()  # a shuffle keeps how many there are
    assert (dealt != labels.code).any()
    assert (deal(labels, 20) == dealt).all()


def test_a_split_is_followed():
    given = ["a", "b", "a", "b", "a", "b", "b", "only test", "a", "only dev"]
    split = ["Train", "training", "TEST", *["test"] * 5, "dev", "Validation"]
    labels = sense_labels(given, split)
    assert labels.rows.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert labels.known.tolist() == [0, 1]
    assert labels.scored.tolist() == [2, 3, 4, 5, 6, 7]
    assert labels.names == ("a", "b", "only test")
    assert (labels.rare, labels.split) == (0, True)
    # Train has as many of both: the first is guessed, which 2 of 6 are.
    assert labels.majority == pytest.approx(2 / 6)
    dealt = deal(labels, 50)
    assert (np.sort(dealt[:, :2]) == [0, 1]).all()
    assert (np.sort(dealt[:, 2:]) == [0, 0, 1, 1, 1, 2]).all()


def test_a_sense_that_train_does_not_have_is_never_found():
    given = TWENTY + ["a"] * 5 + ["c"] * 5
    split = ["train"] * 20 + ["test"] * 10
    measured = recovery(planted(given, 20), sense_labels(given, split))
    assert measured.neighbor_accuracy == measured.centroid_accuracy == 0.5
    away = np.abs(planted(given, 20)) * np.repeat([1, -1], [25, 5])[:, None]
    assert recovery(away.astype(np.float32), sense_labels(given, split)).centroid_accuracy == 0.5


def test_senses_are_handed_on_by_whole_texts():
    texts = [0, 0, 1, 1, 2, 2, 3, 4, 5, 6]
    given = ["a", "b", "b", "b", "a", "a", "a", "a", "b", "b"]
    dealt = deal(sense_labels(given, texts=texts), 200)
    assert len({tuple(each) for each in dealt.tolist()}) == 6 * 6
    pairs = dealt[:, :6].reshape(200, 3, 2)
    assert (np.sort(pairs.sum(axis=2), axis=1) == [0, 1, 2]).all()
    assert (pairs[pairs.sum(axis=2) == 1] == [0, 1]).all()
    assert (dealt[:, 6:].sum(axis=1) == 2).all()


def test_a_sense_of_one_text_is_left_out():
    labels = sense_labels(["a"] * 4 + ["b"] * 4 + ["c"] * 2, texts=[0, 1, 2, 3, 4, 5, 6, 7, 8, 8])
    assert (labels.names, labels.rare) == (("a", "b"), 2)


def test_two_of_one_text_are_not_each_others_nearest():
    """Twice in each text, alike for that alone: no sense is there to be found."""
    rng = np.random.default_rng(5)
    given = np.repeat(rng.permutation(TWENTY), 2).tolist()
    texts = np.repeat(np.arange(20), 2)
    vectors = 5 * gaussians(20)[texts] + gaussians(40, seed=1)
    measured = recovery(vectors, sense_labels(given, texts=texts), 999)
    assert measured.neighbor_accuracy < 0.8
    assert best_layer([measured])[1] > 0.05
    assert recovery(vectors, sense_labels(given), 999).neighbor_accuracy == 1


def test_a_split_of_one_part_is_none():
    assert not sense_labels(TWENTY, ["train"] * 20).split


@pytest.mark.parametrize(
    ("given", "split"),
    [
        (["a", "a", "b", "b"], None),
        (["a"] * 9, None),
        (["a"] * 9 + ["b"], None),
        ([], None),
        (["a", "b", "a", "b"], ["train", "train", "test", "test"]),
    ],
)
def test_too_few_occurrences_are_refused(given: list[str], split: list[str] | None):
    with pytest.raises(TooFewError, match="too few"):
        sense_labels(given, split)


# ---- figures -------------------------------------------------------------------------------------


def test_recovery_by_hand():
    """Five directions in the plane, by their angles."""
    angles = np.radians([0, 10, 30, 80, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = sense_labels(["a", "a", "b", "b", "b"])
    # Nearest: 0-10 a, 10-0 a, 30-10 wrong, 80-90 b, 90-80 b.
    # Means without the point itself: 0 and 10 to each other (10 from the other a, the b's lie
    # about 67); 30: a lies at 5, the other b's at 85, wrong; 80 and 90: b at 60 and 55, right.
    measured = recovery(vectors, labels)
    assert measured.neighbor_accuracy == measured.centroid_accuracy == 0.8
    # a: 2 right of 3 found and 2 there; b: 2 right of 2 found and 3 there.
    assert measured.macro_f1 == pytest.approx((4 / 5 + 4 / 5) / 2)
    # k-means parts them at 30 to 80: {0, 10, 30} and {80, 90}.
    assert -1 < measured.ami < 1


def test_levels_by_hand():
    """Three occurrences in one direction, three across it, and all 20 ways to deal the senses."""
    vectors = np.repeat(np.eye(2, dtype=np.float32), 3, axis=0)
    labels = sense_labels(["a"] * 3 + ["b"] * 3)
    ways = [[int(each not in chosen) for each in range(6)] for chosen in combinations(range(6), 3)]
    measured = measure(vectors, labels, np.array(ways, dtype=np.uint8))
    assert (measured.macro_f1, measured.silhouette) == (1, pytest.approx(1))
    assert measured.ami == pytest.approx(1)
    # Two ways leave the directions whole. In the other 18 each sense has two and one: the two are
    # found (their mean without the point lies at 45 degrees, the other sense's at 63), the one
    # is not: right 2 of 3, given 3.
    assert measured.shuffled_centroid.mean() == pytest.approx((2 + 18 * 2 / 3) / 20)
    assert measured.shuffled_macro_f1.mean() == pytest.approx((2 + 18 * 2 / 3) / 20)
    # Silhouette of the two: (2/3 - 1/2) / (2/3), of the one: (1/3 - 1) / 1.
    mixed = (2 * 1 / 4 - 2 / 3) / 3
    assert measured.shuffled_silhouette.mean() == pytest.approx((2 + 18 * mixed) / 20)
    assert measured.shuffled_ami.mean() == pytest.approx(0, abs=1e-12)
    assert (labels.majority, labels.majority_macro_f1) == (0.5, pytest.approx((2 * 3 / 9) / 2))


@pytest.mark.parametrize("split", [None, ["train"] * 8 + ["test"] * 9])
def test_the_f1_of_the_most_frequent_sense_agrees_with_scikit_learn(split: list[str] | None):
    labels = sense_labels(list("aaaabbcc" + "aabbbbbcc"), split)
    truth = labels.code[labels.scored]
    usual = np.full_like(truth, 1 if split is None else 0)
    expected = f1_score(truth, usual, average="macro", zero_division=0)
    assert labels.majority_macro_f1 == pytest.approx(expected)
    assert labels.majority == pytest.approx(f1_score(truth, usual, average="micro"))


def test_levels_of_whole_texts_are_of_the_shuffles_of_whole_texts():
    """Twice in every text: shuffled senses still hold together there, and so do the vectors."""
    texts = np.repeat(np.arange(20), 2)
    given = np.repeat(TWENTY, 2).tolist()
    vectors = 20 * gaussians(20)[texts] + gaussians(40, seed=1)
    together = recovery(vectors, sense_labels(given, texts=texts))
    alone = recovery(vectors, sense_labels(given))
    assert together.shuffled_silhouette.mean() > alone.shuffled_silhouette.mean() + 0.01


def test_recovery_agrees_with_a_plain_double_loop():
    given = [str(number) for number in np.random.default_rng(1).integers(0, 3, 60)]
    vectors = planted(given, 1.0)
    labels = sense_labels(given)
    measured = recovery(vectors, labels)
    unit = normalize(vectors).astype(np.float64)
    found = []
    for point, row in enumerate(unit):
        means = []
        for name in labels.names:
            others = [n for n, each in enumerate(given) if each == name and n != point]
            mean = unit[others].mean(axis=0)
            means.append(mean @ row / np.linalg.norm(mean))
        found.append(labels.names[int(np.argmax(means))])
    assert measured.centroid_accuracy == pytest.approx(np.mean(np.array(found) == given))
    assert measured.centroid_accuracy == pytest.approx(f1_score(given, found, average="micro"))
    assert measured.macro_f1 == pytest.approx(f1_score(given, found, average="macro"))
    assert measured.silhouette == pytest.approx(
        silhouette_score(vectors, given, metric="cosine"), abs=1e-5
    )
    index = NearestNeighbors(n_neighbors=1, metric="cosine").fit(vectors)
    near = index.kneighbors(return_distance=False)[:, 0]
    assert measured.neighbor_accuracy == pytest.approx(np.mean(np.array(given)[near] == given))


def test_with_a_split_centroids_are_of_train():
    given = TWENTY * 2
    split = ["train"] * 20 + ["test"] * 20
    vectors = planted(given, 1.5)
    measured = recovery(vectors, sense_labels(given, split))
    unit = normalize(vectors)
    means = np.stack([unit[:10].mean(axis=0), unit[10:20].mean(axis=0)])
    found = (unit[20:] @ normalize(means).T).argmax(axis=1)
    assert measured.centroid_accuracy == pytest.approx((found == [0] * 10 + [1] * 10).mean())
    near = (unit[20:] @ unit[:20].T).argmax(axis=1) // 10
    assert measured.neighbor_accuracy == pytest.approx((near == [0] * 10 + [1] * 10).mean())


def test_planted_senses_are_found_and_noise_is_not():
    labels = sense_labels(TWENTY)
    clear = recovery(planted(TWENTY, 20), labels, 999)
    assert clear.neighbor_accuracy == clear.centroid_accuracy == clear.macro_f1 == 1
    assert clear.ami == pytest.approx(1)
    assert clear.silhouette > 0.8
    assert clear.shuffled_ami.mean() == pytest.approx(0, abs=0.03)
    assert clear.shuffled_silhouette.mean() == pytest.approx(0, abs=0.05)
    assert clear.shuffled_macro_f1.mean() < 0.6
    levels = (clear.shuffled_ami, clear.shuffled_silhouette, clear.shuffled_macro_f1)
    assert {each.shape for each in levels} == {(100,)}
    assert max(np.quantile(each, 0.95) for each in levels) < 0.8
    assert best_layer([clear])[1] <= 0.005
    # Nine of the nineteen others have a point's own sense.
    assert clear.shuffled_neighbor.mean() == pytest.approx(9 / 19, abs=0.03)
    noise = [recovery(gaussians(20, seed=seed), labels, seed=seed) for seed in range(30)]
    assert np.mean([each.ami for each in noise]) == pytest.approx(0, abs=0.05)
    assert np.mean([each.neighbor_accuracy for each in noise]) == pytest.approx(9 / 19, abs=0.06)
    for name in ("macro_f1", "silhouette"):
        levels = [getattr(each, f"shuffled_{name}").mean() for each in noise]
        true = [getattr(each, name) for each in noise]
        assert np.mean(true) == pytest.approx(np.mean(levels), abs=0.06)


def test_p_allows_for_the_choice_of_the_layer():
    """Of noise at six layers the best is under 5 % as often as it should be."""
    labels = sense_labels(TWENTY)
    low = naive = 0
    for word in range(40):
        layers = [recovery(gaussians(20, 10, 100 * word + each), labels, 199) for each in range(6)]
        best, p, *_ = best_layer(layers)
        low += p < 0.05
        chosen = layers[best]
        naive += (chosen.shuffled_neighbor >= chosen.neighbor_accuracy).mean() < 0.05
    assert low <= 6
    assert naive >= 6  # against 2 where the choice did not matter


def test_the_best_layer_is_the_one_with_the_nearest_neighbours_then_the_silhouette():
    labels = sense_labels(TWENTY)
    layers = [recovery(planted(TWENTY, strength), labels) for strength in (0, 20, 40, 20)]
    assert best_layer(layers)[0] == 2


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_equal_vectors_are_at_chance(value: float):
    """As at layer 0 of a model without position embeddings."""
    given = ["a"] * 60 + ["b"] * 40
    measured = recovery(np.full((100, 8), value, dtype=np.float32), sense_labels(given))
    assert measured.neighbor_accuracy == pytest.approx(0.52, abs=0.15)
    assert measured.centroid_accuracy == pytest.approx(0.5, abs=0.15)
    assert (measured.silhouette, measured.ami) == (0, 0)
    assert not measured.shuffled_silhouette.any()
    assert not measured.shuffled_ami.any()
    assert measured.shuffled_macro_f1.mean() == pytest.approx(0.5, abs=0.05)


def test_nan_is_refused():
    vectors = gaussians(20)
    vectors[3, 3] = np.nan
    with pytest.raises(LexiscopeError, match="NaN"):
        recovery(vectors, sense_labels(TWENTY))


# ---- findings ------------------------------------------------------------------------------------


def space(columns: dict[str, list[object]], *matrices: np.ndarray) -> Space:
    n = len(columns["target"])
    points = pa.table({"label": columns["target"], "text": [f"{each}" for each in range(n)]})
    for name, values in columns.items():
        points = points.append_column(name, pa.array(values))
    return Space("context", points, dict(enumerate(matrices)))


def test_five_words_have_an_interval_and_drawn_occurrences_are_told(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("lexiscope.findings.senses.OCCURRENCES", 16)
    columns = {"target": np.repeat(list("vwxyz"), 20), "sense": TWENTY * 5}
    overall = senses(space(columns, gaussians(100)), seed=3)[-1]
    for prefix in ("", "centroid_", "macro_f1_", "silhouette_", "ami_"):
        low, high = (overall.figures[f"{prefix}{end}"] for end in ("low", "high"))
        assert (low <= high).all()
    assert "95 % interval over words" in overall.statement
    assert "80 occurrences, 16 drawn of each word with more (seed 3)" in overall.statement


def test_every_word_has_a_finding_and_all_have_one():
    columns = {
        "target": ["bank"] * 20 + ["bat"] * 20 + ["rare"] * 3 + ["bank"],
        "sense": [*TWENTY, *TWENTY, "x", "x", "y", None],
    }
    noise = gaussians(44)
    clear = np.vstack([planted(TWENTY, 20), gaussians(20, seed=5), gaussians(4)])
    told: list[float] = []
    found = senses(space(columns, noise, clear), seed=3, progress=told.append)
    assert [each.name for each in found] == ["senses", "senses", "senses", "senses_overall"]
    bank, bat, rare, overall = found
    assert json.loads(json.dumps(bank.as_json()))["figures"]["senses"] == {"a": 10, "b": 10}
    assert bank.figures["word"] == "bank"
    assert (bank.layer, bank.figures["best_layer"], bank.figures["p"]) == (1, 1, 0.0001)
    assert bank.points == tuple(range(20))
    assert bank.figures["neighbor_accuracy"][1] == bank.figures["micro_f1"][1] == 1
    assert (bank.figures["scored"], bank.figures["train"]) == ("leave-one-out", None)
    assert "lie apart: at layer 1" in bank.statement
    assert bank.figures["p_corrected"] == pytest.approx(0.0002)
    assert "(p ≤ .0002, corrected for 2 layers and 2 words)" in bank.statement
    assert bat.figures["p"] > 0.05
    assert "not shown to lie apart" in bat.statement
    assert rare.refused
    assert rare.statement.startswith("3 labelled occurrences of 'rare' (3): too few")
    assert (overall.figures["words"], overall.figures["n"]) == (2, 40)
    for name in ("neighbor_accuracy", "centroid_accuracy", "macro_f1", "silhouette", "ami"):
        values, levels = (
            [each[name][1] for each in (bank.figures, bat.figures)],
            [each.figures["shuffled"][name][1] for each in (bank, bat)],
        )
        assert overall.figures[name][1] == pytest.approx(np.mean(values))
        assert overall.figures["shuffled_levels"][name][1] == pytest.approx(np.mean(levels))
        assert values[0] > levels[0] + 0.3  # planted
    for prefix in ("", "centroid_", "macro_f1_", "silhouette_", "ami_"):
        low, high = (overall.figures[f"{prefix}{end}"] for end in ("low", "high"))
        assert np.isnan([low, high]).all()
    assert "(too few words for an interval)" in overall.statement
    for each in (bank, overall):
        assert each.figures["always_majority"] == {
            "micro_f1": 0.5,
            "macro_f1": pytest.approx(1 / 3),
            "ami": 0,
        }
    assert bank.figures["shuffled"]["micro_f1"] == bank.figures["shuffled"]["centroid_accuracy"]
    assert overall.figures["shuffled"] is overall.figures["shuffled_levels"]["neighbor_accuracy"]
    each = [one.figures["neighbor_accuracy"][1] for one in (bank, bat)]
    assert overall.figures["neighbor_accuracy"][1] == pytest.approx(np.mean(each))
    assert overall.points == tuple(range(40))
    assert "(40 occurrences; 1 word with too few left out)" in overall.statement
    assert "chosen as the best of 2 layers" in overall.statement
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_same_seed_gives_the_same_findings():
    columns = {"target": ["bank"] * 20, "sense": TWENTY}
    one, two = (senses(space(columns, gaussians(20)), seed=7) for _ in range(2))
    assert [each.as_json() for each in one] == [each.as_json() for each in two]
    overall = one[-1]
    figures = overall.as_json()["figures"]
    assert figures["low"] == figures["ami_low"] == figures["silhouette_high"] == [None]
    assert "one word" in overall.statement


def test_of_many_words_of_noise_none_lies_apart(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lexiscope.findings.senses.SHUFFLES", 1999)
    columns = {
        "target": [f"w{each}" for each in range(40) for _ in TWENTY],
        "sense": TWENTY * 40,
    }
    *words, _ = senses(space(columns, gaussians(800, seed=6)))
    p = np.array([each.figures["p"] for each in words])
    assert (p < 0.05).any()
    assert [each.figures["p_corrected"] for each in words] == holm(p).tolist()
    assert all("not shown to lie apart" in each.statement for each in words)


def test_what_is_left_out_and_the_texts_are_told():
    texts = [*range(20), 20, 20, 20]
    columns = {"target": ["bank"] * 23, "sense": TWENTY + ["c"] * 3, "row": texts}
    bank, overall = senses(space(columns, planted(TWENTY + ["c"] * 3, 20)))
    assert bank.figures["left_out"] == 3
    assert "of 20 occurrences (3 of senses too rare to score left out), against" in bank.statement
    assert "corrected" not in bank.statement  # one layer, one word
    assert "too few" not in overall.statement


def test_a_column_split_is_used():
    columns = {"target": ["bank"] * 40, "sense": TWENTY * 2}
    columns["split"] = ["train"] * 20 + ["test"] * 20
    bank = senses(space(columns, planted(TWENTY * 2, 20)))[0]
    assert (bank.figures["scored"], bank.figures["train"], bank.figures["test"]) == (
        "split",
        20,
        20,
    )
    assert "nearest train occurrence" in bank.statement
    assert bank.figures["neighbor_accuracy"] == [1]


@pytest.mark.parametrize("labels", [None, [None] * 20, [" ", ""] * 10])
def test_without_labels_one_finding_says_how_to_add_them(labels: list[str | None] | None):
    columns = {"target": ["bank"] * 20} | ({} if labels is None else {"sense": labels})
    (found,) = senses(space(columns, gaussians(20)))
    assert found.refused
    assert "--sense COLUMN" in found.statement


@pytest.mark.parametrize(
    ("as_good", "verdict"),
    [
        (0, "The senses of 'bank' (a 10, b 10) lie apart: at"),
        (350, "The senses of 'bank' (a 10, b 10) lie apart: at"),
        (480, "Whether the senses of 'bank' (a 10, b 10) lie apart is unsure: at"),
        (520, "Whether the senses of 'bank' (a 10, b 10) lie apart is unsure: at"),
        (650, "The senses of 'bank' (a 10, b 10) are not shown to lie apart: at"),
    ],
)
def test_a_p_near_the_level_is_unsure(as_good: int, verdict: str, monkeypatch: pytest.MonkeyPatch):
    """Of 9,999 shuffles as many are as good as are told to."""

    def measured(*given: object, **how: object) -> Recovery:
        shuffled = np.where(np.arange(9999) < as_good, 1.0, -1.0)
        return replace(measure(*given, **how), shuffled_neighbor=shuffled)  # type: ignore[arg-type]

    monkeypatch.setattr("lexiscope.findings.senses.recovery", measured)
    bank = senses(space({"target": ["bank"] * 20, "sense": TWENTY}, gaussians(20)))[0]
    figures = bank.figures
    assert bank.statement.startswith(verdict)
    assert figures["unsure"] == ("unsure" in verdict)
    assert figures["p_corrected"] == (1 + as_good) / 10_000
    assert figures["p_corrected_low"] <= figures["p_corrected"] <= figures["p_corrected_high"]
    doubt = "9,999 shuffles tell only that it lies between .0439 and .0524, so it may be below .05"
    assert (doubt in bank.statement) == (as_good == 480)


def test_of_very_many_words_one_can_still_lie_apart(monkeypatch: pytest.MonkeyPatch):
    """The shuffles are so many that a p of which none is as good stays sure once corrected."""
    monkeypatch.setattr("lexiscope.findings.senses.SHUFFLES", 99)
    sixty = np.repeat(["a", "b"], 30).tolist()
    columns = {"target": np.repeat([f"w{each}" for each in range(20)], 60), "sense": sixty * 20}
    vectors = np.vstack([planted(sixty, 20), gaussians(1140)])
    first, *_ = senses(space(columns, vectors))
    assert first.figures["shuffles"] == decisive_draws(20, 0.05)
    assert first.figures["p_corrected_high"] < 0.05
    assert "lie apart: at" in first.statement


def test_layers_that_differ_by_rounding_are_equal():
    labels = sense_labels(TWENTY)
    clear = recovery(planted(TWENTY, 20), labels)
    nearly = replace(clear, silhouette=clear.silhouette + 1e-12)
    assert best_layer([clear, nearly]).layer == 0
    assert best_layer([clear, replace(clear, silhouette=clear.silhouette + 1e-3)]).layer == 1


@pytest.mark.slow
def test_the_example_words_lie_apart_by_sense(senses: Path):
    from lexiscope.findings.senses import senses as find

    context = lx.Atlas.open(senses)["context"]
    *words, overall = find(context)
    assert len(words) == 14
    assert sum(each.figures["n"] for each in words) == len(context)
    bank = next(each.figures for each in words if each.figures["word"] == "bank")
    assert set(bank["senses"]) == {"finance", "river", "tilt"}
    # By the word and its place alone, senses cannot be told; a few layers on they can.
    assert bank["neighbor_accuracy"][0] < 0.5
    assert 0.7 <= max(bank["neighbor_accuracy"]) <= 0.95
    assert bank["p"] < 0.01
    assert sum(each.figures["p_corrected"] < 0.05 for each in words) >= 12
    figures = overall.figures
    assert figures["neighbor_accuracy"][0] < 0.4
    assert 0.65 <= figures["neighbor_accuracy"][6] <= 0.85
    assert figures["low"][6] > figures["high"][0]
    assert 0.28 <= figures["shuffled"][6] <= 0.34
    assert figures["best_layer"] >= 4
    assert figures["ami"][0] == pytest.approx(0, abs=0.1)
    assert 0.3 <= figures["ami"][6] <= 0.6
    levels = figures["shuffled_levels"]
    assert np.abs(levels["ami"]).max() < 0.03
    assert figures["ami_low"][6] > 0.2
    assert figures["silhouette_low"][6] > 0 > levels["silhouette"][6] > -0.15
    assert figures["macro_f1_low"][6] > 0.6 > 0.45 > levels["macro_f1"][6] > 0.2
    assert 0.1 < figures["always_majority"]["macro_f1"] < 0.25
