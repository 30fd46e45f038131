"""Text through a model: the one door to torch and to transformers' models."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Corpus
from lexiscope.errors import LexiscopeError
from lexiscope.models import (
    Device,
    Layers,
    chosen_layers,
    layer_modules,
    load,
    padding_token,
    reading_width,
    resolve_device,
    resolve_dtype,
    special_tokens,
    table_rows,
)
from lexiscope.plan import Plan, make_plan

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Pooling = Literal["mean", "first", "last", "max"]

# The most tokens, padding included, that go through the model at once. A processor is
# quickest when a batch's activations stay in its cache (measured: `benchmarks/encoding.py`).
BATCH_TOKENS = {"cpu": 512, "mps": 4096, "cuda": 16384}
# A chunk is so many batches, for texts of a length to be found among them, unless its vectors
# would take more memory than this.
CHUNK_BATCHES = 64
# Batches read at once on a processor; of more cores each batch gets several.
MOST_WORKERS = 8
CHUNK_BYTES = 2**29


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
    device, dtype : str
        What was chosen.
    width : int
        The most tokens of a text that are read at once.
    batch_tokens : int
        Token budget of a batch; halved when the device's memory does not hold one.

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
        self._layers = Layers(self._model, layer_modules(self._model, checkpoint.family))
        self.depth = self._layers.depth
        self.layers = chosen_layers(options.layers, self.depth)
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
        # Words of a text that share a window are one reading.
        opens = np.ones(len(plan), dtype=bool)
        moves = (plan.window[1:] != plan.window[:-1]).any(axis=1)
        opens[1:] = (owner[1:] != owner[:-1]) | moves
        tokens = np.cumsum(np.where(opens, plan.window[:, 1] - plan.window[:, 0], 0))
        text_ends = np.append(np.flatnonzero(owner[1:] != owner[:-1]) + 1, len(plan))
        most = CHUNK_BYTES // (len(self.layers) * self._model.config.hidden_size * 4)
        while start < len(plan):
            budget = self.batch_tokens * CHUNK_BATCHES + (tokens[start - 1] if start else 0)
            full = min(int(np.searchsorted(tokens, budget)) + 1, start + max(most, 1), len(plan))
            stop = int(text_ends[np.searchsorted(text_ends, full)])
            yield self._chunk(plan, owner[start:stop], opens[start:stop], start, progress)
            start = stop

    def _chunk(
        self,
        plan: Plan,
        owner: NDArray[np.integer],
        opens: NDArray[np.bool_],
        start: int,
        progress: Callable[[int], None] | None,
    ) -> Chunk:
        stop = start + len(owner)
        numbers, text = np.unique(owner, return_inverse=True)
        texts = plan.corpus.texts["text"].take(pa.array(numbers)).to_pylist()
        ids = [np.array(encoding.ids, dtype=np.int64) for encoding in self._tokenize(texts)]
        window, pieces = plan.window[start:stop], plan.pieces[start:stop]
        places = np.flatnonzero(opens)
        found = [ids[text[place]][slice(*window[place])] for place in places]
        # The same tokens are read once, wherever they stand.
        order = {tokens.tobytes(): tokens for tokens in sorted(found, key=len)}
        ranks = dict(zip(order, range(len(order)), strict=True))
        rank = np.array([ranks[tokens.tobytes()] for tokens in found])[np.cumsum(opens) - 1]
        read_at = np.zeros(len(numbers), dtype=np.int64)
        np.maximum.at(read_at, text, rank)
        spans = np.column_stack((rank, pieces - window[:, :1] + len(self.prefix)))
        by_rank = np.argsort(rank, kind="stable")
        vectors: dict[int, Floats] = {}
        for low, high, read in self._read_all(list(order.values()), spans[by_rank]):
            rows = by_rank[slice(*np.searchsorted(rank[by_rank], (low, high)))]
            for layer, pooled in read.items():
                matrix = vectors.setdefault(
                    layer, np.empty((stop - start, pooled.shape[1]), dtype=np.float32)
                )
                matrix[rows] = pooled
            if progress:
                progress(int(((low <= read_at) & (read_at < high)).sum()))
        for layer, matrix in vectors.items():
            if not np.isfinite(matrix).all():
                remedy = "" if self.dtype == "float32" else "; try --dtype float32"
                raise LexiscopeError(
                    f"the model gives NaN or infinite vectors at layer {layer} in {self.dtype}: "
                    f"its weights are damaged or overflow{remedy}"
                )
        return Chunk(start, stop, vectors, len(numbers))

    def _tokenize(self, texts: list[str]) -> list[Any]:
        encodings = list(self._tokenizer.encode_batch(texts, add_special_tokens=False))
        tokens = (max(encoding.ids, default=0) for encoding in encodings)
        highest = max((*tokens, *self.prefix, *self.suffix), default=0)
        rows = table_rows(self._model)
        if highest >= rows:
            raise LexiscopeError(
                f"the tokenizer gives {self._tokenizer.id_to_token(highest)!r} the number "
                f"{highest}, but the model's word table ends at {rows - 1}: they do not belong "
                "together"
            )
        return encodings

    def _read_all(
        self, readings: Sequence[NDArray[np.int64]], spans: NDArray[np.int64]
    ) -> Iterator[tuple[int, int, dict[int, Floats]]]:
        """Read everything, short before long; yield the first and last-plus-one of each batch.

        `spans` (reading, first, last) are sorted by reading; a batch's vectors are in their order.
        """
        sizes = np.array([len(reading) for reading in readings]) + len(self.prefix + self.suffix)

        def read(batch: tuple[int, int]) -> dict[int, Floats]:
            low, high = batch
            inside = spans[slice(*np.searchsorted(spans[:, 0], batch))] - (low, 0, 0)
            return self._read(readings[low:high], inside)

        low = 0
        while low < len(readings):
            batches = list(_batches(sizes, low, self.batch_tokens))
            with _side_by_side(self.device) as run:
                results = run(read, batches)
                for low, high in batches:
                    try:
                        found = next(results)
                    except (RuntimeError, IndexError) as error:
                        self._shrink_after(error, high - low, int(sizes[high - 1]))
                        break
                    yield low, high, found
                else:
                    return

    def _shrink_after(self, error: Exception, texts: int, length: int) -> None:
        """Halve the budget below a batch that did not fit in memory; raise any other error."""
        # Only CUDA has a type for it: torch.OutOfMemoryError, whose message says so too.
        if isinstance(error, IndexError) or "out of bounds" in str(error):
            raise LexiscopeError(
                f"the model cannot read {length} tokens at once, as its configuration says it can"
            ) from error
        if not any(sign in str(error) for sign in ("out of memory", "can't allocate memory")):
            raise error
        if texts == 1:
            raise LexiscopeError(
                f"{self.device} has not the memory for one text of {length} tokens, so a smaller "
                "--batch-tokens does not help; use another --device or a smaller model"
            ) from error
        self.batch_tokens = texts * length // 2
        log.warning("out of memory: going on with --batch-tokens %d", self.batch_tokens)

    def _read(
        self, batch: Sequence[NDArray[np.int64]], spans: NDArray[np.int64]
    ) -> dict[int, Floats]:
        """Run one batch; return the pooled vectors of `spans` (row, first, last) by layer."""
        import torch

        sizes = np.array([len(self.prefix) + len(reading) for reading in batch])
        length = int(sizes.max()) + len(self.suffix)
        ids = np.full((len(batch), length), padding_token(self._model), dtype=np.int64)
        ids[:, : len(self.prefix)] = self.prefix
        for row, (reading, size) in enumerate(zip(batch, sizes, strict=True)):
            ids[row, len(self.prefix) : size] = reading
            ids[row, size : size + len(self.suffix)] = self.suffix
        mask = (np.arange(length) < sizes[:, None] + len(self.suffix)).astype(np.int64)
        inputs = {
            "input_ids": torch.from_numpy(ids).to(self.device),
            "attention_mask": torch.from_numpy(mask).to(self.device),
        }
        pool = _pooler(spans, length, self.options.pooling, self.device)
        pooled: dict[int, torch.Tensor] = {}

        def keep(layer: int, hidden: torch.Tensor) -> None:
            if layer in self.layers:
                pooled[layer] = pool(hidden)

        with torch.inference_mode():
            self._layers.run(inputs, keep, self.layers[-1])
            return {layer: tensor.cpu().numpy() for layer, tensor in pooled.items()}


def _batches(sizes: NDArray[np.int64], low: int, budget: int) -> Iterator[tuple[int, int]]:
    """Cut ascending sizes, from `low` on, where padding to the longest would pass the budget."""
    while low < len(sizes):
        padded = sizes[low:] * np.arange(1, len(sizes) - low + 1)
        high = low + max(1, int(np.searchsorted(padded, budget, side="right")))
        yield low, high
        low = high


@contextlib.contextmanager
def _side_by_side(device: str) -> Iterator[Callable[..., Iterator[Any]]]:
    """Give a `map` that works on as many things at once as the device does best with.

    On a processor that is one batch a thread: what is not a matrix product then runs on every
    core too, and no thread waits for another after each operation.
    """
    import torch

    threads = torch.get_num_threads()
    workers = min(threads, MOST_WORKERS) if device == "cpu" else 1
    if workers == 1:
        yield map
        return
    pool = ThreadPoolExecutor(
        workers, initializer=torch.set_num_threads, initargs=(threads // workers,)
    )
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _pooler(
    spans: NDArray[np.int64], length: int, pooling: Pooling, device: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what pools the pieces of each span (row, first, last): (n_spans, dim), float32."""
    import torch

    row, first, last = spans.T
    if pooling == "first":
        last = first + 1
    elif pooling == "last":
        first = last - 1
    counts = last - first
    word = np.repeat(np.arange(len(spans)), counts)
    within = np.arange(len(word)) - (np.cumsum(counts) - counts)[word]
    pieces = torch.from_numpy((row * length + first)[word] + within).to(device)
    words = torch.from_numpy(word).to(device)[:, None]
    how = "amax" if pooling == "max" else "mean"

    def pool(hidden: torch.Tensor) -> torch.Tensor:
        found = hidden.flatten(0, 1).index_select(0, pieces).float()
        if len(found) == len(spans):  # every word is one piece
            return found
        into = found.new_zeros(len(spans), found.shape[1])
        return into.scatter_reduce_(0, words.expand_as(found), found, how, include_self=False)

    return pool
