"""Tiny randomly initialised models of every family, with small real tokenizers, in folders."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

CORPUS = (
    "The bank of the river was steep, and the children walked along its banks until dark.",
    "She keeps 1984 coins in a bank on the high street; the banker counts them every 7 days.",
    "A seal swam past the pier while a crane lifted crates of light bulbs from the barge.",
    "He broke the seal of the letter, read it twice, and hid it under the bat in the hall.",
    "In spring the water of the spring is cold; a bat flies at night and sleeps by day.",
    "India, Pakistan and Chile play cricket: the bat, the ball, the light and the crowd!",
    "Der Fluß ist schön; le garçon a mangé où? España, mañana. Привет, мир: река и банк.",
    "नदी का किनारा बहुत सुंदर है। 河の岸に銀行がある。 بنك النهر 😀 naïve café",
)

WORDPIECE = ("bert", "distilbert", "electra", "mpnet")
BYTE_LEVEL = ("roberta", "modernbert", "gpt2", "opt", "qwen2", "qwen3")
UNIGRAM = ("xlm-roberta", "camembert", "albert", "deberta-v2", "t5")
SENTENCEPIECE_BPE = ("llama", "mistral", "mixtral", "phi3", "gemma", "gemma2", "gemma3_text")
FAMILIES = [*WORDPIECE, *BYTE_LEVEL, *UNIGRAM, *SENTENCEPIECE_BPE]

# What transformers' own Qwen tokenizer splits texts by; it takes no other.
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DECODERS = ("gpt2", "opt", "qwen2", "qwen3", *SENTENCEPIECE_BPE)
BRACKETS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# The order fixes the ids: the padding token of RoBERTa and its kin has id 1.
ANGLES = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
SPECIAL = {
    **dict.fromkeys(FAMILIES, ANGLES),
    **dict.fromkeys(("bert", "distilbert", "electra", "modernbert"), BRACKETS),
    "albert": ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
    "deberta-v2": ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"),
    "t5": ("<pad>", "</s>", "<unk>"),
    "gpt2": ("<|endoftext|>",),
    "qwen2": ("<|endoftext|>",),
    "qwen3": ("<|endoftext|>",),
    **dict.fromkeys(("llama", "mistral", "mixtral", "phi3"), ("<unk>", "<s>", "</s>")),
    **dict.fromkeys(("gemma", "gemma2", "gemma3_text"), ("<pad>", "</s>", "<s>", "<unk>")),
}

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
GROUPED = {**SMALL, "num_key_value_heads": 2, "head_dim": 8}
SIZES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(FAMILIES, SMALL),
    "distilbert": {
        "dim": 32,
        "n_layers": 3,
        "n_heads": 4,
        "hidden_dim": 48,
        "max_position_embeddings": 64,
    },
    "electra": {**SMALL, "embedding_size": 16},
    "albert": {**SMALL, "embedding_size": 16},
    "deberta-v2": {
        **SMALL,
        "relative_attention": True,
        "position_biased_input": False,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 16,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "type_vocab_size": 0,
    },
    "modernbert": {**SMALL, "local_attention": 16, "global_attn_every_n_layers": 2},
    "gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64},
    "opt": {
        "hidden_size": 32,
        "word_embed_proj_dim": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "ffn_dim": 48,
        "max_position_embeddings": 64,
    },
    "t5": {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 3, "num_heads": 4},
    **dict.fromkeys(
        ("llama", "mistral", "qwen2", "qwen3", "phi3", "gemma", "gemma2", "gemma3_text"), GROUPED
    ),
    "mixtral": {**GROUPED, "num_local_experts": 2},
}


def build(family: str, folder: Path, **config_overrides: Any) -> Path:
    """Write a tiny model of a family, always the same one, and return its folder.

    ``family`` is one of :data:`FAMILIES`, which are values of ``model_type``. The folder gets
    ``config.json``, ``model.safetensors``, ``tokenizer.json`` and ``tokenizer_config.json``;
    ``config_overrides`` are settings of the model's configuration, such as ``vocab_size`` for a
    word table with more rows than the tokenizer has tokens.
    """
    import torch
    import transformers
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    raw = tokenizer(family)
    named = special_names(family)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=raw, model_max_length=62, clean_up_tokenization_spaces=False, **named
    )
    wrapped.save_pretrained(folder)
    ids = {f"{role[:-6]}_token_id": raw.token_to_id(token) for role, token in named.items()}
    ids |= {"bos_token_id": ids.get("bos_token_id", ids.get("cls_token_id"))}
    ids |= {"eos_token_id": ids.get("eos_token_id", ids.get("sep_token_id"))}
    settings = {"vocab_size": raw.get_vocab_size(), **ids, **SIZES[family], **config_overrides}
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(7)
    model = AutoModel.from_config(AutoConfig.for_model(family, **settings)).eval()
    # Initial weights are so alike that a mistake of a layer would hide below a tolerance.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(folder)
    return folder


def special_names(family: str) -> dict[str, str]:
    """The family's special tokens by role, as transformers names them."""
    tokens = SPECIAL[family]
    roles = {
        "pad_token": ("[PAD]", "<pad>"),
        "unk_token": ("[UNK]", "<unk>"),
        "cls_token": ("[CLS]",),
        "sep_token": ("[SEP]",),
        "mask_token": ("[MASK]", "<mask>"),
        "bos_token": ("<s>",),
        "eos_token": ("</s>",),
    }
    named = {role: name for role, names in roles.items() for name in names if name in tokens}
    if tokens == ("<|endoftext|>",):
        named = dict.fromkeys(("bos_token", "eos_token", "pad_token"), "<|endoftext|>")
    elif "pad_token" not in named:
        named["pad_token"] = named["eos_token"]
    return named


