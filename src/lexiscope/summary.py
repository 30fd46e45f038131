"""Summary: what the command line prints of an atlas, and of what was found in one."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from lexiscope.terminal import as_json, as_table, counted, numbers

if TYPE_CHECKING:
    from lexiscope.atlas import Atlas
    from lexiscope.comparison import Comparison
    from lexiscope.findings import Finding
    from lexiscope.workflow.comparing import Difference

LABEL_WIDTH = 100
SHADES = " ░▒▓█"
NEIGHBORS_SHOWN, CAME_AND_WENT = 4, 10


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
    origin = atlas.origin
    if origin is not None:
        click.secho(f"{atlas.path}: {origin.name} ({origin.sort})", bold=True)
        for note in origin.notes:
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
                "members": _members(each),
                "share": f"{each['share']:.1%}",
                "interval": _interval(each),
                "chance": f"{each['chance']:.2%}",
                "lift": f"{float(format(each['lift'], '.2g')):,g}x"
                if each["lift"] is not None
                else "-",
                "p": _p_value(each),
                "gathers": "unsure" if each.get("unsure") else "yes" if each["gathers"] else "no",
            }
            for each in (found.figures for found in groups)
        ]
    )
    for each in (found.figures for found in groups):
        if each["source"] == "own" and each["missing"]:
            _print_sentence(
                f"not in the vocabulary, of {each['group']}: {', '.join(each['missing'])}"
            )


def _members(group: Mapping[str, Any]) -> str:
    """Say how many there are and, of a list, how many words it has."""
    if group["words"] in (None, group["n"]):
        return f"{group['n']:,}"
    return f"{group['n']:,} of {group['words']:,}"


def _interval(group: Mapping[str, Any]) -> str:
    # Of fewer than five members there is none.
    return "-" if group["low"] is None else f"{group['low']:.1%} to {group['high']:.1%}"


def _p_value(group: Mapping[str, Any]) -> str:
    # Where no permutation reached the share, all that is known is a bound.
    least = group["p"] * (1 + group["permutations"]) < 1.5
    p = group["p_corrected"]
    return "1" if p >= 0.9995 else f"{'≤' if least else ''} {p:.2g}".replace(" 0.", " .").strip()


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


def print_difference(difference: Difference, to_json: bool) -> None:
    """Print what differs between two atlases or models, as text or as JSON."""
    if to_json:
        as_json(difference.as_json())
        return
    for comparison in difference.comparisons:
        print_comparison(comparison)
    if difference.left_out:
        click.secho("not compared", bold=True)
        for reason in difference.left_out.values():
            click.echo(f"  {reason}")


def print_comparison(comparison: Comparison) -> None:
    """Print two spaces side by side: what is said of them, layer by layer, what moved most."""
    click.secho(comparison.space, bold=True)
    for statement in comparison.statements:
        _print_sentence(statement)
    cka = comparison.cka
    if len(cka["layers_a"]) > 1 or len(cka["layers_b"]) > 1:
        _print_heat_map(comparison)
    if comparison.most_moved:
        click.echo()
        labels = Counter(each["label"] for each in comparison.most_moved)
        as_table(
            [
                {
                    # Occurrences of one label are told apart by their numbers in A.
                    "moved most": _line(each["label"])
                    + (f" #{each['a']}" if labels[each["label"]] > 1 else ""),
                    "movement": each["movement"],
                    "same neighbours": each["overlap"],
                    "before": _gathered(each["before"]),
                    "after": _gathered(each["after"]),
                }
                for each in comparison.most_moved
            ]
        )
    for what, some in (("gained", comparison.gained), ("lost", comparison.lost)):
        if some["n"]:
            click.echo(f"  {what} {some['n']:,}: {_few(some['labels'], CAME_AND_WENT)}")
    click.echo()


def _print_heat_map(comparison: Comparison) -> None:
    """Print linear CKA of all layer pairs; the more alike of those there are, the darker."""
    cka, (a, b) = comparison.cka, (comparison.a["name"], comparison.b["name"])
    there = [value for row in cka["debiased"] for value in row if value is not None]
    low, span = min(there, default=0.0), (max(there, default=1.0) - min(there, default=0.0)) or 1.0

    def cell(value: float | None) -> str:
        if value is None:
            return "-"
        return f"{value:.2f} {SHADES[round((value - low) / span * (len(SHADES) - 1))]}"

    def head(layer: int | None) -> str:
        return "table" if layer is None else str(layer)

    sides = f"the layers of {a}" if a == b else f"the layers of {a} down, those of {b} across"
    click.echo(f"\n  linear CKA (debiased), {sides}; the darker, the more alike")
    as_table(
        [
            {"layer": head(layer)}
            | {head(other): cell(v) for other, v in zip(cka["layers_b"], row, strict=True)}
            for layer, row in zip(cka["layers_a"], cka["debiased"], strict=True)
        ]
    )


def _gathered(labels: Sequence[str]) -> str:
    """Name neighbours, those of one name once with their number, the most frequent first."""
    numbers = Counter(map(_line, labels)).most_common()
    named = [f"{name} {number}" if number > 1 else name for name, number in numbers]
    return _few(named, NEIGHBORS_SHOWN)


def _few(labels: Sequence[str], most: int) -> str:
    return ", ".join(map(_line, labels[:most])) + (", ..." if len(labels) > most else "")


def _line(label: str) -> str:
    return str(short({"text": label})["text"])
