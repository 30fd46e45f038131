"""Where each architecture keeps its tables: word, position and token type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("word", "position", "token_type")

ROTARY = "rotary position embedding: queries and keys are turned inside attention, so no table"
RELATIVE = "relative position bias: one number a distance inside attention, so no table"
ONE_STREAM = "this architecture reads one stream of text and has no token types"


@dataclass(frozen=True)
class Family:
    """One architecture, as data.

    Attributes
    ----------
    name
        What to show a person.
    model_types
        The values of ``model_type`` in ``config.json`` that belong to it.
    word, position, token_type
        Tensor names, most telling first. A checkpoint's tensor matches when it has this very
        name or ends in ``"." + name``, for checkpoints put prefixes such as ``bert.`` before it.
        Empty where the architecture has no such table.
    no_position, no_token_type
        Why there is no such table, in words.
    position_offset
        Rows of the position table before position 0.
    padding_offset
        The offset is ``pad_token_id + 1`` instead, with ``position_offset`` as its default.
    layers
        Dotted path, within the base transformers model (within ``stack`` when given), to the
        list of modules that are called once a layer.
    stack
        Dotted path to the part of the base model that text goes through, where that is not
        the whole: ``encoder`` of T5.
    note
        What a reader of the word table should know besides.
    """

    name: str
    model_types: tuple[str, ...]
    word: tuple[str, ...]
    position: tuple[str, ...] = ()
    token_type: tuple[str, ...] = ()
    no_position: str = "no tensor of the checkpoint is a position table"
    no_token_type: str = ONE_STREAM
    position_offset: int = 0
    padding_offset: bool = False
    layers: str = ""
    stack: str = ""
    note: str = ""

    def names(self, kind: str) -> tuple[str, ...]:
        """Tensor names of one kind of table, most telling first."""
        return {"word": self.word, "position": self.position, "token_type": self.token_type}[kind]

    def rows_before_first_position(self, config: Mapping[str, Any]) -> int:
        """How many rows of the position table lie before position 0."""
        padding = config.get("pad_token_id")
        if self.padding_offset and isinstance(padding, int):
            return padding + 1
        return self.position_offset


_WORD = ("embeddings.word_embeddings.weight",)
_POSITION = ("embeddings.position_embeddings.weight",)
_TOKEN_TYPE = ("embeddings.token_type_embeddings.weight",)


def _bert_like(name: str, *model_types: str, layers: str = "encoder.layer", **more: Any) -> Family:
    return Family(name, model_types, _WORD, _POSITION, _TOKEN_TYPE, layers=layers, **more)


def _rotary(name: str, *model_types: str, note: str = "") -> Family:
    return Family(
        name,
        model_types,
        ("embed_tokens.weight",),
        no_position=ROTARY,
        layers="layers",
        note=note,
    )


FAMILIES: tuple[Family, ...] = (
    _bert_like("BERT", "bert"),
    _bert_like("RoBERTa", "roberta", position_offset=2, padding_offset=True),
    _bert_like("XLM-RoBERTa", "xlm-roberta", position_offset=2, padding_offset=True),
    _bert_like("CamemBERT", "camembert", position_offset=2, padding_offset=True),
    Family(
        "DistilBERT",
        ("distilbert",),
        _WORD,
        _POSITION,
        no_token_type="dropped: DistilBERT was distilled without token types",
        layers="transformer.layer",
    ),
    _bert_like(
        "ALBERT",
        "albert",
        layers="encoder.albert_layer_groups",
        note="the word table is the factorised one, before its projection to the hidden size",
    ),
    _bert_like("ELECTRA", "electra"),
    Family(
        "MPNet",
        ("mpnet",),
        _WORD,
        _POSITION,
        no_token_type="dropped: MPNet has no token types",
        position_offset=2,
        layers="encoder.layer",
    ),
    _bert_like(
        "DeBERTa-v2/v3",
        "deberta-v2",
        no_position="disentangled relative attention: distances are embedded inside attention, "
        "and no position is added to the words (position_biased_input is false)",
        no_token_type="none: type_vocab_size is 0",
    ),
    Family(
        "ModernBERT",
        ("modernbert",),
        ("embeddings.tok_embeddings.weight",),
        no_position=ROTARY,
        no_token_type="dropped: ModernBERT has no token types",
        layers="layers",
    ),
    Family("GPT-2", ("gpt2",), ("wte.weight",), ("wpe.weight",), layers="h"),
    Family(
        "OPT",
        ("opt",),
        ("decoder.embed_tokens.weight",),
        ("decoder.embed_positions.weight",),
        position_offset=2,
        layers="decoder.layers",
    ),
    Family(
        "T5",
        ("t5", "mt5", "umt5"),
        ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"),
        no_position=RELATIVE,
        layers="block",
        stack="encoder",
        note="text goes through the encoder only",
    ),
    _rotary("LLaMA", "llama", "smollm3", "olmo2", "granite"),
    _rotary("Mistral", "mistral", "mixtral", "ministral"),
    _rotary("Qwen", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe"),
    _rotary("Phi-3", "phi3"),
    _rotary(
        "Gemma",
        "gemma",
        "gemma2",
        "gemma3_text",
        "gemma3",
        note="the model multiplies a word's row by the root of the hidden size on the way in",
    ),
)


def text_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the text part: those of ``text_config`` over the others."""
    inner = config.get("text_config")
    if not isinstance(inner, Mapping):
        return dict(config)
    return {**config, **inner, "model_type": config.get("model_type")}


