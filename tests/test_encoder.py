"""Vectors of words in context against transformers' own, text by text."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tiny_models
import torch
import transformers
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from lexiscope import models
from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Corpus
from lexiscope.encoder import EncodeOptions, Encoder
from lexiscope.errors import LexiscopeError
from lexiscope.plan import Plan

Floats = NDArray[np.float32]
Build = Callable[..., Path]

TOLERANCE: dict[str, float] = {"atol": 1e-5, "rtol": 0}

TEXTS = (
    "Bank",
    "The bank of the river was steep, and the children walked along its banks.",
    "unbelievably overcomplicated tokenisation",
    "She keeps 1984 coins; the banker counts them every 7 days!",
    "Der Fluß ist schön: España",
    "река и банк 😀 naïve café",
)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a tiny model once for all tests."""

    @cache
    def once(family: str, **settings: Any) -> Path:
        return tiny_models.build(family, tmp_path_factory.mktemp(family), **settings)

    return once


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny matrices gain nothing from a second thread, which on a busy machine waits long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def encoder_of(folder: Path | str, **options: Any) -> Encoder:
    return Encoder(Checkpoint.open(folder), EncodeOptions(device="cpu", **options))


def every_word(*texts: str) -> Corpus:
    return Corpus.read(pa.table({"text": texts}), match="all")


def marked(*texts: str) -> Corpus:
    return Corpus.read(pa.table({"text": texts}))


def read(encoder: Encoder, plan: Plan, start: int = 0) -> dict[int, Floats]:
    chunks = list(encoder.encode(plan, start))
    assert [chunk.start for chunk in chunks] == [start, *(chunk.stop for chunk in chunks[:-1])]
    assert chunks[-1].stop == len(plan)
    return {
        layer: np.concatenate([chunk.vectors[layer] for chunk in chunks])
        for layer in encoder.layers
    }


def words_of(plan: Plan) -> list[dict[str, Any]]:
    return plan.points().to_pylist()


class Reference:
    """The plain way: transformers' tokenizer and model, one text at a time."""

    def __init__(self, folder: Path) -> None:
        config = transformers.AutoConfig.from_pretrained(folder)
        kind = transformers.T5EncoderModel if config.model_type == "t5" else transformers.AutoModel
        self.model = kind.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    def states(self, ids: list[int]) -> list[Floats]:
        """Every layer's states of one sequence, each (tokens, dim)."""
        given = torch.tensor([ids])
        with torch.no_grad():
            made = self.model(
                input_ids=given, attention_mask=torch.ones_like(given), output_hidden_states=True
            )
        return [state[0].numpy() for state in made.hidden_states]

    def words(self, text: str, spans: list[tuple[int, int]]) -> list[Floats]:
        """The mean over the tokens that overlap each word, by layer; each (words, dim)."""
        made = self.tokenizer(
            text,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            truncation=False,
        )
        inside = [
            [
                number
                for number, (first, last) in enumerate(made["offset_mapping"])
                if first < end and last > start and not made["special_tokens_mask"][number]
            ]
            for start, end in spans
        ]
        assert all(inside)
        return [
            np.stack([state[tokens].mean(axis=0) for tokens in inside])
            for state in self.states(made["input_ids"])
        ]


