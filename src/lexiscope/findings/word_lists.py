"""Lists of words: those that come with the package, and a person's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from lexiscope.errors import LexiscopeError

# In the order in which they are told of; the file of "first names" is first-names.txt.
SHIPPED = (
    "countries",
    "web companies",
    "months",
    "weekdays",
    "colours",
    "animals",
    "first names",
    "professions",
)
# "##ing" is no comment but the piece of a word.
COMMENT = re.compile(r"#(?!#\S)")


def shipped_lists() -> dict[str, list[str]]:
    """Return the words of every list that comes with the package, by its name."""
    folder = files("lexiscope.measure") / "lists"
    return {
        name: list(_words((folder / f"{name.replace(' ', '-')}.txt").read_text("utf-8")))
        for name in SHIPPED
    }


def read_list(path: str | Path) -> tuple[str, list[str]]:
    """Read a list of words: UTF-8 text, one word a line, lines with ``#`` in front left out.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    name : str
        The file's, without its suffix.
    words : list of str
        In their order, each once, whether in capitals or not.

    Raises
    ------
    LexiscopeError
        For a file that is not there, is no text, or holds no word.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LexiscopeError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LexiscopeError(f"{path} is not UTF-8 text: give one word a line.") from error
    if "\0" in text:
        raise LexiscopeError(f"{path} is not text: give one word a line.")
    words = list(_words(text))
    if not words:
        raise LexiscopeError(f"{path} holds no words: give one word a line.")
    return path.stem, words


def _words(text: str) -> Iterator[str]:
    seen = set()
    for line in text.splitlines():
        word = line.strip()
        if word and not COMMENT.match(word) and word.casefold() not in seen:
            seen.add(word.casefold())
            yield word
