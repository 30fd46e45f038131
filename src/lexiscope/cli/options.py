"""Options: what several commands have in common."""

from __future__ import annotations

from typing import Any

import click

from lexiscope.errors import LexiscopeError

METRICS = ("cosine", "euclidean", "dot")
METHODS = ("pca", "tsne", "umap", "axes")
FORMATS = (
    "html",
    "png",
    "svg",
    "pdf",
    "parquet",
    "npy",
    "csv",
    "word2vec",
    "tensorboard",
    "embedding-atlas",
)
PORT = click.IntRange(0, 65535)


class Command(click.Command):
    """A command whose help ends with an example."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"  {line}\n")


json_option = click.option("--json", "to_json", is_flag=True, help="Print JSON.")
port_option = click.option(
    "--port", type=PORT, default=8765, show_default=True, help="The next free one if it is taken."
)
trust_option = click.option(
    "--trust-remote-code", is_flag=True, help="Let code that comes with a checkpoint run."
)


def map_methods(given: str) -> list[str]:
    """Read ``pca,tsne`` or ``none``."""
    methods = [] if given == "none" else [method.strip() for method in given.split(",")]
    wrong = [method for method in methods if method not in METHODS[:3]]
    if wrong:
        raise LexiscopeError(f"--maps {wrong[0]}: there are {', '.join(METHODS[:3])}, or none")
    return methods


def numbers(given: str | None) -> tuple[int, ...] | None:
    """Read ``0,6,12`` or ``0-6``."""
    if given is None:
        return None
    read: list[int] = []
    try:
        for part in given.split(","):
            low, dash, high = part.strip().partition("-")
            found = range(int(low), int(high) + 1) if dash and low else [int(part)]
            if not found:
                raise ValueError
            read += found
    except ValueError:
        raise LexiscopeError(f"{given!r}: write ascending numbers such as 0,6,12 or 0-6") from None
    return tuple(read)
