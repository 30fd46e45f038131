"""A tokenizer's vocabulary as points: readable text, kind and script of every row of a table."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from fontTools import unicodedata as scripts

from lexiscope.errors import LexiscopeError

KINDS = (
    "special",
    "unused",
    "byte",
    "number",
    "punctuation",
    "single character",
    "piece",
    "word",
)

SCHEMA = pa.schema(
    [
        ("label", pa.string()),
        ("token", pa.string()),
        ("text", pa.string()),
        ("id", pa.int32()),
        ("kind", pa.string()),
        ("script", pa.string()),
        ("length", pa.int32()),
    ]
)

# How a vocabulary writes where words begin: `##` before pieces, GPT-2's letters for bytes with
# `Ġ` for a space, `▁` for a space, or not at all.
Scheme = Literal["wordpiece", "bytes", "sentencepiece", "plain"]

# Files a tokenizer may consist of, as far as transformers reads them.
FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)

# Names that are special whether a file says so or not.
CONVENTIONAL = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("<pad>", "<unk>", "<mask>", "<s>", "</s>", "<bos>", "<eos>", "<|endoftext|>"),
)
NAMED = (
    "bos_token",
    "eos_token",
    "cls_token",
    "sep_token",
    "pad_token",
    "mask_token",
    "unk_token",
)
UNUSED = re.compile(
    r"[\[<]\|?(unused|reserved|placeholder|dummy)[\w ]*\d\|?[\]>]|madeupword\d+", re.I
)
BYTE = re.compile(r"<0x([0-9A-F]{2})>", re.I)


@dataclass(frozen=True)
class Vocabulary:
    """Tokens with their ids, and what is known of them.

    Attributes
    ----------
    tokens
        Pairs of token and id, as the files have them; ids may have gaps or repeat.
    special
        Tokens that stand for no text: padding, sentence ends, masks.
    literal
        Tokens added on top of the model's own; they are written as the text they stand for.
    scheme
        How the tokens write where words begin.
    """

    tokens: tuple[tuple[str, int], ...]
    special: frozenset[str]
    literal: frozenset[str]
    scheme: Scheme


def read(file: Callable[[str], Path | None], *, trust_remote_code: bool = False) -> Vocabulary:
    """Read a checkpoint's vocabulary.

    Parameters
    ----------
    file
        Gives the path of one of :data:`FILES`, or None when the checkpoint has no such file.
    trust_remote_code
        Whether a tokenizer that only its own code can read may run that code.

    Returns
    -------
    Vocabulary
        From ``tokenizer.json``, else ``vocab.txt`` (WordPiece), else ``vocab.json``, else from
        what transformers makes of the other files.

    Raises
    ------
    LexiscopeError
        When there is no tokenizer, or its files cannot be read.
    """
    paths = {name: path for name in FILES if (path := file(name)) is not None}
    if not paths:
        raise LexiscopeError(
            f"the checkpoint has no tokenizer, so its words have no names: none of "
            f"{', '.join(FILES)} is there."
        )
    added = _Added()
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if name in paths:
            added.declare(_object(paths[name]))
    if "added_tokens.json" in paths:
        added.tokens.update(dict(_pairs(_object(paths["added_tokens.json"]))))
    if "tokenizer.json" in paths:
        return _from_json(_object(paths["tokenizer.json"]), added)
    if "vocab.txt" in paths:
        # Split at "\n" alone: some tokens are themselves what Unicode calls a line's end.
        lines = _text(paths["vocab.txt"]).removesuffix("\n").split("\n")
        pairs = [(line.removesuffix("\r"), number) for number, line in enumerate(lines)]
        return added.over(pairs, "wordpiece")
    if "vocab.json" in paths:
        pairs = _pairs(_object(paths["vocab.json"]))
        return added.over(pairs, _spelling(token for token, _ in pairs))
    folder = next(iter(paths.values())).parent
    return _from_transformers(folder, added, trust_remote_code)


class _Added:
    """What lies on top of a tokenizer's own vocabulary: added tokens, and which are special."""

    def __init__(self) -> None:
        self.tokens: dict[str, int] = {}
        self.special: set[str] = set(CONVENTIONAL)

    def add(self, number: object, entry: object) -> None:
        """One entry of ``added_tokens``: its id, its content, whether it is special."""
        content = entry.get("content") if isinstance(entry, dict) else None
        if not isinstance(content, str):
            return
        with contextlib.suppress(TypeError, ValueError):
            self.tokens[content] = int(str(number))
        if isinstance(entry, dict) and entry.get("special"):
            self.special.add(content)

    def declare(self, settings: Mapping[str, Any]) -> None:
        """The named tokens (``cls_token`` and its like) of a tokenizer's settings."""
        decoder = settings.get("added_tokens_decoder")
        for number, entry in decoder.items() if isinstance(decoder, dict) else ():
            self.add(number, entry)
        named: list[object] = [settings[key] for key in NAMED if key in settings]
        for key in ("additional_special_tokens", "extra_special_tokens"):
            more = settings.get(key)
            named += more.values() if isinstance(more, dict) else more or ()
        for entry in named:
            content = entry.get("content") if isinstance(entry, dict) else entry
            if isinstance(content, str):
                self.special.add(content)

    def over(self, pairs: Iterable[tuple[str, int]], scheme: Scheme) -> Vocabulary:
        """The vocabulary of the model's own ``pairs`` and what was added."""
        # The added ones come first: where both claim an id, text is encoded with the added one.
        tokens = dict.fromkeys([*self.tokens.items(), *pairs])
        return Vocabulary(tuple(tokens), frozenset(self.special), frozenset(self.tokens), scheme)


