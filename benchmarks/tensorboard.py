"""The word table in TensorBoard's Embedding Projector: exporting it, and its first answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measure import fresh, in_turn, seconds
from benchmarks.report import Options, Table, rounds

REPEATS = 1


def run(options: Options) -> list[Table]:
    """Export with both, then ask a server over each export for the vectors."""
    repeats = options.repeats or REPEATS
    runs = in_turn(
        repeats,
        {
            "lexiscope, write_projector": partial(_export_and_ask, by_lexiscope),
            "torch, SummaryWriter.add_embedding": partial(_export_and_ask, by_torch),
        },
    )
    rows = [
        {"written by": name} | {key: median(each[key] for each in results) for key in results[0]}
        for name, results in runs.items()
    ]
    note = (
        f"30,522 x 384 with labels; {rounds(repeats)}. Writing leaves out imports. First "
        "answer: from the page's first request to the last byte of the vectors, on a server "
        "that is up."
    )
    return [Table("The word table in TensorBoard", note, rows)]


def _export_and_ask(export: Callable[[str], dict[str, float]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        written = fresh(export, folder)
        answer = fresh(first_answer, folder).value
    return {
        "writing, s": written.value["seconds"],
        "files, MB": written.value["bytes"] / 1e6,
        "peak memory, MB": written.peak_mb,
        "first answer, s": answer,
    }


def by_lexiscope(folder: str) -> dict[str, float]:
    """Write the log directory with Lexiscope."""
    from lexiscope import Checkpoint
    from lexiscope.tensorboard import Embedding, write_projector

    checkpoint = Checkpoint.open("embedded")
    vectors, points = checkpoint.table("word"), checkpoint.points("word")
    return _written(folder, lambda: write_projector(folder, [Embedding("word", vectors, points)]))


def by_torch(folder: str) -> dict[str, float]:
    """Write the log directory as PyTorch's guide does."""
    from torch.utils.tensorboard import SummaryWriter

    from lexiscope import Checkpoint

    checkpoint = Checkpoint.open("embedded")
    vectors, labels = checkpoint.table("word"), checkpoint.points("word")["label"].to_pylist()

    def write() -> None:
        with SummaryWriter(folder) as writer:
            writer.add_embedding(vectors, metadata=labels, tag="word")

    return _written(folder, write)


def first_answer(folder: str) -> float:
    """Ask a server for the vectors, the way the projector's page does, and return the seconds."""
    import json
    from urllib.parse import urlencode, urljoin
    from urllib.request import urlopen

    from lexiscope.tensorboard import Server

    with Server(folder, port=0) as server:

        def get(route: str, **query: str) -> bytes:
            address = urljoin(server.url, f"/data/plugin/projector/{route}?{urlencode(query)}")
            with urlopen(address) as answer:
                return bytes(answer.read())

        def ask() -> None:
            name = json.loads(get("runs"))[0]
            shown = json.loads(get("info", run=name))["embeddings"][0]
            rows, columns = shown["tensorShape"]
            vectors = get("tensor", run=name, name=shown["tensorName"])
            assert len(vectors) == 4 * rows * columns

        return seconds(ask)


def _written(folder: str, write: Callable[[], None]) -> dict[str, float]:
    from pathlib import Path

    spent = seconds(write)
    size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return {"seconds": spent, "bytes": size}
