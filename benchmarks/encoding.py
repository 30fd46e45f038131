"""Words in context: batches by token budget, and one sentence at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.measure import fresh, in_turn, seconds
from benchmarks.report import Options, Table, rounds

if TYPE_CHECKING:
    from lexiscope import Corpus
    from lexiscope.encoder import Encoder
    from lexiscope.plan import Plan

REPEATS = 3
EXAMPLES = Path(__file__).parents[1] / "examples" / "word-senses.csv"
# Of the device's own `BATCH_TOKENS`: 256 to 8,192 on a processor.
BUDGETS = (0.5, 1, 2, 4, 8, 16)


def run(options: Options) -> list[Table]:
    """Read the same sentences both ways, then with other budgets."""
    repeats = options.repeats or REPEATS
    texts = options.texts or str(EXAMPLES)
    ways = fresh(both_ways, texts, options.match, repeats).value
    budgets = fresh(other_budgets, texts, options.match, repeats).value
    about = (
        f"{ways['sentences']:,} sentences of {Path(texts).name}, {ways['points']:,} words in them "
        f"at all layers, float32 on {ways['device']}, torch threads: {ways['threads']}; one "
        f"process, in turn, {rounds(repeats)}, tokenizing included."
    )
    return [
        Table(
            "Words in context",
            f"{about} The loop: `AutoModel` with `output_hidden_states` under `no_grad`.",
            ways["rows"],
        ),
        Table("Token budget of a batch", about, budgets),
    ]


def both_ways(texts: str, match: str, repeats: int) -> dict[str, Any]:
    """Time the encoder and the usual notebook's loop."""
    import torch
    import transformers

    from lexiscope import Checkpoint, Corpus, EncodeOptions
    from lexiscope.encoder import Encoder

    checkpoint = Checkpoint.open("embedded")
    corpus = Corpus.read(texts, match=match)
    encoder = Encoder(checkpoint, EncodeOptions(dtype="float32"))
    plan = encoder.plan(corpus)
    folder = checkpoint.model_folder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).to(encoder.device).eval()
    occurrences = corpus.occurrences.to_pylist()
    words: dict[int, list[int]] = {}
    for occurrence in occurrences:
        words.setdefault(occurrence["text"], []).append(occurrence["start"])
    sentences = corpus.texts["text"].to_pylist()

    def loop() -> int:
        """Read one sentence at a time, and return how many tokens it read."""
        tokens, vectors = 0, []
        for number, sentence in enumerate(sentences):
            inputs = tokenizer(sentence, return_tensors="pt", truncation=True)
            with torch.no_grad():
                output = model(**inputs.to(encoder.device), output_hidden_states=True)
            layers = torch.stack(output.hidden_states)[:, 0]
            for start in words.get(number, ()):
                token = inputs.char_to_token(start)
                if token is not None:
                    vectors.append(layers[:, token].cpu().numpy())
            tokens += inputs["input_ids"].numel()
        return tokens

    every = _tokens(encoder, plan)
    contenders: dict[str, tuple[int, Callable[[], Any]]] = {
        "lexiscope, Encoder": (every, partial(_read, encoder, corpus)),
        "one sentence at a time": (loop(), loop),
        "its matrix products alone": (every, partial(_multiply, model, every)),
    }
    _read(encoder, corpus)
    times = in_turn(
        repeats,
        {name: partial(seconds, read) for name, (_, read) in contenders.items()},
    )
    slowest = max(median(each) / contenders[name][0] for name, each in times.items())
    rows = []
    for name, (tokens, _) in contenders.items():
        spent = median(times[name])
        rows.append(
            {
                "read by": name,
                "tokens": tokens,
                "seconds": spent,
                "tokens a second": tokens / spent,
                "times as fast": slowest * tokens / spent,
            }
        )
    return {
        "rows": rows,
        "sentences": len(sentences),
        "points": len(plan),
        "device": encoder.device,
        "threads": torch.get_num_threads(),
    }


def _multiply(model: Any, tokens: int) -> None:
    """Do nothing but the layers' matrix products, on every core: no float32 encoder is quicker."""
    import torch

    from lexiscope.encoder import BATCH_TOKENS

    threads = torch.get_num_threads()
    weights = [
        each.weight.detach().T for each in model.encoder.modules() if hasattr(each, "in_features")
    ]

    def part(rows: int) -> None:
        for weight in weights:
            torch.ones(rows, len(weight)) @ weight

    share = BATCH_TOKENS["cpu"]
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        list(pool.map(part, [share] * (tokens // share) + [tokens % share]))
    torch.set_num_threads(threads)


def other_budgets(texts: str, match: str, repeats: int) -> list[dict[str, Any]]:
    """Time the encoder with batches of other sizes."""
    from lexiscope import Checkpoint, Corpus, EncodeOptions
    from lexiscope.encoder import BATCH_TOKENS, Encoder
    from lexiscope.models import resolve_device

    checkpoint = Checkpoint.open("embedded")
    corpus = Corpus.read(texts, match=match)
    usual = BATCH_TOKENS[resolve_device()]
    encoders = {
        int(usual * share): Encoder(
            checkpoint, EncodeOptions(dtype="float32", batch_tokens=int(usual * share))
        )
        for share in BUDGETS
    }
    tokens = _tokens(encoders[usual], encoders[usual].plan(corpus))
    _read(encoders[usual], corpus)
    times = in_turn(
        repeats,
        {
            f"{budget:,}": partial(seconds, partial(_read, encoder, corpus))
            for budget, encoder in encoders.items()
        },
    )
    return [
        {
            "budget": f"{budget} (default)" if budget == f"{usual:,}" else budget,
            "seconds": median(each),
            "tokens a second": tokens / median(each),
        }
        for budget, each in times.items()
    ]


def _read(encoder: Encoder, corpus: Corpus) -> None:
    for _ in encoder.encode(encoder.plan(corpus)):
        pass


def _tokens(encoder: Encoder, plan: Plan) -> int:
    """Count the tokens read: every window once, its special tokens included."""
    import numpy as np

    text = plan.corpus.occurrences["text"].to_numpy()[plan.occurrences]
    windows = np.unique(np.column_stack([text, plan.window]), axis=0)
    special = len(encoder.prefix) + len(encoder.suffix)
    return int((windows[:, 2] - windows[:, 1] + special).sum())
