"""Spaces: a checkpoint's tables and the words of a corpus, put into an atlas."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lexiscope.atlas import Atlas, Progress
from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Corpus
from lexiscope.errors import LexiscopeError
from lexiscope.families import text_config
from lexiscope.spans import Match

if TYPE_CHECKING:
    from lexiscope.encoder import EncodeOptions

log = logging.getLogger(__name__)

TABLES = ("word", "position", "token_type")
# Raised when what a space holds changes for the same inputs, so that old ones are made anew.
RECIPE = 1


def silent(stage: str, unit: str, done: int, total: int) -> None:
    """Report no progress."""
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


def build_tables(atlas: Atlas, checkpoint: Checkpoint, progress: Progress = silent) -> None:
    """Put the checkpoint's own tables into the atlas.

    Raises
    ------
    LexiscopeError
        When the atlas is another checkpoint's.
    """
    progress("checking the files", "model", 0, 1)
    checkpoint.fingerprint  # noqa: B018 - hashes a folder's weights: seconds for a large model
    progress("checking the files", "model", 1, 1)
    if atlas.origin is not None and atlas.origin.imported:
        raise LexiscopeError(
            f"{atlas.path} is an atlas of vectors imported from {atlas.origin.name}; name another "
            "folder with -o"
        )
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
    progress: Progress = silent,
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
    layers = check(checkpoint, context)
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


def check(checkpoint: Checkpoint, context: Context) -> tuple[int, ...] | None:
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
