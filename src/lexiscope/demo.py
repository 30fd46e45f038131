"""The demonstration: the embedded model's atlas, and what is found in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from lexiscope.atlas import Atlas
from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Corpus
from lexiscope.errors import LexiscopeError
from lexiscope.measure import breaks, separation
from lexiscope.workflow import Context, Progress, build_context, build_maps, build_tables

ASKED = ("india", "facebook", "7", "[unused10]")
WORD = "bank"


@dataclass(frozen=True)
class Result:
    """Something the demonstration found.

    Attributes
    ----------
    title : str
        One sentence.
    rows : list of dict
        Its figures, one JSON object each.
    """

    title: str
    rows: list[dict[str, Any]]


def example_texts() -> Path:
    """Return the path of the example word-sense sentences that come with the package."""
    packaged = Path(__file__).parent / "examples" / "word-senses.csv"
    # An editable install reads the checkout's own.
    checkout = Path(__file__).parents[2] / "examples" / "word-senses.csv"
    for path in (packaged, checkout):
        if path.exists():
            return path
    raise LexiscopeError("the example sentences are missing; install lexiscope again")


def run(
    output: str | os.PathLike[str], progress: Progress, tell: Callable[[Result], None]
) -> Atlas:
    """Build the embedded model's atlas with the example senses, telling what is found.

    Parameters
    ----------
    output : path
        The atlas' folder.
    progress : callable
        See `lexiscope.workflow.Progress`.
    tell : callable
        Called with each result as soon as it is there: what the tables alone hold within the
        first seconds, the senses after the sentences were read, the pictures at the end.

    Returns
    -------
    Atlas
    """
    checkpoint = Checkpoint.open("embedded")
    atlas = Atlas.create(output)
    with atlas.writing(progress) as progress:
        build_tables(atlas, checkpoint, progress)
        for result in table_results(atlas):
            tell(result)
        corpus = Corpus.read(example_texts(), match="prefix")
        build_context(atlas, checkpoint, corpus, Context(match="prefix", replace=True), progress)
        tell(sense_result(atlas))
        for name in atlas.spaces:
            build_maps(atlas, name, progress=progress)
        tell(map_result(atlas))
    return atlas


def table_results(atlas: Atlas) -> Iterator[Result]:
    """Yield what the word and position tables hold by themselves."""
    near = atlas["word"].neighbors(list(ASKED), k=8).to_pylist()
    yield Result(
        "Nearest words in the word table (cosine similarity)",
        [
            {
                "query": query,
                "neighbors": [
                    {"label": row["label"], "similarity": round(row["similarity"], 2)}
                    for row in near
                    if row["query"] == query
                ],
            }
            for query in ASKED
        ],
    )
    table = atlas["position"].vectors
    found = breaks(table)
    # The first and the last position differ from the rest in every model: no news.
    inner = [
        each for each in found if each.first > 0 and each.last < len(table) - 1 and not each.unsure
    ]
    title = "The position table has no break"
    if inner:
        places = [f"{row}/{row + 1}" for row in range(inner[0].first, inner[0].last)]
        alike = [f"{cosine:.3f}" for cosine in inner[0].cosines]
        title = (
            f"The position table breaks at {' and '.join(places)}: neighbouring positions are "
            f"{' and '.join(alike)} alike there, {inner[0].usual:.3f} around it"
        )
    yield Result(
        title,
        [
            {
                "rows": f"{each.first}-{each.last}",
                "cosines": " ".join(f"{cosine:.3f}" for cosine in each.cosines),
                "usual": round(each.usual, 3),
                "strength": round(each.strength, 1),
            }
            for each in found
        ],
    )


def sense_result(atlas: Atlas) -> Result:
    """Say how far apart the senses of one word lie at every layer."""
    space = atlas["context"]
    points = space.points
    rows = np.flatnonzero(pc.equal(points["target"], WORD).to_numpy())
    senses = points["sense"].take(rows).to_pylist()
    figures = []
    for layer in space.layers:
        measured = separation(space.matrices[layer][rows], senses)
        figures.append(
            {"layer": layer} | {name: round(value, 3) for name, value in asdict(measured).items()}
        )
    best = max(figures, key=lambda row: row["silhouette"])
    counts = {sense: senses.count(sense) for sense in sorted(set(senses))}
    named = ", ".join(f"{sense} {count}" for sense, count in counts.items())
    return Result(
        f"The senses of {WORD!r} ({named} occurrences) lie furthest apart at layer {best['layer']}",
        figures,
    )


def map_result(atlas: Atlas) -> Result:
    """Say what every picture of the tables, and of the last layer, keeps."""
    rows = []
    for name in atlas.spaces:
        for id, about in atlas.projections(name).items():
            if about["quality"]:
                rows.append(
                    {
                        "space": name,
                        "points": len(atlas[name]),
                        "projection": id,
                        "neighbors_kept": round(about["quality"]["kept"], 3),
                        "trustworthiness": round(about["quality"]["trustworthiness"], 3),
                    }
                )
    return Result("How much of the true neighbourhoods each picture keeps", rows)
