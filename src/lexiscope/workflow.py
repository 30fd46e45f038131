"""The workflow: from a checkpoint and a corpus to an atlas; get or compute, and go on."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lexiscope.atlas import MANIFEST, Atlas
from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Columns, Corpus
from lexiscope.errors import LexiscopeError, StorageError
from lexiscope.families import text_config
from lexiscope.projection import Projection, quality
from lexiscope.space import Layer, Space, projection_name
from lexiscope.spans import Match

if TYPE_CHECKING:
    from lexiscope.encoder import EncodeOptions

log = logging.getLogger(__name__)

# progress(stage, unit, done, total): `done` counts up to `total` within a stage.
Progress = Callable[[str, str, int, int], None]

TABLES = ("word", "position", "token_type")
MAPS = ("pca", "tsne")
# Beyond so many points only the last layer gets the slow maps by itself.
EVERY_LAYER_LIMIT = 5000
# Raised when what a space holds changes for the same inputs, so that old ones are made anew.
RECIPE = 1


def _silent(stage: str, unit: str, done: int, total: int) -> None:
    del stage, unit, done, total


@dataclass(frozen=True)
class Context:
    """How words in context are built.

    Attributes
    ----------
    name : str
        Name of the space.
    match : {"word", "prefix", "all"}
        Which words of a text count as its target.
    encode : EncodeOptions or None
        Layers, pooling, device; None for the defaults.
    replace : bool
        Whether a space of the same name made from other inputs is given up.
    """

    name: str = "context"
    match: Match = "word"
    encode: EncodeOptions | None = None
    replace: bool = False


def build(
    model: str | os.PathLike[str],
    texts: Any = None,
    output: str | os.PathLike[str] | None = None,
    *,
    context: Context | None = None,
    maps: Sequence[str] = MAPS,
    trust_remote_code: bool = False,
    progress: Progress = _silent,
    **columns: str | None,
) -> Atlas:
    """Build the atlas of a checkpoint, or add to it what is missing.

    What is there from an earlier run with the same inputs is kept, and an interrupted run is
    gone on with.

    Parameters
    ----------
    model : str or path
        A Hub name (``"bert-base-uncased"``, ``"org/name@revision"``), a local folder, or
        ``"embedded"``.
    texts : path, frame, Arrow table or Dataset, optional
        Texts with marked words; see `lexiscope.Corpus.read`.
    output : path, optional
        The atlas' folder; by default the model's name with ``.atlas`` in the current folder.
    context : Context, optional
        How words in context are built.
    maps : sequence of str
        Projections to compute for every space.
    trust_remote_code : bool
        Whether code that comes with a checkpoint may run.
    progress : callable, optional
        ``progress(stage, unit, done, total)``.
    **columns
        ``text``, ``target``, ``start``, ``end``, ``sense``, ``id``: names of the columns of
        `texts`, where they are not usual ones.

    Returns
    -------
    Atlas

    Raises
    ------
    LexiscopeError
        For input that is refused; nothing half-made is left in the atlas.

    Examples
    --------
    >>> import lexiscope as lx
    >>> atlas = lx.build("embedded", "examples/word-senses.csv")  # doctest: +SKIP
    """
    strange = set(columns) - set(Columns.__dataclass_fields__)
    if strange:
        raise TypeError(
            f"build() has no argument {sorted(strange)[0]!r}; columns are named with "
            f"{', '.join(Columns.__dataclass_fields__)}, how words are read with "
            "context=Context(match=..., encode=EncodeOptions(layers=..., pooling=...))"
        )
    context = context or Context()
    checkpoint = Checkpoint.open(os.fspath(model), trust_remote_code=trust_remote_code)
    corpus = None
    if texts is not None:
        corpus = Corpus.read(texts, columns=Columns(**columns), match=context.match)
    if corpus is not None:
        _check(checkpoint, context)
    path = Path(output) if output is not None else default_path(model)
    is_new = not (path / MANIFEST).exists()
    atlas = Atlas.create(path)
    try:
        with atlas.lock():
            build_tables(atlas, checkpoint, progress)
            if corpus is not None:
                build_context(atlas, checkpoint, corpus, context, progress)
            for name in atlas.spaces:
                build_maps(atlas, name, maps, progress)
    except StorageError:
        raise
    except LexiscopeError:
        if is_new:  # refused input leaves nothing behind
            atlas.discard()
        raise
    return atlas


def default_path(model: str | os.PathLike[str]) -> Path:
    """Return the folder an atlas goes to when none is named, e.g. ``bert-base-uncased.atlas``."""
    name = Path(str(model).partition("@")[0]).name or "model"
    return Path(f"{name}.atlas")


def build_tables(atlas: Atlas, checkpoint: Checkpoint, progress: Progress = _silent) -> None:
    """Put the checkpoint's own tables into the atlas.

    Raises
    ------
    LexiscopeError
        When the atlas is another checkpoint's.
    """
    progress("checking the files", "model", 0, 1)
    checkpoint.fingerprint  # noqa: B018 - hashes a folder's weights: seconds for a large model
    progress("checking the files", "model", 1, 1)
    for name in atlas.spaces:
        other = atlas.recipe(name)["checkpoint"]
        if other["fingerprint"] != checkpoint.fingerprint:
            raise LexiscopeError(
                f"{atlas.path} is the atlas of {other['name']}, not of {checkpoint.name} as it is "
                "now; name another folder with -o"
            )
    held = [kind for kind in TABLES if checkpoint.tables[kind].tensor]
    for done, kind in enumerate(held):
        key = _hash({"recipe": RECIPE, "kind": kind, "checkpoint": checkpoint.fingerprint})
        if atlas.key(kind) != key:
            progress("reading tables", "table", done, len(held))
            table = checkpoint.table(kind)
            writer = atlas.writer(kind, key)
            if not writer.rows:
                writer.append(checkpoint.points(kind), {None: table})
            writer.finish({"kind": kind, "checkpoint": _described(checkpoint, kind)})
    progress("reading tables", "table", len(held), len(held))


def build_context(
    atlas: Atlas,
    checkpoint: Checkpoint,
    corpus: Corpus,
    context: Context | None = None,
    progress: Progress = _silent,
) -> None:
    """Put the words of a corpus, read in context, into the atlas.

    Every chunk of texts is committed when it is done, so a run that was killed goes on from
    there.

    Raises
    ------
    LexiscopeError
        When the atlas has a space of that name made from other inputs, unless it is to be
        replaced.
    """
    from lexiscope.encoder import EncodeOptions, Encoder
    from lexiscope.models import resolve_device, resolve_dtype

    context = context or Context()
    options = context.encode or EncodeOptions()
    layers = _check(checkpoint, context)
    asked = {
        "recipe": RECIPE,
        "checkpoint": checkpoint.fingerprint,
        "weights": checkpoint.weights_hash(),
        "corpus": corpus.hash,
        "layers": layers,
        "pooling": options.pooling,
        "dtype": resolve_dtype(options.dtype, resolve_device(options.device)),
    }
    key = _hash(asked)
    if atlas.key(context.name) == key:
        return
    if context.name in atlas and not context.replace:
        held = atlas.recipe(context.name)["corpus"]["name"]
        raise LexiscopeError(
            f"{atlas.path} already has a space {context.name!r}, made from {held} or with other "
            "options; keep both with --name NAME, or give it up with --replace"
        )
    progress("loading the model", "model", 0, 1)
    encoder = Encoder(checkpoint, options)
    progress("loading the model", "model", 1, 1)
    plan = encoder.plan(corpus, lambda done, total: progress("finding words", "text", done, total))
    if not len(plan):
        raise LexiscopeError(f"{corpus.name}: the tokenizer has no token for any of its words")
    writer = atlas.writer(context.name, key)
    texts = corpus.occurrences["text"].to_numpy()[plan.occurrences]
    total = len(set(texts.tolist()))
    read = len(set(texts[: writer.rows].tolist()))
    if read:
        log.info("going on from %d of %d texts", read, total)
    progress("reading words in context", "text", read, total)

    def advance(fresh: int) -> None:
        nonlocal read
        read += fresh
        progress("reading words in context", "text", read, total)

    for chunk in encoder.encode(plan, writer.rows, advance):
        writer.append(plan.points(chunk.start, chunk.stop), chunk.vectors)
    skipped = pa.concat_tables([corpus.skipped, plan.skipped])
    recipe = {
        "kind": "context",
        "checkpoint": _described(checkpoint, None),
        "corpus": {
            "name": corpus.name,
            "hash": corpus.hash,
            "match": context.match,
            "texts": total,
            "occurrences": len(plan),
            "skipped": skipped.num_rows,
            "cut": int(plan.cut.sum()),
            "notes": list(corpus.notes),
        },
        "layers": list(encoder.layers),
        "pooling": options.pooling,
        "device": encoder.device,
        "dtype": encoder.dtype,
        "window": encoder.width,
    }
    writer.finish(recipe, skipped)


def _check(checkpoint: Checkpoint, context: Context) -> tuple[int, ...] | None:
    """Refuse, before anything is computed, what can be seen to be wrong; return the layers."""
    from lexiscope.models import chosen_layers, resolve_device

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", context.name) or context.name in TABLES:
        raise LexiscopeError(
            f"space name {context.name!r}: use letters, digits, - and _, and none of "
            f"{', '.join(TABLES)}"
        )
    if context.encode is None:
        return None
    resolve_device(context.encode.device)
    layers, depth = context.encode.layers, _depth(checkpoint)
    if layers is None or depth is None:
        return layers
    chosen = chosen_layers(layers, depth)
    return None if len(chosen) == depth + 1 else chosen


def _depth(checkpoint: Checkpoint) -> int | None:
    """Return the number of layers that the configuration tells, by any of its usual names."""
    settings = text_config(checkpoint.config)
    names = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    return next((settings[name] for name in names if isinstance(settings.get(name), int)), None)


def build_maps(
    atlas: Atlas, name: str, methods: Sequence[str] = MAPS, progress: Progress = _silent
) -> None:
    """Compute the projections that a space has not yet, each with its quality.

    Every layer gets the first method; the others come for every layer of up to 5,000 points,
    and for the last layer of more.
    """
    space = atlas[name]
    layers: Sequence[Layer] = space.layers or (None,)
    for done, layer in enumerate(layers):
        at = space if layer is None else space.layer(layer)
        wanted = methods
        if len(space) > EVERY_LAYER_LIMIT and layer != layers[-1]:
            wanted = methods[:1]
        stage = f"mapping {name}"
        if len(layers) > 1:
            stage += f" (layer {layer}, {done + 1} of {len(layers)})"
        _add_maps(atlas, at, layer, wanted, _stage(progress, stage))
    if len(space) > EVERY_LAYER_LIMIT and len(layers) > 1 and len(methods) > 1:
        log.info(
            "%s has %d points: %s of its layers below the last come on demand, with "
            "lexiscope project --layer",
            name,
            len(space),
            " and ".join(methods[1:]),
        )


def project(
    atlas: Atlas,
    name: str,
    method: str,
    *,
    layer: int | None = None,
    dims: int = 2,
    seed: int = 0,
    progress: Progress = _silent,
    **parameters: Any,
) -> Projection:
    """Return a projection of a space from the atlas, computing and keeping it when it is new.

    Parameters
    ----------
    atlas : Atlas
    name : str
        Name of a space.
    method : str
        A key of `lexiscope.projection.METHODS`.
    layer : int, optional
        By default the last.
    dims : {2, 3}
    seed : int
    progress : callable, optional
    **parameters
        The method's own, see `Space.project`.

    Returns
    -------
    Projection
    """
    space = atlas[name]
    chosen = space.resolve_layer(layer)
    at = space if chosen is None else space.layer(chosen)
    id = projection_name(method, dims, seed, parameters)
    if id not in atlas.projections(name, chosen):
        stage = f"mapping {name}" + ("" if chosen is None else f" (layer {chosen})")
        with atlas.lock():
            if id in atlas.projections(name, chosen):  # another process was quicker
                return atlas.projection(name, id, chosen)
            graph = _graph(
                atlas, at, chosen, at.neighbors_needed(method, parameters), _stage(progress, stage)
            )
            made = at.lay_out(
                method,
                dims=dims,
                seed=seed,
                graph=graph,
                progress=_stage(progress, stage)(method),
                **parameters,
            )
            _keep(atlas, at, chosen, [made], graph, _stage(progress, stage))
    return atlas.projection(name, id, chosen)


Share = Callable[[float], None]


def _stage(progress: Progress, stage: str) -> Callable[[str], Share]:
    """Return a function that names a step of a stage and gives its progress callback."""

    def step(name: str) -> Share:
        return lambda share: progress(f"{stage}: {name}", "%", round(100 * share), 100)

    return step


def _add_maps(
    atlas: Atlas, at: Space, layer: Layer, methods: Sequence[str], step: Callable[[str], Share]
) -> None:
    there = atlas.projections(at.name, layer)
    missing = [
        method
        for method in methods
        if projection_name(method, 2, 0, {}) not in there and (method == "pca" or len(at) >= 4)
    ]
    if not missing:
        return
    graph = _graph(atlas, at, layer, max(at.neighbors_needed(m, {}) for m in missing), step)
    made = [at.lay_out(m, graph=graph, progress=step(m)) for m in missing]
    _keep(atlas, at, layer, made, graph, step)


def _graph(atlas: Atlas, at: Space, layer: Layer, k: int, step: Callable[[str], Share]) -> Any:
    """Return the layer's neighbour graph, computed and kept when the atlas has none with k."""
    if len(at) < 2:
        return None
    kept = at.graphs.get(layer)
    graph = at.graph(k, progress=step("neighbours"))
    if graph is not kept:
        atlas.add_graph(at.name, layer, graph)
    return graph