def assert_as_transformers(encoder: Encoder, plan: Plan, folder: Path) -> None:
    """Every word of a plan has, at every layer, the vector that transformers gives it alone."""
    vectors, reference = read(encoder, plan), Reference(folder)
    assert list(vectors) == list(range(encoder.depth + 1))
    points = words_of(plan)
    for text in dict.fromkeys(point["text"] for point in points):
        rows = [row for row, point in enumerate(points) if point["text"] == text]
        spans = [(points[row]["start"], points[row]["end"]) for row in rows]
        expected = reference.words(text, spans)
        for layer, matrix in vectors.items():
            np.testing.assert_allclose(
                matrix[rows], expected[layer], **TOLERANCE, err_msg=f"layer {layer}"
            )


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_words_as_transformers_gives_them(
    family: str, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = build(family)
    capfd.readouterr()
    encoder = encoder_of(folder, batch_tokens=128)
    plan = encoder.plan(every_word(*TEXTS))
    assert not plan.cut.any()
    assert plan.skipped.num_rows == 0
    # Words of one piece and of several, and padding: texts of several lengths in one batch
    pieces = plan.pieces[:, 1] - plan.pieces[:, 0]
    assert pieces.min() == 1
    assert pieces.max() >= 3
    read(encoder, plan)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert_as_transformers(encoder, plan, folder)


VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ALBERT with two groups": ("albert", {"num_hidden_groups": 3}),
    "DeBERTa with a convolution": ("deberta-v2", {"conv_kernel_size": 3, "conv_act": "gelu"}),
    "DeBERTa with positions": ("deberta-v2", {"position_biased_input": True}),
    "OPT with its norm behind": ("opt", {"do_layer_norm_before": False}),
    "RoBERTa with another padding": ("roberta", {"pad_token_id": 4}),
    "states asked for by the checkpoint": ("bert", {"output_hidden_states": True}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_families(variant: str, build: Build) -> None:
    family, settings = VARIANTS[variant]
    folder = build(family, **settings)
    encoder = encoder_of(folder)
    assert_as_transformers(encoder, encoder.plan(every_word(*TEXTS)), folder)


@pytest.mark.slow
def test_the_embedded_model_as_transformers_reads_it() -> None:
    checkpoint = Checkpoint.open("embedded")
    encoder = Encoder(checkpoint)
    # The published tokenizer cuts at 128 tokens; the model reads 512.
    long = "a " * 150 + "river bank"
    plan = encoder.plan(every_word(*TEXTS, long))
    assert not plan.cut.any()
    assert plan.pieces.max() == 152
    assert encoder.depth == 6
    assert_as_transformers(encoder, plan, checkpoint.model_folder())


def test_a_family_that_is_not_known(build: Build, tmp_path: Path) -> None:
    """Its layers are those that transformers itself tells."""
    config = transformers.GPTNeoXConfig(
        vocab_size=tiny_models.tokenizer("gpt2").get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    shutil.copytree(build("gpt2"), tmp_path, dirs_exist_ok=True)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    encoder = encoder_of(tmp_path)
    assert_as_transformers(encoder, encoder.plan(every_word(*TEXTS)), tmp_path)
    vectors = read(encoder_of(tmp_path, layers=(1,)), encoder.plan(every_word(*TEXTS)))
    assert list(vectors) == [1]


@pytest.mark.parametrize("family", ["bert", "albert", "gpt2", "llama", "t5", "modernbert", "opt"])
@pytest.mark.parametrize("asked", [(0,), (0, 2), (1, -1), (3,)])
def test_only_the_layers_asked_for(family: str, asked: tuple[int, ...], build: Build) -> None:
    whole = encoder_of(build(family))
    plan = whole.plan(every_word(*TEXTS))
    expected = read(whole, plan)
    encoder = encoder_of(build(family), layers=asked)
    runs: list[int] = []
    for module in encoder._layers.modules:
        module.register_forward_hook(lambda *_: runs.append(1))
    vectors = read(encoder, plan)
    layers = sorted(layer % 4 for layer in asked)
    assert encoder.layers == tuple(layers)
    assert list(vectors) == layers
    for layer in layers:
        np.testing.assert_array_equal(vectors[layer], expected[layer])
    assert len(runs) == max(layers)


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_batched_is_single(family: str, build: Build) -> None:
    single, batched = encoder_of(build(family), batch_tokens=1), encoder_of(build(family))
    plan = single.plan(every_word(*TEXTS))
    vectors = read(batched, plan)
    for layer, matrix in read(single, plan).items():
        np.testing.assert_allclose(matrix, vectors[layer], **TOLERANCE)


def forwards(encoder: Encoder) -> list[tuple[int, ...]]:
    """The shapes of what the model is given, as they come."""
    shapes: list[tuple[int, ...]] = []
    encoder._model.register_forward_pre_hook(
        lambda *call: shapes.append(tuple(call[-1]["input_ids"].shape)), with_kwargs=True
    )
    return shapes


def test_batches_keep_to_their_budget(build: Build) -> None:
    encoder = encoder_of(build("bert"), batch_tokens=100)
    shapes = forwards(encoder)
    read(encoder, encoder.plan(every_word(*("a" + " b" * number for number in range(40)))))
    assert sum(rows for rows, _ in shapes) == 40
    assert all(rows * length <= 100 for rows, length in shapes)
    assert [length for _, length in shapes] == sorted(length for _, length in shapes)
    assert len(shapes) < 20  # 40 texts of 3 to 42 tokens make 900 in all


@pytest.mark.parametrize("family", ["bert", "gpt2", "deberta-v2"])
def test_one_thread_is_two_threads(family: str, build: Build) -> None:
    encoder = encoder_of(build(family))
    plan = encoder.plan(every_word(*TEXTS))
    torch.set_num_threads(1)
    alone = read(encoder, plan)
    torch.set_num_threads(2)
    for layer, matrix in read(encoder, plan).items():
        np.testing.assert_allclose(matrix, alone[layer], **TOLERANCE)


@pytest.mark.slow
def test_the_embedded_model_in_any_order() -> None:
    """Batched or alone, by one thread or two, from the start or from the middle: 1e-5."""
    encoder = encoder_of("embedded")
    plan = encoder.plan(every_word(*tiny_models.CORPUS, *TEXTS))
    torch.set_num_threads(2)
    whole = read(encoder, plan)
    torch.set_num_threads(1)
    encoder.batch_tokens = 1
    chunks = list(encoder.encode(plan))
    assert len(chunks) > 1
    for start in (0, chunks[0].stop):
        for layer, matrix in read(encoder, plan, start).items():
            np.testing.assert_allclose(matrix, whole[layer][start:], **TOLERANCE)


def test_going_on_from_any_chunk(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexiscope.encoder.CHUNK_BATCHES", 1)
    encoder = encoder_of(build("bert"), batch_tokens=20)
    plan = encoder.plan(every_word(*TEXTS, "word " * 100, "The last"))
    whole = read(encoder, plan)
    owner = plan.corpus.occurrences["text"].to_numpy()[plan.occurrences]
    chunks = list(encoder.encode(plan))
    assert len(chunks) >= 4
    for chunk in chunks[:-1]:
        # It ends with a text, and what comes after it is as if it had not ended.
        assert owner[chunk.stop - 1] != owner[chunk.stop]
        assert chunk.texts == len(set(owner[chunk.start : chunk.stop].tolist()))
        for layer, matrix in read(encoder, plan, chunk.stop).items():
            np.testing.assert_allclose(matrix, whole[layer][chunk.stop :], **TOLERANCE)
    assert list(encoder.encode(plan, len(plan))) == []


def test_chunks_keep_to_a_memory(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = encoder_of(build("bert"))
    plan = encoder.plan(every_word(*TEXTS))
    whole = read(encoder, plan)
    words = np.bincount(plan.corpus.occurrences["text"].to_numpy()[plan.occurrences]).tolist()
    monkeypatch.setattr("lexiscope.encoder.CHUNK_BYTES", 2 * 4 * 32 * 4)  # two words
    assert [chunk.stop - chunk.start for chunk in encoder.encode(plan)] == [
        words[0] + words[1],
        *words[2:],
    ]
    for layer, matrix in read(encoder, plan).items():
        np.testing.assert_allclose(matrix, whole[layer], **TOLERANCE)


def test_a_text_in_several_rows_is_read_once(build: Build) -> None:
    table = pa.table(
        {
            "text": ["the bank of the river"] * 3 + ["a light crane"],
            "target": ["bank", "river", "the", "crane"],
        }
    )
    encoder = encoder_of(build("bert"))
    shapes = forwards(encoder)
    plan = encoder.plan(Corpus.read(table))
    assert plan.points()["label"].to_pylist() == ["bank", "river", "the", "the", "crane"]
    seen: list[int] = []
    vectors = {}
    for chunk in encoder.encode(plan, progress=seen.append):
        vectors = chunk.vectors
    assert sum(rows for rows, _ in shapes) == 2
    assert sum(seen) == 4
    expected = read(encoder, encoder.plan(every_word("the bank of the river", "a light crane")))
    for layer, matrix in vectors.items():
        np.testing.assert_array_equal(matrix, expected[layer][[1, 4, 0, 3, 7]])


POOLED: dict[str, Callable[[Floats], Floats]] = {
    "mean": lambda pieces: pieces.mean(axis=0),
    "max": lambda pieces: pieces.max(axis=0),
    "first": lambda pieces: pieces[0],
    "last": lambda pieces: pieces[-1],
}


@pytest.mark.parametrize("pooling", POOLED)
@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_pooling(pooling: str, family: str, build: Build) -> None:
    encoder = encoder_of(build(family), pooling=pooling)
    plan = encoder.plan(every_word(*TEXTS))
    vectors, reference = read(encoder, plan), Reference(build(family))
    before = len(encoder.prefix)
    for row, point in enumerate(words_of(plan)):
        states = reference.states(reference.tokenizer(point["text"])["input_ids"])
        first, last = plan.pieces[row] + before
        for layer, matrix in vectors.items():
            expected = POOLED[pooling](states[layer][first:last])
            np.testing.assert_allclose(matrix[row], expected, **TOLERANCE)


def test_pooling_of_words_of_one_piece_is_the_piece(build: Build) -> None:
    found = []
    for pooling in POOLED:
        encoder = encoder_of(build("bert"), pooling=pooling)
        plan = encoder.plan(marked("the [[bank]] of", "[[the]] bank"))
        assert (plan.pieces[:, 1] - plan.pieces[:, 0] == 1).all()
        found.append(read(encoder, plan)[2])
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


LONG = " ".join(f"word {number} of bank river" for number in range(60))


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_windows_of_a_long_text(family: str, build: Build) -> None:
    """Each word is read in its window, with the special tokens that a whole text has."""
    encoder = encoder_of(build(family, max_position_embeddings=64))
    plan = encoder.plan(every_word("a short text", LONG))
    points = words_of(plan)
    assert len(points) == 3 + 60 * 5
    assert [point["cut"] for point in points] == [False] * 3 + [True] * 300
    assert (plan.window[3:, 1] - plan.window[3:, 0] == encoder.width).all()
    assert len(np.unique(plan.window, axis=0)) > 5
    vectors, reference = read(encoder, plan), Reference(build(family, max_position_embeddings=64))
    ids = reference.tokenizer.backend_tokenizer.encode(LONG, add_special_tokens=False).ids
    assert len(ids) > 3 * encoder.width
    for row in (3, 4, 100, 151, 152, 301, 302):
        begin, end = plan.window[row]
        states = reference.states([*encoder.prefix, *ids[begin:end], *encoder.suffix])
        first, last = plan.pieces[row] - begin + len(encoder.prefix)
        for layer, matrix in vectors.items():
            expected = states[layer][first:last].mean(axis=0)
            np.testing.assert_allclose(matrix[row], expected, **TOLERANCE)


# Tokens of a text that one reading holds, with 64 positions asked for: those without a token
# more before or behind. Two rows of RoBERTa's table stand for no position; OPT's has two more.
WIDTHS = {
    **dict.fromkeys(("bert", "distilbert", "electra", "albert", "modernbert", "deberta-v2"), 62),
    **dict.fromkeys(("roberta", "xlm-roberta", "camembert", "mpnet"), 60),
    **dict.fromkeys(("gpt2", "qwen2", "qwen3"), 64),
    **dict.fromkeys(("opt", "llama", "mistral", "gemma", "gemma2", "gemma3_text"), 63),
    "t5": 511,
}


@pytest.mark.parametrize("family", WIDTHS)
def test_a_text_that_just_fits(family: str, build: Build) -> None:
    """The last position of the table is read, and nothing beyond it is asked for."""
    encoder = encoder_of(build(family))
    width = WIDTHS[family]
    assert encoder.width == width
    ids = encoder._tokenizer.encode("a" + " a" * 600, add_special_tokens=False).ids
    words = next(n for n in range(600) if tokens_of(encoder, n) >= width)
    assert tokens_of(encoder, words) == width
    assert len(ids) > width
    plan = encoder.plan(every_word("a" + " a" * words))
    assert not plan.cut.any()
    assert_as_transformers(encoder, plan, build(family))
    assert encoder.plan(every_word("a" + " a" * (words + 1))).cut.all()


def tokens_of(encoder: Encoder, words: int) -> int:
    return len(encoder._tokenizer.encode("a" + " a" * words, add_special_tokens=False))


def test_a_word_longer_than_the_window(build: Build) -> None:
    encoder = encoder_of(build("roberta"))
    text = f"the {'bankriver' * 50} bank"
    plan = encoder.plan(every_word(text))
    assert plan.points()["label"].to_pylist() == ["the", "bankriver" * 50, "bank"]
    middle = plan.window[1].tolist()
    assert plan.pieces[1].tolist() == middle
    ids = encoder._tokenizer.encode(text, add_special_tokens=False).ids
    assert abs(sum(middle) - len(ids)) <= 2
    reference = Reference(build("roberta"))
    states = reference.states([*encoder.prefix, *ids[slice(*middle)], *encoder.suffix])
    for layer, matrix in read(encoder, plan).items():
        np.testing.assert_allclose(matrix[1], states[layer][1:-1].mean(axis=0), **TOLERANCE)


def test_a_text_of_100_000_characters(build: Build) -> None:
    encoder = encoder_of(build("bert"), layers=(-1,))
    plan = encoder.plan(every_word("the " * 24_999 + "bank"))
    assert len(plan) == 25_000
    assert plan.cut.all()
    seen: list[int] = []
    chunks = list(encoder.encode(plan, progress=seen.append))
    vectors = np.concatenate([chunk.vectors[3] for chunk in chunks])
    assert vectors.shape == (25_000, 32)
    assert np.isfinite(vectors).all()
    assert np.abs(vectors).max(axis=1).min() > 0
    assert sum(seen) == 1


def test_words_without_tokens_are_listed(build: Build) -> None:
    text = "the \u0007bank\u200d of"
    table = pa.table(
        {
            "text": [text] * 3,
            "target": ["bell", "bank", "of"],
            "start": [4, 5, 11],
            "end": [5, 9, 13],
        }
    )
    encoder = encoder_of(build("bert"))
    plan = encoder.plan(Corpus.read(table))
    assert plan.points()["label"].to_pylist() == ["bank", "of"]
    assert plan.skipped.to_pylist() == [
        {
            "row": 1,
            "reason": "the tokenizer has no token for this word",
            "text": text,
            "target": "bell",
        }
    ]
    assert len(read(encoder, plan)[0]) == 2


def test_every_known_family_tells_its_layers(build: Build) -> None:
    for family in tiny_models.FAMILIES:
        encoder = encoder_of(build(family))
        assert len(encoder._layers.modules) == (1 if family == "albert" else 3), family


def test_only_pooled_vectors_are_kept(build: Build) -> None:
    """When a layer is called, the states of those below are gone; BERT itself holds the first."""
    folder = build("bert", output_hidden_states=True, num_hidden_layers=6)
    encoder = encoder_of(folder, batch_tokens=4096)
    states: list[weakref.ref[torch.Tensor]] = []
    alive: list[int] = []

    def before(_: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> None:
        states.append(weakref.ref(args[0]))
        alive.append(sum(state() is not None for state in states))

    for module in encoder._layers.modules:
        module.register_forward_pre_hook(before)
    table = pa.table({"text": ["a " * number + "[[bank]]" for number in range(40)]})
    vectors = read(encoder, encoder.plan(Corpus.read(table)))
    assert alive == [1, 2, 2, 2, 2, 2]
    gc.collect()
    assert {state() for state in states} == {None}
    assert all(matrix.shape == (40, 32) for matrix in vectors.values())


def test_no_cache_of_keys_is_kept(build: Build) -> None:
    for family in ("gpt2", "llama", "gemma3_text"):
        encoder = encoder_of(build(family))
        given: list[Any] = []
        encoder._model.register_forward_hook(lambda *call, given=given: given.append(call[-1]))
        read(encoder, encoder.plan(every_word(*TEXTS)))
        assert {made.past_key_values for made in given} == {None}


def test_a_small_memory_leads_to_small_batches(
    build: Build, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = encoder_of(build("bert"))
    plan = encoder.plan(every_word(*TEXTS))
    expected = read(encoder, plan)
    forward, shapes = encoder._model.forward, []

    def crowded(**given: Any) -> Any:
        shapes.append(given["input_ids"].shape)
        if given["input_ids"].numel() > 100:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(**given)

    monkeypatch.setattr(encoder._model, "forward", crowded)
    with caplog.at_level(logging.WARNING):
        vectors = read(encoder, plan)
    for layer, matrix in vectors.items():
        np.testing.assert_allclose(matrix, expected[layer], **TOLERANCE)
    assert shapes[0].numel() > 100
    assert shapes[-1].numel() <= 100
    assert encoder.batch_tokens < shapes[0].numel()
    assert f"--batch-tokens {encoder.batch_tokens}" in caplog.text


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), LexiscopeError, "--batch-tokens does not"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), LexiscopeError, "one text of"),
        (RuntimeError("illegal memory access"), RuntimeError, "illegal memory access"),
    ],
)
def test_a_memory_too_small_for_one_text(
    error: Exception,
    expected: type[Exception],
    message: str,
    build: Build,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = encoder_of(build("bert"))
    plan = encoder.plan(every_word(*TEXTS))

    def crowded(**_: Any) -> Any:
        raise error

    monkeypatch.setattr(encoder._model, "forward", crowded)
    with pytest.raises(expected, match=message):
        read(encoder, plan)


def test_bfloat16_on_a_processor(build: Build) -> None:
    exact, rough = encoder_of(build("bert")), encoder_of(build("bert"), dtype="bfloat16")
    assert (exact.dtype, rough.dtype) == ("float32", "bfloat16")
    plan = exact.plan(every_word(*TEXTS))
    vectors = read(rough, plan)
    for layer, matrix in read(exact, plan).items():
        assert vectors[layer].dtype == np.float32
        difference = np.abs(vectors[layer] - matrix).max()
        assert 1e-4 < difference < 0.3


@pytest.mark.parametrize("layer", [4, -5, 100])
def test_a_layer_that_is_not_there(layer: int, build: Build) -> None:
    with pytest.raises(LexiscopeError, match=rf"layer {layer}: the model has 0 to 3"):
        encoder_of(build("bert"), layers=(0, layer))


def test_no_layer(build: Build) -> None:
    with pytest.raises(LexiscopeError, match="the model has 0 to 3"):
        encoder_of(build("bert"), layers=())


def test_a_device_that_is_not_there(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.mps, "is_available", lambda: False)
    for device in ("cuda", "mps"):
        with pytest.raises(
            LexiscopeError, match=f"device {device}: not on this machine; it has cpu"
        ):
            Encoder(Checkpoint.open(build("bert")), EncodeOptions(device=device))
    assert Encoder(Checkpoint.open(build("bert"))).device == "cpu"


@pytest.fixture
def copy(build: Build, tmp_path: Path) -> Path:
    shutil.copytree(build("bert"), tmp_path, dirs_exist_ok=True)
    return tmp_path


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def change_config(folder: Path, **settings: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def test_weights_of_another_shape(copy: Path) -> None:
    change_config(copy, intermediate_size=40)
    with pytest.raises(LexiscopeError, match="transformers cannot load it: "):
        encoder_of(copy)


def test_a_type_that_transformers_does_not_know(copy: Path) -> None:
    change_config(copy, model_type="nonsense")
    with pytest.raises(LexiscopeError, match=r"transformers cannot load it: .*nonsense"):
        encoder_of(copy)


def test_a_broken_tokenizer(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(LexiscopeError, match="transformers cannot load it: "):
        encoder_of(copy)


def test_missing_weights_are_not_made_up(copy: Path) -> None:
    lost = "encoder.layer.1.output.dense.weight"
    change_weights(copy, lambda weights: weights.pop(lost))
    with pytest.raises(LexiscopeError, match=f"1 of its model's weights .* {lost}"):
        encoder_of(copy)


def test_a_missing_pooler_does_no_harm(build: Build, copy: Path) -> None:
    def without(weights: dict[str, torch.Tensor]) -> None:
        for name in ("pooler.dense.weight", "pooler.dense.bias"):
            del weights[name]

    change_weights(copy, without)
    encoder = encoder_of(copy)
    assert_as_transformers(encoder, encoder.plan(every_word(*TEXTS)), build("bert"))


def test_a_vocabulary_beyond_the_table(build: Build) -> None:
    tokenizer = tiny_models.tokenizer("gpt2")
    rows = tokenizer.get_vocab_size()
    text = tokenizer.decode([rows - 1])
    assert tokenizer.encode(text).ids == [rows - 1]
    encoder = encoder_of(build("gpt2", vocab_size=rows - 1))
    assert len(encoder.plan(every_word("Bank"))) == 1
    with pytest.raises(LexiscopeError, match=rf"the number {rows - 1}, .* ends at {rows - 2}:"):
        encoder.plan(every_word("Bank", text))


@pytest.mark.parametrize(("dtype", "remedy"), [("float32", ""), ("bfloat16", "--dtype float32")])
def test_weights_that_are_not_finite(dtype: str, remedy: str, copy: Path) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> None:
        weights["encoder.layer.1.output.dense.bias"][3] = torch.nan

    change_weights(copy, spoil)
    encoder = encoder_of(copy, dtype=dtype)
    plan = encoder.plan(every_word(*TEXTS))
    with pytest.raises(LexiscopeError, match=f"NaN or infinite vectors at layer 2.*{remedy}$"):
        list(encoder.encode(plan))
    assert np.isfinite(read(encoder_of(copy, layers=(0, 1)), plan)[1]).all()


def test_a_tokenizer_that_cuts_and_pads(build: Build, copy: Path) -> None:
    path = copy / "tokenizer.json"
    made = transformers.AutoTokenizer.from_pretrained(copy).backend_tokenizer
    made.enable_truncation(8)
    made.enable_padding(length=32)
    made.save(str(path))
    whole, cutting = encoder_of(build("bert")), encoder_of(copy)
    plan = whole.plan(every_word(*TEXTS))
    expected = read(whole, plan)
    found = cutting.plan(every_word(*TEXTS))
    np.testing.assert_array_equal(found.pieces, plan.pieces)
    for layer, matrix in read(cutting, found).items():
        np.testing.assert_array_equal(matrix, expected[layer])


@pytest.mark.parametrize(
    ("family", "settings", "width"),
    [
        ("llama", {"max_position_embeddings": 131_072}, models.LONGEST_WINDOW - 1),
        ("modernbert", {"max_position_embeddings": 8192}, models.LONGEST_WINDOW - 2),
        ("llama", {"max_position_embeddings": -1}, models.DEFAULT_WINDOW - 1),
        ("deberta-v2", {"max_position_embeddings": 512}, 510),
        ("t5", {"n_positions": 128}, 127),
    ],
)
def test_widths(family: str, settings: dict[str, int], width: int, build: Build) -> None:
    assert encoder_of(build(family, **settings)).width == width


def test_loading_leaves_the_settings_of_transformers_alone(build: Build) -> None:
    from transformers.utils import logging as chatter

    build("bert")
    chatter.enable_progress_bar()
    verbosity = chatter.get_verbosity()
    encoder_of(build("bert"))
    assert chatter.get_verbosity() == verbosity
    assert chatter.is_progress_bar_enabled()


def test_the_text_part_of_a_model_that_sees_images(build: Build, tmp_path: Path) -> None:
    shutil.copytree(build("gemma3_text"), tmp_path, dirs_exist_ok=True)
    text = transformers.AutoConfig.from_pretrained(build("gemma3_text"))
    vision = {
        "hidden_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "image_size": 28,
        "patch_size": 14,
    }
    config = transformers.Gemma3Config(
        text_config=text.to_dict(), vision_config=vision, mm_tokens_per_image=4
    )
    whole = transformers.Gemma3Model(config)
    language = transformers.AutoModel.from_pretrained(build("gemma3_text"))
    whole.language_model.load_state_dict(language.state_dict())
    whole.save_pretrained(tmp_path)
    encoder = encoder_of(tmp_path)
    assert len(encoder._layers.modules) == 3
    plan = encoder.plan(every_word(*TEXTS))
    assert_as_transformers(encoder, plan, build("gemma3_text"))
