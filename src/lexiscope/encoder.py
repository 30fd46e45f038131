"""Text through a model: the one door to torch and to transformers' models."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Corpus
from lexiscope.errors import LexiscopeError
from lexiscope.models import (
    Device,
    layer_modules,
    load,
    reading_width,
    resolve_device,
    resolve_dtype,
    special_tokens,
)
from lexiscope.plan import Plan, make_plan

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Pooling = Literal["mean", "first", "last", "max"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)

# The most tokens, padding included, that go through the model at once. A processor is
# quickest when a batch's activations stay in its cache (measured: `benchmarks/encoding.py`).
BATCH_TOKENS = {"cpu": 1024, "mps": 4096, "cuda": 16384}
CHUNK_BATCHES = 32


@dataclass(frozen=True)
class EncodeOptions:
    """How words are read in context.

    Attributes
    ----------
    layers : tuple of int or None
        Layers to keep; 0 is the embedding layer's output, -1 the last. None keeps all.
    pooling : {"mean", "first", "last", "max"}
        How the vectors of a word's pieces become one.
    device : {"auto", "cpu", "cuda", "mps"}
    dtype : {"auto", "float32", "bfloat16"}
        ``"auto"`` is bfloat16 on a GPU that has it, float32 elsewhere.
    batch_tokens : int or None
        Token budget of a batch; None takes the device's own.
    """

    layers: tuple[int, ...] | None = None
    pooling: Pooling = "mean"
    device: Device = "auto"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    batch_tokens: int | None = None


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive points with their vectors.

    Attributes
    ----------
    start, stop : int
        First and last-plus-one point.
    vectors : dict of int to ndarray of shape (stop - start, dim), float32
        One matrix a layer.
    texts : int
        Texts read for it.
    """

    start: int
    stop: int
    vectors: dict[int, Floats]
    texts: int


class Encoder:
    """A checkpoint's model, ready to read words in context.

    Parameters
    ----------
    checkpoint : Checkpoint
    options : EncodeOptions

    Attributes
    ----------
    layers : tuple of int
        The layers kept, ascending.
    depth : int
        Number of the last layer the model has.
    dim : int
        Size of a vector.
    device, dtype : str
        What was chosen.

    Raises
    ------
    LexiscopeError
        For a model that cannot be loaded, layers it does not have, or a device not there.
    """

    def __init__(self, checkpoint: Checkpoint, options: EncodeOptions | None = None) -> None:
        options = options or EncodeOptions()
        self.options = options
        self.device = resolve_device(options.device)
        self.dtype = resolve_dtype(options.dtype, self.device)
        self._model, self._tokenizer = load(checkpoint, self.dtype, self.device)
        self._modules = layer_modules(self._model, checkpoint.family.layers)
        self.depth = int(self._model.config.num_hidden_layers)
        self.dim = int(self._model.config.hidden_size)
        self.layers = _chosen_layers(options.layers, self.depth)
        self.prefix, self.suffix = special_tokens(self._tokenizer)
        self.width = (
            reading_width(checkpoint, self._model.config) - len(self.prefix) - len(self.suffix)
        )
        self.batch_tokens = options.batch_tokens or BATCH_TOKENS[self.device]

    def plan(self, corpus: Corpus, progress: Callable[[int, int], None] | None = None) -> Plan:
        """Find every word's tokens and the window it is read in; see `make_plan`."""
        return make_plan(corpus, self._tokenize, self.width, progress)

    def encode(
        self,
        plan: Plan,
        start: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Chunk]:
        """Read the words of a plan, from point `start` on.

        Texts are read in chunks; within a chunk they are sorted by length and batched by the
        token budget, a text that stands in several rows is read once, and layers above the
        highest asked for are not run. A chunk always ends with a text, so that the last
        chunk's `stop` is a place to go on from.

        Parameters
        ----------
        plan : Plan
        start : int
            First point wanted; the `stop` of an earlier chunk.
        progress : callable, optional
            Called with the number of texts just read.

        Yields
        ------
        Chunk
        """
        owner = plan.corpus.occurrences["text"].to_numpy()[plan.occurrences]
        budget = self.batch_tokens * CHUNK_BATCHES
        while start < len(plan):
            stop, tokens = start, 0
            while stop < len(plan) and tokens < budget:
                text, window = owner[stop], None
                while stop < len(plan) and owner[stop] == text:
                    if window is None or (plan.window[stop] != window).any():
                        window = plan.window[stop]
                        tokens += int(window[1] - window[0])
                    stop += 1
            yield self._chunk(plan, owner, start, stop, progress)
            start = stop

    def _chunk(
        self,
        plan: Plan,
        owner: NDArray[np.integer],
        start: int,
        stop: int,
        progress: Callable[[int], None] | None,
    ) -> Chunk:
        numbers = np.unique(owner[start:stop])
        texts = plan.corpus.texts["text"].take(pa.array(numbers)).to_pylist()
        ids = dict(zip(numbers.tolist(), (e.ids for e in self._tokenize(texts)), strict=True))
        # One reading serves every word that is read in the same tokens.
        readings: dict[tuple[int, ...], list[int]] = {}
        for point in range(start, stop):
            begin, end = plan.window[point]
            readings.setdefault(tuple(ids[int(owner[point])][begin:end]), []).append(point)
        vectors = {layer: np.empty((stop - start, 0), dtype=np.float32) for layer in self.layers}
        done: set[int] = set()
        for batch in _batches(sorted(readings, key=len), self._tokens_of, self.batch_tokens):
            points = [(row, point) for row, key in enumerate(batch) for point in readings[key]]
            spans = np.array(
                [
                    (row, *(plan.pieces[point] - plan.window[point, 0] + len(self.prefix)))
                    for row, point in points
                ],
                dtype=np.int64,
            )
            places = np.array([point for _, point in points]) - start
            for layer, found in self._read(batch, spans).items():
                if vectors[layer].shape[1] != found.shape[1]:
                    vectors[layer] = np.empty((stop - start, found.shape[1]), dtype=np.float32)
                vectors[layer][places] = found
            if progress:
                fresh = {int(owner[point]) for _, point in points} - done
                done |= fresh
                progress(len(fresh))
        for layer, matrix in vectors.items():
            if not np.isfinite(matrix).all():
                raise LexiscopeError(
                    f"the model gives NaN or infinite vectors at layer {layer} in {self.dtype}; "
                    "try dtype float32, or check the checkpoint"
                )
        return Chunk(start, stop, vectors, len(numbers))

    def _tokens_of(self, reading: Sequence[int]) -> int:
        return len(reading) + len(self.prefix) + len(self.suffix)

    def _tokenize(self, texts: list[str]) -> list[Any]:
        return list(self._tokenizer.encode_batch(texts, add_special_tokens=False))

    def _read(self, batch: Sequence[Sequence[int]], spans: NDArray[np.int64]) -> dict[int, Floats]:
        """Run one batch; return the pooled vectors of `spans` (row, first, last) by layer."""
        import torch

        length = max(self._tokens_of(reading) for reading in batch)
        ids = torch.zeros((len(batch), length), dtype=torch.long)
        mask = torch.zeros((len(batch), length), dtype=torch.long)
        ids += self._padding()
        for row, reading in enumerate(batch):
            whole = [*self.prefix, *reading, *self.suffix]
            ids[row, : len(whole)] = torch.tensor(whole)
            mask[row, : len(whole)] = 1
        where = torch.from_numpy(spans).to(self.device)
        pooled: dict[int, torch.Tensor] = {}

        def keep(layer: int, hidden: torch.Tensor) -> None:
            if layer in self.layers:
                pooled[layer] = _pool(hidden, where, self.options.pooling)

        with torch.inference_mode(), _watch(self._modules, keep, self.layers[-1], self.depth):
            inputs = {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}
            with contextlib.suppress(_Enough):
                keep(self.depth, self._model(**inputs).last_hidden_state)
        return {layer: tensor.cpu().numpy() for layer, tensor in pooled.items()}

    def _padding(self) -> int:
        padding = getattr(self._model.config, "pad_token_id", None)
        return int(padding) if padding is not None and padding >= 0 else 0


