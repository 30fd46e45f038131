"""Commands that make: an atlas, and more of its projections."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lexiscope.cli.looking import open_view
from lexiscope.cli.options import (
    METHODS,
    Command,
    json_option,
    map_methods,
    numbers,
    port_option,
    trust_option,
)
from lexiscope.summary import print_atlas, print_result
from lexiscope.terminal import Bars, as_json, as_table


@click.command(
    cls=Command, short_help="Show what a real, embedded model holds.", example="lexiscope demo"
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("lexiscope-demo.atlas"),
    show_default=True,
    help="The folder of the atlas.",
)
@click.option(
    "--view/--no-view",
    default=None,
    help="Open the view when done.  [default: in a terminal, and not with --json]",
)
@port_option
@json_option
def demo(output: Path, view: bool | None, port: int, to_json: bool) -> None:
    """Build the embedded model's atlas with the example senses, and show what it holds."""
    from lexiscope import demo as demonstration

    results: list[demonstration.Result] = []

    def tell(result: demonstration.Result) -> None:
        results.append(result)
        if not to_json:
            bars.close()
            print_result(result.title, result.rows)

    bars = Bars()
    try:
        atlas = demonstration.run(output, bars, tell)
    finally:
        bars.close()
    if to_json:
        as_json([{"title": result.title, "rows": result.rows} for result in results])
    else:
        click.echo(f"\nThe atlas is {atlas.path}; look into it with: lexiscope info {atlas.path}")
        click.echo(f"Measure what its maps show with: lexiscope report {atlas.path}")
    if view is None:
        view = sys.stdout.isatty() and not to_json
    if view:
        open_view([atlas.path], port, "127.0.0.1", is_opened=sys.stdout.isatty(), to_json=to_json)
    elif not to_json:
        click.echo(f"Open the view with: lexiscope view {atlas.path}")


@click.command(
    cls=Command,
    short_help="Build the atlas of a model and, with texts, of words in context.",
    example="lexiscope build bert-base-uncased senses.xlsx -o senses.atlas\n"
    "lexiscope build embedded examples/word-senses.csv --match prefix -o senses.atlas",
)
@click.argument("model")
@click.argument("texts", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The folder of the atlas.  [default: MODEL.atlas]",
)
@click.option("--text", help="Column of the texts, where its name is not a usual one.")
@click.option("--target", help="Column of the words to look at.")
@click.option("--start", help="Column of the word's first character, counted from 0.")
@click.option("--end", help="Column of the character after the word's last.")
@click.option("--sense", help="Column of the word's sense.")
@click.option("--id", "id_", help="Column that identifies a row.")
@click.option(
    "--match",
    type=click.Choice(["word", "prefix", "all"]),
    default="word",
    show_default=True,
    help="word: the whole word, any case; prefix: words that begin with it; all: every word.",
)
@click.option(
    "--layers", help="Layers to keep, such as 0,6,12 or 0-6; -1 is the last.  [default: all]"
)
@click.option(
    "--pooling",
    type=click.Choice(["mean", "first", "last", "max"]),
    default="mean",
    show_default=True,
    help="How the vectors of a word's pieces become one.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True
)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    show_default=True,
    help="auto: bfloat16 on a GPU that has it, else float32.",
)
@click.option("--batch-tokens", type=click.IntRange(min=1), help="Tokens in a batch.")
@click.option(
    "--maps",
    default="pca,tsne",
    show_default=True,
    help="Projections of every space: pca, tsne, umap, with commas between; or none.",
)
@click.option(
    "--name", default="context", show_default=True, help="Name of the space of words in context."
)
@click.option("--replace", is_flag=True, help="Give up a space of that name with other inputs.")
@trust_option
@json_option
def build(
    model: str,
    texts: Path | None,
    output: Path | None,
    id_: str | None,
    match: Any,
    layers: str | None,
    pooling: Any,
    device: Any,
    dtype: Any,
    batch_tokens: int | None,
    maps: str,
    name: str,
    replace: bool,
    trust_remote_code: bool,
    to_json: bool,
    **columns: str | None,
) -> None:
    """Build the atlas of MODEL: its tables and, with TEXTS, their words in context.

    MODEL is a Hub name (name or org/name, with @revision if you like), a local folder, or
    "embedded". TEXTS is an xlsx, csv, tsv, jsonl, parquet or plain text file with a column of
    texts and one of words; or mark the words [[so]] in the texts.
    """
    from lexiscope.encoder import EncodeOptions
    from lexiscope.workflow import Context
    from lexiscope.workflow import build as run

    options = EncodeOptions(
        layers=numbers(layers),
        pooling=pooling,
        device=device,
        dtype=dtype,
        batch_tokens=batch_tokens,
    )
    methods = map_methods(maps)
    bars = Bars()
    try:
        atlas = run(
            model,
            texts,
            output,
            context=Context(name, match, options, replace),
            maps=methods,
            trust_remote_code=trust_remote_code,
            progress=bars,
            id=id_,
            **columns,
        )
    finally:
        bars.close()
    print_atlas(atlas, to_json)


@click.command(
    cls=Command,
    short_help="Compute one more projection and measure it.",
    example="lexiscope project senses.atlas word umap\n"
    "lexiscope project senses.atlas word pca --components 1,3\n"
    "lexiscope project senses.atlas word axes --axis 'man, king -> woman, queen' "
    "--axis '/^[0-9]+$/ -> one, two'",
)
@click.argument("atlas", type=click.Path(path_type=Path))
@click.argument("space")
@click.argument("method", type=click.Choice(METHODS))
@click.option("--layer", type=int, help="Layer of a space in context.  [default: the last]")
@click.option(
    "--dims",
    type=click.Choice(["2", "3"]),
    help="Of the picture.  [default: as many as axes or components are named, else 2]",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--components", help="pca: which components, such as 1,3.")
@click.option("--perplexity", type=float, help="tsne: Gaussian affinities of this perplexity.")
@click.option("--neighbors", type=int, help="umap: size of a neighbourhood.  [default: 15]")
@click.option("--min-dist", type=float, help="umap: how close points may lie.  [default: 0.1]")
@click.option("--axis", "axes", multiple=True, help="axes: 'LEFT -> RIGHT', two or three times.")
@json_option
def project(
    atlas: Path,
    space: str,
    method: str,
    layer: int | None,
    dims: str | None,
    seed: int,
    components: str | None,
    axes: Sequence[str],
    to_json: bool,
    **given: float | None,
) -> None:
    """Compute one more projection of SPACE on all its points, and measure what it keeps."""
    from lexiscope.atlas import Atlas
    from lexiscope.workflow import project as run

    parameters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if components is not None:
        parameters["components"] = numbers(components)
    if axes:
        parameters["axes"] = list(axes)
    bars = Bars()
    try:
        made = run(
            Atlas.open(atlas),
            space,
            method,
            layer=layer,
            dims=int(dims or len(axes) or len(parameters.get("components", ())) or 2),
            seed=seed,
            progress=bars,
            **parameters,
        )
    finally:
        bars.close()
    about: dict[str, Any] = {
        "space": space,
        "projection": made.id,
        "points": len(made.coordinates),
        "neighbors_kept": made.quality.kept if made.quality else None,
        "trustworthiness": made.quality.trustworthiness if made.quality else None,
    }
    if to_json:
        as_json(about | {"details": dict(made.details)})
    else:
        as_table([about])
