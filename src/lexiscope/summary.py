"""Summary: what the command line prints of an atlas, and of what was found in one."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from lexiscope.terminal import as_json, as_table, counted, numbers

if TYPE_CHECKING:
    from lexiscope.atlas import Atlas
    from lexiscope.findings import Finding

LABEL_WIDTH = 100


def print_atlas(atlas: Atlas, to_json: bool) -> None:
    """Print what an atlas holds, as tables or as JSON."""
    spaces: list[dict[str, Any]] = []
    for name in atlas.spaces:
        space = atlas[name]
        layers = space.layers
        best = next(iter(atlas.projections(name).items()), None)
        kept = (best[1]["quality"] or {}).get("kept") if best else None
        spaces.append(
            {
                "space": name,
                "points": len(space),
                "dimensions": atlas.dimensions(name),
                "layers": numbers(layers) or None,
                "projections": len(atlas.projections(name)),
                "best": best[0] if best else None,
                "keeps": kept,
            }
        )
    contexts = [name for name in atlas.spaces if "corpus" in atlas.recipe(name)]
    if to_json:
        as_json(
            {
                "atlas": str(atlas.path),
                "spaces": [
                    row
                    | {
                        "projections": atlas.projections(row["space"]),
                        "recipe": atlas.recipe(row["space"]),
                    }
                    for row in spaces
                ],
                "skipped": {name: atlas.skipped(name).to_pylist() for name in contexts},
            }
        )
        return
    if atlas.spaces:
        about = atlas.recipe(atlas.spaces[0])["checkpoint"]
        click.secho(f"{atlas.path}: {about['name']} ({about['family']})", bold=True)
        for kind, table in about["tables"].items():
            if table["reason"]:
                click.echo(f"  no {kind} table: {table['reason']}")
        for note in about["notes"]:
            click.echo(f"  {note}")
    else:
        click.echo(
            f"{atlas.path} is empty: what was to fill it was interrupted; run the same again"
        )
    as_table(spaces)
    for name in atlas.unfinished:
        click.echo(f"  {name} is unfinished: run the same build again, and it goes on")
    for name in contexts:
        _print_corpus(atlas, name)


def _print_corpus(atlas: Atlas, name: str) -> None:
    about = atlas.recipe(name)["corpus"]
    click.echo(
        f"  {name}: {counted(about['occurrences'], 'occurrence')} in "
        f"{counted(about['texts'], 'text')} of {about['name']}"
        + (f", {about['cut']:,} in a window of a longer text" if about["cut"] else "")
        + (f", {counted(about['skipped'], 'row')} skipped" if about["skipped"] else "")
    )
    for note in about["notes"]:
        click.echo(f"    {note}")
    for row in atlas.skipped(name).slice(0, 10).to_pylist():
        click.echo(f"    row {row['row']}: {row['reason']}")
    if about["skipped"] > 10:
        click.echo(f"    and {about['skipped'] - 10:,} more; --json lists all")


def print_result(title: str, rows: list[dict[str, Any]]) -> None:
    """Print something that was found: a title and its figures."""
    click.echo()
    click.secho(title, bold=True)
    if rows and "neighbors" in rows[0]:
        for row in rows:
            near = "  ".join(f"{n['label']} {n['similarity']:.2f}" for n in row["neighbors"])
            click.echo(f"  {row['query']:<12}{near}")
    else:
        as_table(rows)


def print_findings(atlas: Atlas, findings: Sequence[Finding]) -> None:
    """Print what was found, space after space: groups as a table, the rest as sentences."""
    click.secho(f"{atlas.path}: {counted(len(findings), 'finding')}", bold=True)
    for name, found in groupby(findings, key=lambda each: each.space):
        of_space = list(found)
        click.echo()
        click.secho(f"{name}, {counted(len(atlas[name]), 'point')}", bold=True)
        groups = [each for each in of_space if each.name == "group" and not each.refused]
        if groups:
            _print_groups(groups)
        for each in of_space:
            if each not in groups:
                _print_sentence(each.statement, dim=each.refused)


def _print_groups(groups: Sequence[Finding]) -> None:
    about = groups[0].figures
    _print_sentence(
        f"Do they gather? Share of a member's {about['k']} nearest neighbours that are members "
        f"too, with its 95 % interval and p corrected for {about['tests']} groups:"
    )
    as_table(
        [
            {
                "group": str(each["group"]),
                "members": f"{each['n']:,}",
                "share": f"{each['share']:.1%}",
                "interval": f"{each['low']:.1%} to {each['high']:.1%}",
                "chance": f"{each['chance']:.2%}",
                "lift": f"{each['lift']:,.3g}x" if each["lift"] is not None else "-",
                "p": "< .001" if each["p_corrected"] < 0.001 else f"{each['p_corrected']:.3f}"[1:],
                "gathers": "yes" if each["gathers"] else "no",
            }
            for each in (found.figures for found in groups)
        ]
    )


def _print_sentence(text: str, *, dim: bool = False) -> None:
    width = max(40, min(get_terminal_size().columns, LABEL_WIDTH))
    lines = textwrap.wrap(text, width, initial_indent="  - ", subsequent_indent="    ")
    click.secho("\n".join(lines), dim=dim)


def short(row: dict[str, Any]) -> dict[str, Any]:
    """Fit a text into one line: no line feeds, no control characters, not too long."""
    if "text" not in row:
        return row
    text = " ".join("".join(c if c.isprintable() else " " for c in row["text"]).split())
    return row | {"text": text if len(text) <= LABEL_WIDTH else text[: LABEL_WIDTH - 1] + "…"}