def _keep(
    atlas: Atlas,
    at: Space,
    layer: Layer,
    made: Sequence[Projection],
    graph: Any,
    step: Callable[[str], Share],
) -> None:
    """Measure projections together, in one pass over all pairs, and keep them."""
    if graph is not None:
        layouts = [each.coordinates for each in made]
        figures = quality(at.vectors, graph, layouts, progress=step("quality"))
        made = [replace(p, quality=q) for p, q in zip(made, figures, strict=True)]
    atlas.add_projections(at.name, layer, made)


def _described(checkpoint: Checkpoint, kind: str | None) -> dict[str, Any]:
    """Say in JSON which checkpoint it was, and what of it."""
    described: dict[str, Any] = {
        "name": checkpoint.name,
        "fingerprint": checkpoint.fingerprint,
        "family": checkpoint.family.name,
        "tables": {
            name: {"tensor": info.tensor, "shape": info.shape, "reason": info.reason}
            for name, info in checkpoint.tables.items()
        },
        "notes": list(checkpoint.notes),
    }
    if kind is not None:
        described["tensor"] = checkpoint.tables[kind].tensor
        described["dtype"] = checkpoint.tables[kind].dtype
    return described


def _hash(inputs: Mapping[str, Any]) -> str:
    text = json.dumps(inputs, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
