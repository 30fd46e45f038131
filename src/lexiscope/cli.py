"""The command line: each command parses, calls one function, prints."""

from __future__ import annotations

import errno
import logging
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import lexiscope
from lexiscope.errors import LexiscopeError
from lexiscope.summary import print_atlas, print_result, short
from lexiscope.terminal import Bars, as_json, as_table

if TYPE_CHECKING:
    from lexiscope.atlas import Atlas

METRICS = ("cosine", "euclidean", "dot")
METHODS = ("pca", "tsne", "umap", "axes")
FORMATS = ("tensorboard",)
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


json_option = click.option("--json", "to_json", is_flag=True, help="Print JSON.")
port_option = click.option(
    "--port", type=PORT, default=8765, show_default=True, help="The next free one if it is taken."
)
trust_option = click.option(
    "--trust-remote-code", is_flag=True, help="Let code that comes with a checkpoint run."
)


@cli.command(
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
    if view is None:
        view = sys.stdout.isatty() and not to_json
    if view:
        _view([atlas.path], port, "127.0.0.1", is_opened=sys.stdout.isatty(), to_json=to_json)
    elif not to_json:
        click.echo(f"Open the view with: lexiscope view {atlas.path}")


@cli.command(
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
        layers=_numbers(layers),
        pooling=pooling,
        device=device,
        dtype=dtype,
        batch_tokens=batch_tokens,
    )
    methods = [] if maps == "none" else [method.strip() for method in maps.split(",")]
    wrong = [method for method in methods if method not in METHODS[:3]]
    if wrong:
        raise LexiscopeError(f"--maps {wrong[0]}: there are {', '.join(METHODS[:3])}, or none")
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


@cli.command(
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
    _view(atlases, port, host, is_opened=sys.stdout.isatty() and not no_open, to_json=to_json)


@cli.command(
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
    one after the other. The points of a query are left out of its answer.
    """
    from lexiscope.atlas import Atlas

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
        answers.append(answer | {"neighbors": near})
    if to_json:
        as_json(answers[0] if len(answers) == 1 else answers)
        return
    for answer in answers:
        at = f", layer {answer['layer']}" if "layer" in answer else ""
        click.secho(f"{space}{at}, near {answer['query']} ({metric})", bold=True)
        as_table([short(row) for row in answer["neighbors"]])


@cli.command(
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
        parameters["components"] = _numbers(components)
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


@cli.command(cls=Command, example="lexiscope info bert-base-uncased\nlexiscope info senses.atlas")
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


@cli.command(cls=Command, example="lexiscope export senses.atlas tensorboard logs")
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


@cli.command(
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


@cli.command(
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


def _view(atlases: Sequence[Path], port: int, host: str, *, is_opened: bool, to_json: bool) -> None:
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


def _numbers(given: str | None) -> tuple[int, ...] | None:
    """Read ``0,6,12`` or ``0-6``."""
    if given is None:
        return None
    numbers: list[int] = []
    try:
        for part in given.split(","):
            low, dash, high = part.strip().partition("-")
            found = range(int(low), int(high) + 1) if dash and low else [int(part)]
            if not found:
                raise ValueError
            numbers += found
    except ValueError:
        raise LexiscopeError(f"{given!r}: write ascending numbers such as 0,6,12 or 0-6") from None
    return tuple(numbers)


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


if __name__ == "__main__":
    main()
