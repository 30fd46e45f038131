"""The command that makes an atlas of vectors from other programs."""

from __future__ import annotations

from pathlib import Path

import click

from lexiscope.cli.options import Command, json_option, map_methods
from lexiscope.summary import print_atlas
from lexiscope.terminal import Bars


@click.command(
    "import",
    cls=Command,
    short_help="Make an atlas of your own vectors.",
    example="lexiscope import glove.6B.100d.txt -o glove.atlas\n"
    "lexiscope import vectors.npy --points songs.csv --label title -o songs.atlas\n"
    "lexiscope import table.parquet --vectors embedding -o table.atlas\n"
    "lexiscope import runs/projector/ -o projector.atlas",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The folder of the atlas.  [default: FILE's name with .atlas]",
)
@click.option(
    "--points",
    type=click.Path(path_type=Path),
    help="npy: the table of the points, a row a vector.  [default: FILE's name with .csv, .tsv, "
    ".jsonl or .parquet, if there is one]",
)
@click.option(
    "--label",
    help="Column that names the points.  [default: label, token, word, text, name or title, else "
    "the first of text]",
)
@click.option(
    "--vectors",
    help="parquet: the column of vectors, where there are several; log directory: the only "
    "embedding wanted.",
)
@click.option(
    "--ordered/--unordered",
    default=None,
    help="Whether words go from frequent to rare.  [default: those of word2vec and GloVe do]",
)
@click.option(
    "--maps",
    default="pca,tsne",
    show_default=True,
    help="Projections: pca, tsne, umap, with commas between; or none.",
)
@click.option("--name", help="Name of the space.  [default: after FILE]")
@click.option("--replace", is_flag=True, help="Give up a space of that name from other files.")
@json_option
def import_(
    file: Path,
    output: Path | None,
    points: Path | None,
    label: str | None,
    vectors: str | None,
    ordered: bool | None,
    maps: str,
    name: str | None,
    replace: bool,
    to_json: bool,
) -> None:
    """Make an atlas of the vectors in FILE, with maps, neighbours and all that a model's has.

    FILE is word2vec (text or binary), GloVe or fastText .vec, packed with gzip or not; an .npy
    array, with a csv, tsv, jsonl or parquet of its points; a parquet file with a column of
    vectors; or a log directory of TensorBoard's projector, each embedding of which becomes a
    space.
    """
    from lexiscope.workflow import import_vectors

    methods = map_methods(maps)
    bars = Bars()
    try:
        atlas = import_vectors(
            file,
            output,
            name=name,
            points=points,
            label=label,
            vectors=vectors,
            ordered=ordered,
            replace=replace,
            maps=methods,
            progress=bars,
        )
    finally:
        bars.close()
    print_atlas(atlas, to_json)
