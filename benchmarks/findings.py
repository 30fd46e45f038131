"""The findings of the demonstration's atlas, and two word tables compared."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import measure
from benchmarks.measure import fresh, in_turn
from benchmarks.report import Options, Table, rounds

REPEATS = 3
DRAWN = 4000


def run(options: Options) -> list[Table]:
    """Measure whole commands, and linear CKA beside the n x n way of the paper's equation."""
    repeats = options.repeats or REPEATS
    with tempfile.TemporaryDirectory() as folder:
        atlas, turned = Path(folder) / "demo.atlas", Path(folder) / "turned"
        lexiscope = [sys.executable, "-m", "lexiscope"]
        measure.run([*lexiscope, "demo", "--no-view", "-o", str(atlas)])
        fresh(turn, str(turned))
        commands = {
            "lexiscope report ATLAS --again": ["report", str(atlas), "--again"],
            "the same with --html": ["report", str(atlas), "--again", "--html", f"{folder}/r.html"],
            "kept: lexiscope report ATLAS": ["report", str(atlas)],
            "lexiscope diff embedded TURNED --space word": [
                *("diff", "embedded", str(turned), "--space", "word")
            ],
        }
        runs = in_turn(
            repeats,
            {name: partial(measure.run, [*lexiscope, *each]) for name, each in commands.items()},
        )
        parts = fresh(by_measure, str(atlas)).value
    whole = [
        {
            "command": name,
            "seconds": median(each.seconds for each in of_name),
            "peak memory, MB": median(each.peak_mb for each in of_name),
        }
        for name, of_name in runs.items()
    ]
    note = (
        "The embedded model with the example sentences: 30,522 words, 512 positions, 2 token "
        "types, 458 words in context at 7 layers. TURNED is the same checkpoint with its word "
        f"table rotated. Whole processes in turn, {rounds(repeats)}."
    )
    contenders = in_turn(
        repeats,
        {
            "feature space (ours), 30,522 rows": partial(fresh, cka, 30522, False),
            f"feature space (ours), {DRAWN:,} rows": partial(fresh, cka, DRAWN, False),
            f"n x n matrices, {DRAWN:,} rows": partial(fresh, cka, DRAWN, True),
        },
    )
    rows = [
        {
            "linear CKA by": name,
            "seconds": median(each.value["seconds"] for each in of_name),
            "peak memory, MB": median(each.peak_mb for each in of_name),
            "value": of_name[0].value["cka"],
        }
        for name, of_name in contenders.items()
    ]
    return [
        Table("Findings and comparisons", note, whole),
        Table(
            "What the report's time goes to",
            "Seconds in one process, once, neighbour graphs taken from the atlas.",
            parts,
        ),
        Table(
            "Linear CKA",
            "The word table and its first 200 principal components; n x n matrices of all rows "
            "would take 15 GB.",
            rows,
        ),
    ]


def turn(folder: str) -> None:
    """Copy the embedded checkpoint into a folder, its word table rotated."""
    import shutil

    import numpy as np
    from safetensors.numpy import load_file, save_file

    from lexiscope import Checkpoint

    source = Checkpoint.open("embedded").model_folder()
    shutil.copytree(source, folder)
    path = Path(folder) / "model.safetensors"
    tensors = load_file(path)
    name = next(each for each in tensors if each.endswith("word_embeddings.weight"))
    square = np.random.default_rng(0).standard_normal((tensors[name].shape[1],) * 2)
    rotation = np.linalg.qr(square)[0]
    tensors[name] = (tensors[name].astype(np.float64) @ rotation).astype(np.float32)
    save_file(tensors, path)


def by_measure(path: str) -> list[dict[str, object]]:
    """Time every measure of every space."""
    import time

    from lexiscope import Atlas
    from lexiscope.findings import KINDS
    from lexiscope.findings import measure as make

    atlas = Atlas.open(path)
    rows: list[dict[str, object]] = []
    for space in atlas.spaces:
        for name in KINDS[atlas.recipe(space)["kind"]]:
            begin = time.perf_counter()
            made = make(name, atlas[space], words=atlas["word"], k=10, seed=0, lists={})
            rows.append(
                {
                    "space": space,
                    "measure": name,
                    "findings": len(made),
                    "seconds": time.perf_counter() - begin,
                }
            )
    return rows


def cka(rows: int, by_gram: bool) -> dict[str, float]:
    """Compare the word table with a part of itself."""
    import time

    import numpy as np

    from benchmarks.data import word_table
    from lexiscope.measure.similarity import linear_cka

    table = word_table()[:rows]
    centred = table.astype(np.float64) - table.mean(axis=0)
    vectors = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    part = np.ascontiguousarray(centred @ vectors[:, :200], dtype=np.float32)
    begin = time.perf_counter()
    value = _by_gram(table, part) if by_gram else linear_cka(table, part)
    return {"seconds": time.perf_counter() - begin, "cka": value}


def _by_gram(x, y) -> float:  # type: ignore[no-untyped-def]
    import numpy as np

    def gram(rows):  # type: ignore[no-untyped-def]
        centred = rows - rows.mean(axis=0)
        return centred @ centred.T

    one, other = gram(x.astype(np.float64)), gram(y.astype(np.float64))
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum()))