def _batches(
    readings: Sequence[tuple[int, ...]], size: Callable[[Sequence[int]], int], budget: int
) -> Iterator[list[tuple[int, ...]]]:
    """Cut readings, sorted by length, into batches whose padded size keeps to the budget."""
    batch: list[tuple[int, ...]] = []
    for reading in readings:
        if batch and size(reading) * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(reading)
    if batch:
        yield batch


class _Enough(Exception):  # noqa: N818 - no error: it ends a forward pass that has given all
    pass


@contextlib.contextmanager
def _watch(
    modules: Sequence[torch.nn.Module],
    keep: Callable[[int, torch.Tensor], None],
    highest: int,
    depth: int,
) -> Iterator[None]:
    """Hand every layer's input, which is the layer below's output, to `keep` as it passes."""
    layer = 0

    def before(_: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        nonlocal layer
        keep(layer, args[0] if args else kwargs["hidden_states"])
        if layer == highest and highest < depth:
            raise _Enough
        layer += 1

    hooks = [module.register_forward_pre_hook(before, with_kwargs=True) for module in modules]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _pool(hidden: torch.Tensor, spans: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Pool the pieces of each span; (n_spans, dim), float32."""
    import torch

    rows, first, last = spans[:, 0], spans[:, 1], spans[:, 2]
    if pooling == "first":
        return hidden[rows, first].float()
    if pooling == "last":
        return hidden[rows, last - 1].float()
    steps = torch.arange(int((last - first).max()), device=hidden.device)
    index = torch.minimum(first[:, None] + steps, last[:, None] - 1)
    pieces = hidden[rows[:, None], index].float()
    if pooling == "max":  # the last piece, repeated as filling, changes no maximum
        return pieces.amax(dim=1)
    inside = (first[:, None] + steps < last[:, None]).float()[:, :, None]
    return (pieces * inside).sum(dim=1) / (last - first)[:, None]


def _chosen_layers(asked: tuple[int, ...] | None, depth: int) -> tuple[int, ...]:
    if asked is None:
        return tuple(range(depth + 1))
    wrong = [layer for layer in asked if not -depth - 1 <= layer <= depth]
    if wrong or not asked:
        raise LexiscopeError(f"layer {wrong[0] if wrong else '(none)'}: the model has 0 to {depth}")
    return tuple(sorted({layer % (depth + 1) for layer in asked}))
