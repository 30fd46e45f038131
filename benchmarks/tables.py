"""The three tables of a checkpoint: by byte range, and by building the model."""

from __future__ import annotations

from functools import partial
from statistics import median

from benchmarks.measure import fresh, in_turn
from benchmarks.report import Options, Table, rounds

REPEATS = 5


def run(options: Options) -> list[Table]:
    """Read word, position and token-type table in fresh processes."""
    repeats = options.repeats or REPEATS
    folder = fresh(model_folder).value
    runs = in_turn(
        repeats,
        {
            "lexiscope, a folder": partial(fresh, by_ranges, folder),
            "lexiscope, embedded (checks its SHA-256)": partial(fresh, by_ranges, "embedded"),
            "AutoModel.from_pretrained": partial(fresh, by_model, folder),
        },
    )
    rows = [
        {
            "read by": name,
            "process, s": median(run.seconds for run in each),
            "reading, s": median(run.value["seconds"] for run in each),
            "weights read, MB": each[0].value["bytes"] / 1e6,
            "peak memory, MB": median(run.peak_mb for run in each),
        }
        for name, each in runs.items()
    ]
    note = (
        f"The embedded checkpoint; fresh processes in turn, {rounds(repeats)}. Reading leaves "
        "out the interpreter's start and the imports."
    )
    return [Table("Three tables of a checkpoint", note, rows)]


def model_folder() -> str:
    """Return the folder of the embedded checkpoint's files."""
    from lexiscope import Checkpoint

    return str(Checkpoint.open("embedded").model_folder())


def by_ranges(name: str) -> dict[str, float]:
    """Read the tables through `lexiscope.Checkpoint`."""
    import time

    from lexiscope import Checkpoint

    begin = time.perf_counter()
    checkpoint = Checkpoint.open(name)
    tables = [checkpoint.table(kind) for kind in checkpoint.tables]
    seconds = time.perf_counter() - begin
    size = sum(table.nbytes for table in tables)
    if name == "embedded":
        size += _weights_size(str(checkpoint.model_folder()))
    return {"seconds": seconds, "bytes": size}


def by_model(folder: str) -> dict[str, float]:
    """Build the model and take its embedding layers' weights."""
    import time

    import transformers

    transformers.utils.logging.disable_progress_bar()
    begin = time.perf_counter()
    layers = transformers.AutoModel.from_pretrained(folder).embeddings
    for layer in (
        layers.word_embeddings,
        layers.position_embeddings,
        layers.token_type_embeddings,
    ):
        layer.weight.detach().numpy()
    return {"seconds": time.perf_counter() - begin, "bytes": _weights_size(folder)}


def _weights_size(folder: str) -> int:
    from pathlib import Path

    return sum(file.stat().st_size for file in Path(folder).glob("*.safetensors"))
