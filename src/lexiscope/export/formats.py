"""Formats: what an atlas can be exported as. Each is loaded when it is asked for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import Choice


@dataclass(frozen=True)
class Format:
    """One format, written by one function.

    Attributes
    ----------
    where : str
        The function, as ``module:name`` below `lexiscope.export`. It is called as
        ``function(atlas, destination, choice, **options)`` and returns the files it wrote.
    look : str
        What to do with what was written, where ``{}`` is the first file as a shell takes it and
        ``{python}`` as Python does; ``{binary}`` is True for a ``.bin``.
    options : tuple of str
        What else the function takes.
    """

    where: str
    look: str
    options: tuple[str, ...] = ()

    def write(
        self, atlas: Atlas, destination: str | os.PathLike[str], choice: Choice, **options: Any
    ) -> list[Path]:
        """Write an atlas, or what is chosen of it; see the function of the format."""
        module, _, name = self.where.partition(":")
        function = getattr(importlib.import_module(f"lexiscope.export.{module}"), name)
        written: list[Path] = function(atlas, Path(destination), choice, **options)
        return written


FORMATS: Mapping[str, Format] = {
    "html": Format(
        "page:export_html", "open {} in a browser (a folder: over python -m http.server)", ("k",)
    ),
    "png": Format("figure:export_png", "", ("color", "finding")),
    "svg": Format("figure:export_svg", "", ("color", "finding")),
    "pdf": Format("figure:export_pdf", "", ("color", "finding")),
    "parquet": Format("parquet:export_parquet", "read with: pandas.read_parquet({python})"),
    "npy": Format(
        "npy:export_npy", "read with: numpy.load({python}); row for row its points are in the .csv"
    ),
    "csv": Format(
        "csv:export_csv",
        "read with: pandas.read_csv({python}, keep_default_na=False); vectors are not in it, an "
        "export as parquet or npy has them",
    ),
    "word2vec": Format(
        "word2vec:export_word2vec",
        "read with gensim: KeyedVectors.load_word2vec_format({python}, binary={binary}); labels "
        "with white space and labels that repeat are rewritten, the .json tells the originals",
    ),
    "tensorboard": Format("tensorboard:export_tensorboard", "look with: tensorboard --logdir {}"),
    "embedding-atlas": Format(
        "embedding_atlas:export_embedding_atlas",
        "look with: embedding-atlas {} --x projection_x --y projection_y --neighbors neighbors "
        "--text text",
    ),
}


def export(
    atlas: Atlas,
    format: str,
    destination: str | os.PathLike[str],
    choice: Choice | None = None,
    **options: Any,
) -> list[Path]:
    """Write an atlas as files that other programs read.

    Parameters
    ----------
    atlas : Atlas
    format : str
        A key of `FORMATS`.
    destination : path
        A file with the format's ending, or a folder.
    choice : Choice, optional
        By default all there is.
    **options
        What else the format takes, such as `color` of a figure.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    LexiscopeError
        For a format there is not, an option it does not take, and what it refuses.
    """
    if format not in FORMATS:
        raise LexiscopeError(f"format {format!r}: it has to be one of {', '.join(FORMATS)}")
    chosen = FORMATS[format]
    for name in options:
        if name not in chosen.options:
            takes = ", ".join(chosen.options) or "nothing but what is chosen of the atlas"
            raise LexiscopeError(f"{name}: an export as {format} takes {takes}")
    return chosen.write(atlas, destination, choice or Choice(), **options)