def find(model_type: str) -> Family | None:
    """The family of a ``model_type``, or None when no entry names it."""
    return next((family for family in FAMILIES if model_type in family.model_types), None)


def match(names: Sequence[str], suffixes: Sequence[str]) -> str | None:
    """The tensor that is meant by the first of ``suffixes`` that any tensor matches.

    Of several tensors that match one suffix the shortest name wins, then the alphabet.
    """
    for suffix in suffixes:
        found = [name for name in names if name == suffix or name.endswith("." + suffix)]
        if found:
            return min(found, key=lambda name: (len(name), name))
    return None


# A generic table is told by words in its tensor's name. An output projection has the word
# table's shape, so names of heads are left out.
_HINTS = {
    "word": ("embed", "wte", "word", "tok", "shared", "lookup"),
    "position": ("pos", "wpe"),
    "token_type": ("type", "segment"),
}
_NOT = {
    "word": ("head", "pos", "type", "segment", "cls.", "predictions", "rel_", "norm"),
    "position": ("rel", "bias", "norm", "head"),
    "token_type": ("head", "norm"),
}
_SIZES = {
    "word": ("vocab_size", "n_vocab", "vocabulary_size"),
    "position": ("max_position_embeddings", "n_positions", "max_seq_len", "max_length"),
    "token_type": ("type_vocab_size", "num_segments"),
}
# Rows a table may have beyond the configured number: a vocabulary padded to a round number
# for the hardware, or the rows before the first position.
_SLACK = {"word": 1024, "position": 4, "token_type": 0}


def is_candidate(name: str, kind: str) -> bool:
    """Whether a tensor's name alone allows that it is a table of this kind."""
    low = name.lower()
    return any(hint in low for hint in _HINTS[kind]) and not any(no in low for no in _NOT[kind])


def guess(config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Family:
    """The generic fallback: a family made from the tensors that look like tables.

    Parameters
    ----------
    config
        ``config.json`` of the checkpoint.
    shapes
        Shape of each tensor whose name :func:`is_candidate` allows, by name.

    Returns
    -------
    Family
        Named ``generic (<model_type>)``; each kind of table holds at most one tensor name, and
        none where no tensor has the configured number of rows.
    """
    settings = text_config(config)
    chosen: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        sizes = [settings[key] for key in _SIZES[kind] if isinstance(settings.get(key), int)]
        fits: list[tuple[int, bool, int, str]] = []
        for name, shape in shapes.items():
            if not is_candidate(name, kind) or len(shape) != 2 or not sizes or sizes[0] < 1:
                continue
            beyond = shape[0] - sizes[0]
            if 0 <= beyond <= _SLACK[kind]:
                fits.append((beyond, "decoder" in name, len(name), name))
        chosen[kind] = (min(fits)[3],) if fits else ()
    rotary = any(key.startswith(("rope_", "rotary")) for key in settings)
    return Family(
        f"generic ({config.get('model_type')})",
        (str(config.get("model_type")),),
        chosen["word"],
        chosen["position"],
        chosen["token_type"],
        no_position=ROTARY
        if rotary
        else "no tensor looks like a position table (a matrix with one row a position)",
        no_token_type="no tensor looks like a token-type table (a matrix with one row a type)",
    )
