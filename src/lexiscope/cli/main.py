"""The command line: each command parses, calls one function, prints."""

from __future__ import annotations

import errno
import logging
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

import lexiscope
from lexiscope.cli import importing, looking, making, measuring, sharing
from lexiscope.cli.options import Command
from lexiscope.errors import LexiscopeError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(lexiscope.__version__, prog_name="lexiscope")
@click.option("-v", "--verbose", is_flag=True, help="Log what is decided on the way.")
def cli(verbose: bool) -> None:
    """See what a language model knows about words.

    From a checkpoint to a measured map of its embeddings: its word, position and token-type
    tables, and the vectors it makes of words in context, at every layer.
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s: %(message)s"
    )


@click.command(
    cls=Command,
    short_help="Print a shell's completion script.",
    example='eval "$(lexiscope completion bash)"',
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes lexiscope's commands in your shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "lexiscope", "_LEXISCOPE_COMPLETE").source())


for command in (
    making.demo,
    making.build,
    importing.import_,
    looking.view,
    looking.near,
    making.project,
    measuring.report,
    measuring.diff,
    looking.info,
    sharing.export,
    sharing.tensorboard,
    completion,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit 0 when done, 1 refused, 2 wrong usage, 130 interrupted."""
    # A plain kill and a closed terminal end it as Ctrl-C does: in order, servers and all.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    sys.exit(_guarded(lambda: cli.main(arguments, "lexiscope", standalone_mode=False)))


def _guarded(run: Callable[[], Any]) -> int:
    try:
        return int(run() or 0)
    except LexiscopeError as error:
        click.echo(f"lexiscope: {' '.join(str(error).split())}", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; run it again to go on", err=True)
        return 130
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        what = shlex.quote(str(error.filename or "the output"))
        click.echo(f"lexiscope: {what}: {error.strerror}", err=True)
        return 1
