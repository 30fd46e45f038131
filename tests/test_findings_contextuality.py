from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics.pairwise import cosine_similarity

import lexiscope as lx
from lexiscope.errors import LexiscopeError, TooFewError
from lexiscope.findings import contextuality as finding
from lexiscope.findings.contextuality import contextuality as find
from lexiscope.measure import contextuality as measure
from lexiscope.measure.contextuality import (
    contextuality,
    cosine_with_mean,
    explained_variance,
    mean_cosine,
    mean_cosine_across,
    occurrences,
)
from lexiscope.space import Space


def gaussians(n: int, dim: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def grid(words: int, texts: int) -> tuple[np.ndarray, np.ndarray]:
    """Every word once in every text."""
    return np.tile(np.arange(words), texts), np.repeat(np.arange(texts), words)


# ---- figures -------------------------------------------------------------------------------------


def test_two_words_by_hand():
    unit = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, 1]], dtype=np.float32)
    assert mean_cosine(unit[:2]) == pytest.approx(0.6)
    assert mean_cosine(unit[2:]) == 1
    # Across: 0 and 0 of the first, 0.8 and 0.8 of the second.
    groups = [np.array([0, 1]), np.array([2, 3])]
    assert mean_cosine_across(unit, groups) == pytest.approx(0.4)
    # Singular values squared: 1 + 0.6 and 1 - 0.6.
    assert explained_variance(unit[:2]) == pytest.approx(0.8)
    assert explained_variance(3 * unit[2:]) == pytest.approx(1)
    # The mean is in the middle, with the cosine of half the angle.
    for size in (1, 1e25, 1e-25):
        sized = unit[:2] * np.float32(size)
        assert cosine_with_mean(sized) == pytest.approx(((1 + 0.6) / 2) ** 0.5)


def test_closed_forms_are_the_double_loops():
    words, texts = np.random.default_rng(2).integers(0, 4, 60), np.arange(60)
    vectors = gaussians(60, 12) + np.float32(0.4)
    measured = contextuality(vectors, occurrences(words, texts))
    alike = cosine_similarity(vectors.astype(np.float64))
    across = [alike[i, j] for i in range(60) for j in range(60) if words[i] != words[j]]
    assert measured.anisotropy == pytest.approx(np.mean(across), abs=1e-6)
    for word in range(4):
        own = np.flatnonzero(words == word)
        pairs = [alike[i, j] for i in own for j in own if i != j]
        assert measured.self_similarity[word] == pytest.approx(np.mean(pairs), abs=1e-6)
        singular = np.linalg.svd(vectors[own], compute_uv=False)
        explained = singular[0] ** 2 / (singular**2).sum()
        assert measured.explained[word] == pytest.approx(explained, abs=1e-6)


def test_texts_are_compared_with_their_mean():
    words, texts = grid(6, 40)
    vectors = gaussians(240) + 3 * gaussians(40, seed=1)[texts]
    measured = contextuality(vectors, occurrences(words, texts))
    for text in range(40):
        own = vectors[texts == text].astype(np.float64)
        expected = cosine_similarity(own, own.mean(axis=0, keepdims=True)).mean()
        assert measured.within[text] == pytest.approx(expected, abs=1e-6)
    assert (measured.within - measured.within_chance).mean() > 0.3
    # The word has no say in these.
    assert (measured.self_similarity - measured.anisotropy).mean() == pytest.approx(0, abs=0.05)


def test_isotropic_noise_is_not_contextual():
    words, texts = grid(20, 30)
    measured = contextuality(gaussians(600, 64), occurrences(words, texts))
    assert measured.anisotropy == pytest.approx(0, abs=0.005)
    assert measured.self_similarity.mean() == pytest.approx(0, abs=0.005)
    assert (measured.explained - measured.explained_chance).mean() == pytest.approx(0, abs=0.01)
    assert measured.explained.mean() > 1 / 30
    # A vector is in its own mean: of 20 the cosine is about the root of 1 / 20.
    assert measured.within.mean() == pytest.approx(20**-0.5, abs=0.02)
    assert (measured.within - measured.within_chance).mean() == pytest.approx(0, abs=0.02)


def test_anisotropic_noise_is_not_contextual_either():
    """All vectors point one way, and words no more than that."""
    words, texts = grid(20, 30)
    measured = contextuality(gaussians(600) + np.float32(1), occurrences(words, texts))
    assert measured.anisotropy == pytest.approx(0.5, abs=0.05)
    assert measured.self_similarity.mean() == pytest.approx(measured.anisotropy, abs=0.01)
    assert (measured.explained - measured.explained_chance).mean() == pytest.approx(0, abs=0.01)


def test_words_without_context_are_themselves():
    words, texts = grid(10, 6)
    measured = contextuality(gaussians(10)[words], occurrences(words, texts))
    assert measured.self_similarity.tolist() == pytest.approx([1] * 10)
    assert measured.explained.tolist() == pytest.approx([1] * 10)
    assert measured.anisotropy == pytest.approx(0, abs=0.1)