def _from_json(data: Mapping[str, Any], added: _Added) -> Vocabulary:
    """The vocabulary in a ``tokenizer.json``."""
    try:
        model = data["model"]
        entries = model["vocab"]
        if isinstance(entries, dict):
            pairs = _pairs(entries)
        else:
            pairs = [(str(entry[0]), number) for number, entry in enumerate(entries)]
        for entry in data.get("added_tokens") or ():
            added.add(entry["id"], entry)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise LexiscopeError("tokenizer.json holds no vocabulary that can be read.") from error
    steps = set(_types([data.get("pre_tokenizer"), data.get("decoder")]))
    scheme: Scheme
    if model.get("type") == "WordPiece" or model.get("continuing_subword_prefix") == "##":
        scheme = "wordpiece"
    elif "ByteLevel" in steps:
        scheme = "bytes"
    elif model.get("type") == "Unigram" or model.get("byte_fallback") or "Metaspace" in steps:
        scheme = "sentencepiece"
    else:
        scheme = _spelling(token for token, _ in pairs)
    return added.over(pairs, scheme)


def _types(step: object) -> Iterator[str]:
    """The types of a tokenizer's steps, those inside sequences too."""
    if isinstance(step, dict):
        yield str(step.get("type"))
        yield from _types(list(step.values()))
    elif isinstance(step, list):
        for inner in step:
            yield from _types(inner)


def _from_transformers(folder: Path, added: _Added, trust_remote_code: bool) -> Vocabulary:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust_remote_code)
    # Each kind of tokenizer refuses its files with exceptions of its own.
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise LexiscopeError(f"the tokenizer in {folder} cannot be read: {reason}") from error
    added.special.update(tokenizer.all_special_tokens)
    if tokenizer.is_fast:
        return _from_json(json.loads(tokenizer.backend_tokenizer.to_str()), added)
    added.tokens.update(tokenizer.get_added_vocab())
    pairs = sorted(tokenizer.get_vocab().items(), key=lambda pair: int(pair[1]))
    return added.over(pairs, _spelling(token for token, _ in pairs))


