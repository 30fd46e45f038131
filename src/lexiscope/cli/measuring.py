"""Commands that measure: what a map shows, and what changed between two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lexiscope.cli.options import Command, json_option, numbers, trust_option
from lexiscope.errors import LexiscopeError
from lexiscope.terminal import Bars, as_json, counted

html_option = click.option(
    "--html",
    type=click.Path(path_type=Path),
    help="Write one self-contained HTML file instead of text.",
)
seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of every draw."
)


@click.command(
    cls=Command,
    short_help="Measure what the map shows: groups, senses, geometry, clusters.",
    example="lexiscope report senses.atlas\n"
    "lexiscope report senses.atlas --list drinks.txt --html report.html\n"
    "lexiscope report senses.atlas --json > findings.json",
)
@click.argument("atlas", type=click.Path(path_type=Path))
@click.option(
    "--list",
    "lists",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of words of your own, one a line: do they lie together? May be given again; "
    "the atlas remembers it.",
)
@click.option(
    "-k",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Neighbours looked at, of groups and hubs.",
)
@seed_option
@click.option(
    "--again",
    is_flag=True,
    help="Measure anew what the atlas keeps already, without lists of before.",
)
@html_option
@json_option
def report(
    atlas: Path,
    lists: Sequence[Path],
    k: int,
    seed: int,
    again: bool,
    html: Path | None,
    to_json: bool,
) -> None:
    """Measure what the map of ATLAS shows, and keep the findings in it.

    Which words gather, where positions break, how far apart senses lie at each layer, how
    contextual and how isotropic the layers are, which words are hubs, what clusters there are:
    each with its figure, the level of chance and the uncertainty. What is measured already is
    not measured again; the first time takes about a minute for 30,000 words on two cores.
    """
    from lexiscope.atlas import Atlas
    from lexiscope.export.html import check_destination, write_findings
    from lexiscope.findings import read_list
    from lexiscope.summary import print_findings
    from lexiscope.workflow import report as run

    if html is not None:
        check_destination(html)
    own: dict[str, Sequence[str]] = {}
    for path in lists:
        name, words = read_list(path)
        if name in own:
            raise LexiscopeError(f"two lists are called {name!r}: rename one of the files")
        own[name] = words
    held = Atlas.open(atlas)
    bars = Bars()
    try:
        found = run(held, lists=own, k=k, seed=seed, again=again, progress=bars)
    finally:
        bars.close()
    if html is not None:
        write_findings(html, held, found)
    if to_json:
        as_json([each.as_json() for each in found])
    elif html is not None:
        click.echo(f"wrote {html}: {counted(len(found), 'finding')} of {atlas}")
    else:
        print_findings(held, found)


@click.command(
    cls=Command,
    short_help="Compare two models, atlases or layers: what moved?",
    example="lexiscope diff bert.atlas finetuned.atlas\n"
    "lexiscope diff bert-base-uncased ./my-finetuned-bert --html diff.html\n"
    "lexiscope diff senses.atlas --space context --layers 0,6",
)
@click.argument("a")
@click.argument("b", required=False)
@click.option("--space", help="Compare only this space.  [default: all that both have]")
@click.option(
    "--layers", help="Layers compared point by point, of A and of B.  [default: the last of each]"
)
@click.option(
    "-k", type=click.IntRange(min=1), default=10, show_default=True, help="Neighbours compared."
)
@seed_option
@trust_option
@html_option
@json_option
def diff(
    a: str,
    b: str | None,
    space: str | None,
    layers: str | None,
    k: int,
    seed: int,
    trust_remote_code: bool,
    html: Path | None,
    to_json: bool,
) -> None:
    """Compare what A and B share: tokens, or words in the same sentences.

    A and B are atlases, or models: a Hub name, a local folder, or "embedded", of which the
    tables are compared. Dimensions may differ. Without B, two layers of A.
    """
    from lexiscope.export.html import check_destination, write_comparisons
    from lexiscope.summary import print_difference
    from lexiscope.workflow import diff as run

    if html is not None:
        check_destination(html)
    chosen = numbers(layers)
    if chosen is not None and len(chosen) != 2:
        raise LexiscopeError(f"--layers {layers}: name two, A's and B's, such as 0,6")
    bars = Bars()
    try:
        found = run(
            a,
            b,
            space=space,
            layers=None if chosen is None else (chosen[0], chosen[1]),
            k=k,
            seed=seed,
            trust_remote_code=trust_remote_code,
            progress=bars,
        )
    finally:
        bars.close()
    if html is not None:
        write_comparisons(html, found)
    if to_json or html is None:
        print_difference(found, to_json)
    else:
        click.echo(f"wrote {html}: {found.title}, space by space")