def test_vectors_of_zeros_are_no_error():
    words, texts = grid(3, 6)
    measured = contextuality(np.zeros((18, 4), dtype=np.float32), occurrences(words, texts))
    assert measured.self_similarity.tolist() == [0, 0, 0]
    assert (measured.anisotropy, measured.within.tolist()) == (0, [0] * 6)


def test_levels_between_the_sizes_measured_are_interpolated(monkeypatch: pytest.MonkeyPatch):
    words = np.repeat(np.arange(12), np.arange(5, 17))
    vectors, points = gaussians(len(words)), occurrences(words, np.arange(len(words)))
    exact = contextuality(vectors, points).explained_chance
    monkeypatch.setattr(measure, "SIZES", 4)
    assert contextuality(vectors, points).explained_chance == pytest.approx(exact, abs=0.02)
    assert (np.diff(exact) < 0).all()


def test_which_words_and_texts_are_measured():
    # Word 0 stands in five texts, word 1 five times in one, word 2 in six, word 3 in two.
    words = np.array([0] * 5 + [1] * 5 + [2] * 6 + [3] * 2)
    texts = np.array([0, 1, 2, 3, 4] + [0] * 5 + [0, 1, 2, 3, 4, 5] + [0, 1])
    points = occurrences(words, texts)
    assert points.words.tolist() == [0, 2]
    assert [len(each) for each in points.of_words] == [5, 5, 6, 2]
    assert points.of_texts == []  # two texts have three words: too few to tell


@pytest.mark.parametrize("words", [[], [0], [0] * 10, [0] * 5 + [1] * 4])
def test_too_few_occurrences_are_refused(words: list[int]):
    with pytest.raises(TooFewError, match="too few"):
        occurrences(np.array(words, dtype=np.int64), np.arange(len(words)))


def test_nan_is_refused():
    vectors = gaussians(12)
    vectors[1, 1] = np.inf
    with pytest.raises(LexiscopeError, match="NaN or infinity"):
        contextuality(vectors, occurrences(*grid(2, 6)))


# ---- findings ------------------------------------------------------------------------------------


def space(words: np.ndarray, texts: np.ndarray, *matrices: np.ndarray) -> Space:
    columns = {
        "label": [f"W{each}" for each in words],
        "target": [f"w{each}" for each in words],
        "text": [f"text {each}" for each in texts],
        "row": texts + 1,
    }
    return Space("context", pa.table(columns), dict(enumerate(matrices)))


def test_the_layer_where_words_depend_on_their_text_most():
    words, texts = grid(10, 8)
    own, shared, noise = gaussians(10)[words], gaussians(8, seed=1)[texts], gaussians(80, seed=2)
    layers = own, own + noise, own + shared + noise
    (found,) = find(space(words, texts, *layers))
    figures = json.loads(json.dumps(found.as_json()))["figures"]
    assert (found.layer, found.points, figures["layers"]) == (2, tuple(range(80)), [0, 1, 2])
    assert (figures["n"], figures["words"], figures["texts"]) == (80, 10, 8)
    assert (figures["sampled"], figures["intra_reason"]) == (None, None)
    assert figures["self_similarity"][0] == pytest.approx(1)
    assert figures["mev"][0] == pytest.approx(1)
    assert figures["self_similarity_adjusted"][1] == pytest.approx(0.5, abs=0.1)
    assert figures["self_similarity_adjusted"][2] == pytest.approx(1 / 3, abs=0.1)
    for low, mean, high in zip(
        *(figures[f"self_similarity_{each}"] for each in ("low", "adjusted", "high")), strict=True
    ):
        assert low <= mean <= high
    assert figures["intra_sentence_adjusted"][2] > 0.15
    # Texts share nothing here, and of ten words a random set holds some twice.
    assert -0.1 < figures["intra_sentence_adjusted"][1] <= 0
    first, last = figures["most_contextual"], figures["least_contextual"]
    assert len(first) == len(last) == 5
    assert first[0]["self_similarity"] < last[0]["self_similarity"]
    assert first[0]["word"].startswith("w")
    assert "layer 2" in found.statement


def test_layers_as_good_are_named():
    """The least of several is not told from the others by where it happens to be least."""
    words, texts = grid(10, 8)
    noise, own = gaussians(80, seed=2), gaussians(10)[words]
    layers = noise, noise, own, noise, noise, noise
    statement = find(space(words, texts, *layers))[0].statement
    assert statement.startswith(
        "Words depend on their text most at layer 0, and about as much at layers 1, 3-5: of"
    )
    clear = find(space(words, texts, own, noise))[0].statement
    assert clear.startswith("Words depend on their text most at layer 1: of")
    two = find(space(words, texts, own, noise, noise))[0].statement
    assert "at layer 1, and about as much at layer 2: of" in two


