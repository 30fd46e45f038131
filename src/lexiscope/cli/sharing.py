"""Commands that hand an atlas on to other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lexiscope.cli.options import FORMATS, PORT, Command, json_option
from lexiscope.terminal import as_json

if TYPE_CHECKING:
    from lexiscope.atlas import Atlas


@click.command(cls=Command, example="lexiscope export senses.atlas tensorboard logs")
@click.argument("atlas", type=click.Path(path_type=Path))
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("destination", type=click.Path(path_type=Path))
@json_option
def export(atlas: Path, format: str, destination: Path, to_json: bool) -> None:
    """Write an atlas as files that other programs read."""
    from lexiscope.atlas import Atlas
    from lexiscope.export import FORMATS

    FORMATS[format](Atlas.open(atlas), destination)
    if to_json:
        as_json({"atlas": str(atlas), "format": format, "destination": str(destination)})
    else:
        click.echo(f"wrote {destination}; look with: tensorboard --logdir {destination}")


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
