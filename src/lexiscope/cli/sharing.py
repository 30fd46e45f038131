"""Commands that hand an atlas on to other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lexiscope.cli.options import FORMATS, PORT, Command, json_option, numbers
from lexiscope.terminal import Bars, as_json, counted

if TYPE_CHECKING:
    from lexiscope.atlas import Atlas

LISTED = 12
FINDINGS = (
    "group",
    "senses",
    "positions",
    "token_types",
    "senses_overall",
    "contextuality",
    "geometry",
    "norm_by_rank",
    "hubness",
    "clusters",
)


@click.command(
    cls=Command,
    short_help="Write an atlas as files that others read.",
    example="lexiscope export senses.atlas html senses.html\n"
    "lexiscope export senses.atlas pdf word.pdf --space word --color kind\n"
    "lexiscope export senses.atlas parquet vectors/ --space context --layers 0,6",
)
@click.argument("atlas", type=click.Path(path_type=Path))
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--space", "spaces", multiple=True, help="Only this space; may be given again.")
@click.option("--layers", help="Only these layers, such as 0,6 or 0-6.")
@click.option(
    "--projection", "projections", multiple=True, help="Only this one (tsne-2d); again for more."
)
@click.option(
    "-k", type=click.IntRange(min=1), help="html: neighbours kept of each point.  [default: 15]"
)
@click.option("--color", help="png, svg, pdf: the column that colours the points.")
@click.option(
    "--finding",
    help=f"png, svg, pdf: instead of a map draw {', '.join(FINDINGS[:-1])} or {FINDINGS[-1]}.",
)
@json_option
def export(
    atlas: Path,
    format: str,
    destination: Path,
    spaces: tuple[str, ...],
    layers: str | None,
    projections: tuple[str, ...],
    to_json: bool,
    **options: Any,
) -> None:
    """Write an atlas, or what is chosen of it, as files that other programs read.

    DESTINATION is a file with the format's ending (word2vec: .txt, .vec or .bin; embedding-atlas:
    .parquet; tensorboard has none), or a folder, without an ending, for all there is.
    """
    from lexiscope.atlas import Atlas
    from lexiscope.export import Choice, export

    choice = Choice(spaces, numbers(layers) or (), projections)
    given = {name: value for name, value in options.items() if value is not None}
    bars = Bars()
    try:
        written = export(Atlas.open(atlas), format, destination, choice, bars, **given)
    finally:
        bars.close()
    if to_json:
        files = [str(path) for path in written]
        told = {"written": files, "notes": written.notes}
        as_json({"atlas": str(atlas), "format": format, **told})
        return
    if len(written) > LISTED:
        click.echo(f"wrote {len(written)} files to {destination}")
    else:
        for path in written:
            click.echo(f"wrote {path} ({_size(path)})")
    for note in written.notes:
        click.echo(note)


def _size(path: Path) -> str:
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    size = sum(each.stat().st_size for each in files)
    shown = f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"
    return f"a folder of {counted(len(files), 'file')}, {shown}" if path.is_dir() else shown


@click.command(
    cls=Command,
    short_help="Open an atlas in TensorBoard.",
    example="lexiscope tensorboard senses.atlas --port 6006",
)
@click.argument("atlas", type=click.Path(path_type=Path))
@click.option(
    "--logdir", type=click.Path(path_type=Path), help="Keep the exported files in this folder."
)
@click.option(
    "--port", type=PORT, default=6006, show_default=True, help="The next free one if it is taken."
)
@json_option
def tensorboard(atlas: Path, logdir: Path | None, port: int, to_json: bool) -> None:
    """Export an atlas and open it in TensorBoard's Embedding Projector, until Ctrl-C."""
    from lexiscope.atlas import Atlas

    _serve(Atlas.open(atlas), logdir, port, quiet=to_json)


def _serve(atlas: Atlas, logdir: Path | None, port: int, *, quiet: bool) -> None:
    """Export to a folder, run TensorBoard over it and wait for Ctrl-C."""
    import tempfile

    from lexiscope.export import export_tensorboard
    from lexiscope.tensorboard import Server

    with tempfile.TemporaryDirectory(prefix="lexiscope-") as temporary:
        folder = logdir or Path(temporary)
        export_tensorboard(atlas, folder)
        with Server(folder, port) as server:
            if quiet:
                as_json({"url": server.url, "logdir": str(folder)})
            else:
                taken = f"; port {port} was taken" if port not in (0, server.port) else ""
                click.echo(f"TensorBoard is at {server.url} (Ctrl-C ends it{taken})")
            if sys.stdout.isatty():
                click.launch(server.url)
            server.wait()