def _spelling(tokens: Iterable[str]) -> Scheme:
    """How tokens write where words begin, by their look: nothing else tells."""
    firsts = Counter(token[:2] if token.startswith("##") else token[:1] for token in tokens)
    marks: dict[str, Scheme] = {"##": "wordpiece", "Ġ": "bytes", "▁": "sentencepiece"}
    mark = max(marks, key=lambda mark: firsts[mark])
    return marks[mark] if firsts[mark] > 0 else "plain"


def _text(path: Path) -> str:
    try:
        # Not in text mode, which would turn a token "\r" into a line's end.
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise LexiscopeError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LexiscopeError(f"{path} is not UTF-8 text.") from error


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise LexiscopeError(f"{path} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise LexiscopeError(f"{path} holds no JSON object.")
    return value


def _pairs(entries: Mapping[str, object]) -> list[tuple[str, int]]:
    if not all(type(number) is int for number in entries.values()):
        raise LexiscopeError("the tokenizer's vocabulary gives a token no whole number as its id.")
    return [(token, number) for token, number in entries.items() if isinstance(number, int)]


def points(vocabulary: Vocabulary, rows: int) -> tuple[pa.Table, tuple[str, ...]]:
    """One point for each row of a word table.

    Parameters
    ----------
    vocabulary
        The tokenizer's.
    rows
        Rows of the word table.

    Returns
    -------
    table : pa.Table
        ``rows`` rows in row order, columns as in :data:`SCHEMA`.
    notes : tuple of str
        A sentence for each way in which the vocabulary and the table differ.
    """
    by_id: dict[int, str] = {}
    beyond: list[tuple[int, str]] = []
    doubled: list[str] = []
    for token, number in vocabulary.tokens:
        if not 0 <= number < rows:
            beyond.append((number, token))
        elif number in by_id:
            doubled.append(token)
        else:
            by_id[number] = token
    describe = _describer(vocabulary)
    tokens = [_sound(by_id[row]) if row in by_id else None for row in range(rows)]
    labels, texts, kinds, names = [], [], [], []
    for row, known in enumerate(tokens):
        text, label, kind, script = "", f"[row {row}]", "unused", "Common"
        if known is not None:
            text, label, kind, script = describe(known)
        labels.append(label)
        texts.append(text)
        kinds.append(kind)
        names.append(script)
    table = pa.table(
        [labels, tokens, texts, range(rows), kinds, names, list(map(len, texts))], schema=SCHEMA
    )
    return table, tuple(_notes(rows, len(by_id), beyond, doubled))


def _notes(
    rows: int, named: int, beyond: list[tuple[int, str]], doubled: list[str]
) -> Iterator[str]:
    if named < rows:
        yield (
            f"{rows - named:,} of the word table's {rows:,} rows have no token in the tokenizer: "
            "they are padding, labelled [row N] and of the kind unused"
        )
    if beyond:
        number, token = min(beyond)
        yield (
            f"{len(beyond):,} tokens of the tokenizer have no row in the word table "
            f"(the first: {visible(token)!r}, id {number:,}) and are left out"
        )
    if doubled:
        yield (
            f"{len(doubled):,} tokens share their id with an earlier one "
            f"(the first: {visible(doubled[0])!r}) and are left out"
        )


def _describer(vocabulary: Vocabulary) -> Callable[[str], tuple[str, str, str, str]]:
    """A function from a token to its text, label, kind and script."""
    scheme = vocabulary.scheme

    def describe(token: str) -> tuple[str, str, str, str]:
        """Of a token without lone surrogates."""
        if token[:1] in ("[", "<", "m") and UNUSED.fullmatch(token):
            return token, visible(token), "unused", "Common"
        if token in vocabulary.special:
            return token, visible(token), "special", "Common"
        if scheme != "wordpiece" and (code := BYTE.fullmatch(token)):
            text = bytes([int(code[1], 16)]).decode("utf-8", "backslashreplace")
            return text, token, "byte", "Common"
        if token in vocabulary.literal:
            # Gemma adds runs of spaces in this spelling.
            text = token.replace("▁", " ") if scheme == "sentencepiece" else token
            begins = True
        elif scheme == "bytes":
            text, whole = _decoded(token)
            if not whole:
                return text, visible(text), "byte", "Common"
            text, begins = _unspaced(text)
        elif scheme == "sentencepiece":
            text, begins = _unspaced(token.replace("▁", " "))
        elif scheme == "wordpiece" and token.startswith("##") and len(token) > 2:
            text, begins = token[2:], False
        else:
            text, begins = token, True
        kind, script = _kind(text)
        letters = ("word", "single character") if scheme == "wordpiece" else ("word",)
        if not begins and kind in letters:
            kind = "piece"
        return text, visible(text) if begins else f"##{visible(text)}", kind, script

    return describe


def _unspaced(text: str) -> tuple[str, bool]:
    """The text without the space that marks a word's beginning, and whether it begins one."""
    # A token of nothing but space is text itself, and continues no word.
    if not text.strip():
        return text, True
    return (text[1:], True) if text.startswith(" ") else (text, False)


def _kind(text: str) -> tuple[str, str]:
    """Kind, as of a token that begins a word, and script."""
    if text.isascii() and text.isalpha():
        return ("word" if len(text) > 1 else "single character"), "Latin"
    found = list(map(_character, text))
    sorts = dict(found)
    if "letter" not in sorts:
        return ("number" if "number" in sorts else "punctuation"), "Common"
    script = sorts["letter"]
    if len(set(found)) > 1:
        # Of several scripts the one with most letters; of a tie, the one the text begins with.
        counts = Counter(script for sort, script in found if sort == "letter")
        script = max(counts, key=lambda name: (name != "Common", counts[name]))
    return ("word" if len(text) > 1 else "single character"), script


@cache
def _character(character: str) -> tuple[str, str]:
    """Letter, number or other; and the Unicode script's name."""
    category = unicodedata.category(character)
    script = str(scripts.script_name(scripts.script(character))).replace("_", " ")
    if script in ("Inherited", "Unknown"):
        script = "Common"
    if category[0] == "L" or (category[0] in "MS" and script != "Common"):
        # A vowel sign of an Indic script or a radical of Han is writing; a bare accent is not.
        return "letter", script
    return ("number" if category[0] == "N" else "other"), script


def visible(text: str) -> str:
    """A form of ``text`` that shows on one line and is not blank.

    Control characters and line ends become escapes (``\\n``); spaces at the ends become ``␣``;
    characters that do not show become escapes when nothing else is there.
    """
    if text.isprintable() and text[:1] not in ("", " ") and text[-1] != " " and _shows(text):
        return text
    text = _sound(text)
    if not text:
        return "[empty]"
    inner = text.strip(" ")
    before = len(text) - len(text.lstrip(" "))
    shows = _shows(inner)
    shown = "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Zl", "Zp") or not (shows or character == " ")
        else character
        for character in inner
    )
    return "␣" * before + shown + "␣" * (len(text) - before - len(inner) if inner else 0)


def _shows(text: str) -> bool:
    """Whether anything but spaces, controls and bare accents is there."""
    return any(
        _character(character)[0] != "other" or unicodedata.category(character)[0] not in "ZCM"
        for character in text
    )


def _sound(text: str) -> str:
    """The text with lone surrogates, which no file can hold, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _letters_of_bytes() -> dict[str, int]:
    # Byte-level BPE writes printable bytes as themselves, the others from U+0100 on in order.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [code for code in range(256) if code not in printable]
    letters = {chr(code): code for code in printable}
    return letters | {chr(256 + number): code for number, code in enumerate(others)}


_BYTES = _letters_of_bytes()


def _decoded(token: str) -> tuple[str, bool]:
    """The text of a byte-level token, and whether its bytes are whole characters.

    A token that is not written in the letters of bytes is text already.
    """
    try:
        raw = bytes([_BYTES[letter] for letter in token])
    except KeyError:
        return token, True
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace"), False
