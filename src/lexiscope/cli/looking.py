"""Commands that look into what is there."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lexiscope.cli.options import METRICS, Command, json_option, port_option, trust_option
from lexiscope.summary import print_atlas, short
from lexiscope.terminal import as_json, as_table


@click.command(
    cls=Command,
    short_help="Open atlases in the browser.",
    example="lexiscope view senses.atlas\nlexiscope view bert.atlas roberta.atlas --port 9000",
)
@click.argument("atlases", nargs=-1, required=True, type=click.Path(path_type=Path))
@port_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; any but this machine's own asks for a token.",
)
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@json_option
def view(atlases: Sequence[Path], port: int, host: str, no_open: bool, to_json: bool) -> None:
    """Serve ATLASES with the page that shows them, until Ctrl-C.

    In a terminal the page is opened in the browser.
    """
    open_view(atlases, port, host, is_opened=sys.stdout.isatty() and not no_open, to_json=to_json)


@click.command(
    cls=Command,
    short_help="List the nearest neighbours of a word or point.",
    example="lexiscope near senses.atlas word india -k 5\n"
    'lexiscope near senses.atlas word "king - man + woman"\n'
    "lexiscope near senses.atlas context '#12' --layer 6",
)
@click.argument("atlas", type=click.Path(path_type=Path))
@click.argument("space")
@click.argument("query", nargs=-1, required=True)
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="How many.")
@click.option(
    "--metric", type=click.Choice(METRICS), default="cosine", show_default=True, help="Measure."
)
@click.option("--spherize", is_flag=True, help="Centre and normalise first, as TensorBoard does.")
@click.option("--layer", type=int, help="Layer of a space in context.  [default: the last]")
@json_option
def near(
    atlas: Path,
    space: str,
    query: Sequence[str],
    k: int,
    metric: Any,
    spherize: bool,
    layer: int | None,
    to_json: bool,
) -> None:
    """List the points of SPACE nearest to QUERY, in the original space.

    QUERY is a label, a point number such as '#12', or arithmetic on them; several are answered
    one after the other. The points of a query are left out of its answer. Where several points
    carry a label (the occurrences of a word), their mean is asked.
    """
    from lexiscope.atlas import Atlas
    from lexiscope.queries import resolve

    held = Atlas.open(atlas)[space]
    if layer is not None:
        held = held.layer(layer)
    texts = held.points["text"] if held.layers else None
    value = "distance" if metric == "euclidean" else "similarity"
    answers = []
    for asked in query:
        found = held.neighbors(asked, k, metric, spherized=spherize).to_pylist()
        near = [
            {"point": row["point"], "label": row["label"], value: round(row[value], 6)}
            | ({"text": texts[row["point"]].as_py()} if texts is not None else {})
            for row in found
        ]
        answer: dict[str, Any] = {"space": space, "query": asked, "metric": metric}
        if held.layers:
            answer["layer"] = held.layers[-1]
        terms = resolve(asked, held.points, held.vectors).averaged
        averaged = {term: rows.tolist() for term, rows in terms.items()}
        if averaged:
            answer["averaged"] = averaged
        answers.append(answer | {"neighbors": near})
    if to_json:
        as_json(answers[0] if len(answers) == 1 else answers)
        return
    for answer in answers:
        at = f", layer {answer['layer']}" if "layer" in answer else ""
        click.secho(f"{space}{at}, near {answer['query']} ({metric})", bold=True)
        for term, rows in answer.get("averaged", {}).items():
            said = f"{term} is the mean of {len(rows):,} points; '#{rows[0]}' is one of them"
            click.secho(f"  {said}", dim=True)
        as_table([short(row) for row in answer["neighbors"]])


@click.command(cls=Command, example="lexiscope info bert-base-uncased\nlexiscope info senses.atlas")
@click.argument("model_or_atlas")
@trust_option
@json_option
def info(model_or_atlas: str, trust_remote_code: bool, to_json: bool) -> None:
    """Say what a checkpoint or an atlas holds."""
    from lexiscope.atlas import MANIFEST, Atlas

    if (Path(model_or_atlas) / MANIFEST).exists():
        print_atlas(Atlas.open(model_or_atlas), to_json)
        return
    if model_or_atlas.endswith(".atlas") and not (Path(model_or_atlas) / "config.json").exists():
        Atlas.open(model_or_atlas)  # says what is wrong with it
    from lexiscope.checkpoint import Checkpoint

    checkpoint = Checkpoint.open(model_or_atlas, trust_remote_code=trust_remote_code)
    rows = [
        {
            "table": kind,
            "shape": " x ".join(map(str, table.shape)) if table.shape else None,
            "dtype": table.dtype,
            "tensor": table.tensor or f"none: {table.reason}",
        }
        for kind, table in checkpoint.tables.items()
    ]
    if to_json:
        as_json(
            {
                "model": checkpoint.name,
                "family": checkpoint.family.name,
                "tables": {
                    kind: {
                        "tensor": table.tensor,
                        "shape": table.shape,
                        "dtype": table.dtype,
                        "reason": table.reason,
                    }
                    for kind, table in checkpoint.tables.items()
                },
                "notes": list(checkpoint.notes),
            }
        )
        return
    click.secho(f"{checkpoint.name} ({checkpoint.family.name})", bold=True)
    as_table(rows)
    for note in checkpoint.notes:
        click.echo(f"  {note}")


def open_view(
    atlases: Sequence[Path], port: int, host: str, *, is_opened: bool, to_json: bool
) -> None:
    """Serve atlases and say where, until a signal comes."""
    from lexiscope.server import serve

    def ready(url: str, taken: int) -> None:
        if to_json:
            as_json({"url": url, "port": taken, "atlases": list(map(str, atlases))})
        else:
            moved = f"; port {port} was taken" if port not in (0, taken) else ""
            click.echo(f"The view is at {url} (Ctrl-C ends it{moved})")
        sys.stdout.flush()
        if is_opened:
            click.launch(url)

    hangup = getattr(signal, "SIGHUP", None)
    if hangup and signal.getsignal(hangup) != signal.SIG_IGN:
        # The server ends in order by the signals that it knows; this one would break in on it.
        signal.signal(hangup, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        serve(atlases, port=port, host=host, ready=ready)
    except KeyboardInterrupt:  # how it is meant to end: there is nothing to go on with
        sys.exit(130)