@cache
def tokenizer(family: str) -> Tokenizer:
    """A small tokenizer of the family's kind, made from :data:`CORPUS`; always the same one."""
    special = list(SPECIAL[family])
    words = [word for text in CORPUS for word in re.findall(r"\w+|[^\w\s]", text)]
    unknown = "[UNK]" if "[UNK]" in special else "<unk>"
    if family in WORDPIECE:
        made = Tokenizer(models.WordPiece(_wordpiece(special, words), unk_token=unknown))
        made.normalizer = normalizers.BertNormalizer(lowercase=True)
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        made.decoder = decoders.WordPiece()
    elif family in BYTE_LEVEL:
        letters = pre_tokenizers.ByteLevel(add_prefix_space=False)
        split = [piece for text in CORPUS for piece, _ in letters.pre_tokenize_str(text)]
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        vocabulary, merges = _merged([*special, *alphabet], split)
        made = Tokenizer(models.BPE(vocabulary, merges))
        made.pre_tokenizer = letters
        if family.startswith("qwen"):
            made.normalizer = normalizers.NFC()
            made.pre_tokenizer = pre_tokenizers.Sequence(
                [
                    pre_tokenizers.Split(Regex(QWEN), "isolated"),
                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
                ]
            )
        made.decoder = decoders.ByteLevel()
    elif family in UNIGRAM:
        scores = dict.fromkeys(special, 0.0) | dict.fromkeys(("▁", *sorted("".join(words))), -9.0)
        scores |= {piece: -7.0 for word in words for piece in (word[:3], word[3:]) if piece[1:]}
        scores |= {f"▁{word}": -6.0 for word in words[::2] if word.isalpha()}
        made = Tokenizer(models.Unigram(list(scores.items()), unk_id=special.index(unknown)))
        made.normalizer = normalizers.NFKC()
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        made.decoder = decoders.Metaspace()
    else:
        codes = [f"<0x{code:02X}>" for code in range(256)]
        latin = sorted({letter for word in words for letter in word if letter < "\u0500"})
        vocabulary, merges = _merged([*special, *codes, "▁", *latin], [f"▁{w}" for w in words])
        made = Tokenizer(
            models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
        )
        made.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
        made.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        )
    made.add_special_tokens(special)
    _surround(made, special, ends=family not in DECODERS)
    return made


def _surround(made: Tokenizer, special: list[str], *, ends: bool) -> None:
    """Put the family's special tokens around a text."""
    begin = [name for name in ("[CLS]", "<s>") if name in special][:1]
    end = [name for name in ("[SEP]", "</s>") if name in special and ends][:1]
    if begin or end:
        made.post_processor = processors.TemplateProcessing(
            single=[*begin, "$A", *end],
            pair=[*begin, "$A", *end, "$B", *end],
            special_tokens=[(name, made.token_to_id(name)) for name in (*begin, *end)],
        )


def _wordpiece(special: list[str], words: list[str]) -> dict[str, int]:
    lower = [word.lower() for word in words]
    letters = sorted(set("".join(lower)))
    tokens = [*special, "[unused0]", "[unused1]", *letters, *(f"##{letter}" for letter in letters)]
    tokens += [word for word in lower[::2] if word.isalpha()]
    tokens += [f"##{word[3:]}" for word in lower if len(word) > 5]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}


def _merged(
    tokens: list[str], words: list[str], merges: int = 150
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Byte-pair encoding in its plain form: merge the commonest pair, of a tie the first in order.

    The trainers of ``tokenizers`` break ties differently from one process to the next.
    """
    known = set(tokens)
    split = [list(word) for word in words if set(word) <= known]
    tokens, done = list(tokens), []
    for _ in range(merges):
        pairs = Counter(pair for word in split for pair in pairwise(word))
        pair = min(pairs, key=lambda pair: (-pairs[pair], pair))
        done.append(pair)
        if "".join(pair) not in known:
            tokens.append("".join(pair))
            known.add("".join(pair))
        for word in split:
            at = 0
            while at < len(word) - 1:
                if (word[at], word[at + 1]) == pair:
                    word[at : at + 2] = ["".join(pair)]
                at += 1
    return {token: number for number, token in enumerate(tokens)}, done