def test_points_are_of_the_words_at_either_end():
    words, texts = grid(14, 8)
    own = gaussians(14)[words] * np.linspace(0.2, 3, 14)[words][:, None]
    vectors = (own + gaussians(112, seed=1)).astype(np.float32)
    (found,) = find(space(words, texts, vectors))
    named = {
        each["word"] for end in ("most", "least") for each in found.figures[f"{end}_contextual"]
    }
    assert len(named) == 10
    assert {f"w{words[point]}" for point in found.points} == named
    assert len(found.points) == 80
    for each in (*found.figures["most_contextual"], *found.figures["least_contextual"]):
        assert len(each["points"]) == 8
        assert {f"w{words[point]}" for point in each["points"]} == {each["word"]}


def test_of_a_word_with_very_many_occurrences_some_are_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding, "POINTS", 3)
    monkeypatch.setattr(finding, "OCCURRENCES", 60)
    words, texts = grid(3, 30)
    (found,) = find(space(words, texts, gaussians(90)))
    listed = [*found.figures["most_contextual"], *found.figures["least_contextual"]]
    for each in listed:
        assert len(set(each["points"])) == 3
        # Numbers of the space's points, though of these only some were looked at.
        assert {f"w{words[point]}" for point in each["points"]} == {each["word"]}
    assert found.points == tuple(sorted({point for each in listed for point in each["points"]}))


def test_single_words_of_texts_say_why_nothing_is_within():
    words, texts = np.tile(np.arange(5), 6), np.arange(30)
    (found,) = find(space(words, texts, gaussians(30, seed=1)))
    assert found.figures["intra_sentence"] == found.figures["intra_sentence_adjusted"] == [None]
    assert "--match all" in found.figures["intra_reason"]
    assert found.figures["intra_reason"] in found.statement
    assert "so not shown to be more alike than by chance" in found.statement


def test_words_of_a_text_are_told_from_random_ones_only_where_they_differ():
    words, texts = grid(12, 25)
    held = []
    for seed in range(12):
        noise = gaussians(300, 64, seed=seed)
        (found,) = find(space(words, texts, noise), seed=seed)
        (low,), (high,) = (found.figures[f"intra_sentence_{end}"] for end in ("low", "high"))
        (mean,) = found.figures["intra_sentence_adjusted"]
        assert low < mean < high
        held.append(low <= 0 <= high)
        assert ("not shown to differ from random ones" in found.statement) == held[-1]
    assert sum(held) >= 9
    (found,) = find(space(words, texts, noise + gaussians(25, 64, seed=99)[texts]))
    assert found.figures["intra_sentence_low"][0] > 0.1
    assert "not shown to differ" not in found.statement
    low, mean, high = (found.figures[f"mev_{end}"][0] for end in ("low", "adjusted", "high"))
    assert low < mean < high


def test_few_words_have_no_interval():
    (found,) = find(space(*grid(3, 12), gaussians(36), gaussians(36, seed=1)))
    assert found.as_json()["figures"]["self_similarity_low"] == [None, None]
    assert "too few words for an interval" in found.statement
    assert "nan" not in found.statement


def test_of_words_with_very_many_occurrences_some_are_explained(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measure, "EXPLAINED", 10)
    (found,) = find(space(*grid(5, 12), gaussians(60)), seed=3)
    assert found.figures["mev_sampled"] == 5
    assert "drawn occurrences (seed 3) for the 5 with more" in found.statement


def test_texts_are_drawn_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding, "OCCURRENCES", 200)
    words, texts = grid(5, 100)
    vectors = gaussians(5)[words] + gaussians(500)
    one, two = (find(space(words, texts, vectors), seed=4)[0] for _ in range(2))
    assert one.as_json() == two.as_json()
    assert one.figures["sampled"] == one.figures["n"] == 200
    assert one.figures["texts"] == 40
    assert "drawn with seed 4" in one.statement
    other = find(space(words, texts, vectors), seed=5)[0]
    assert other.figures["self_similarity"] != one.figures["self_similarity"]
    assert other.figures["self_similarity"] == pytest.approx(
        one.figures["self_similarity"], abs=0.1
    )


def test_refusals():
    (found,) = find(space(np.array([0]), np.array([0]), gaussians(1)))
    assert found.refused
    assert "1 occurrence, with 0 words" in found.statement
    table = Space("word", pa.table({"label": ["a", "b"]}), {None: gaussians(2)})
    assert find(table)[0].refused


@pytest.mark.slow
def test_the_example_words_depend_on_their_sentences(senses: Path):
    (found,) = find(lx.Atlas.open(senses)["context"])
    figures = found.figures
    assert (figures["n"], figures["words"]) == (458, 14)
    # By the word and its place alone, occurrences are nearly the same; they are not in context.
    assert figures["self_similarity"][0] > 0.8
    assert found.layer >= 2
    lowest = figures["layers"].index(found.layer)
    assert figures["self_similarity_high"][lowest] < figures["self_similarity_low"][0]
    assert 0.45 <= figures["self_similarity_adjusted"][lowest] <= 0.65
    assert all(0 < each < 0.35 for each in figures["anisotropy"])
    assert figures["mev_adjusted"][lowest] < figures["mev_adjusted"][0]
    assert figures["intra_reason"]
