"""Formats: what an atlas can be exported as. Each is loaded when it is asked for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lexiscope.atlas import Atlas, Progress
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import Choice
from lexiscope.export.written import Written
from lexiscope.workflow.spaces import silent


@dataclass(frozen=True)
class Format:
    """One format, written by one function.

    Attributes
    ----------
    where : str
        The function, as ``module:name`` below `lexiscope.export`. It is called as
        ``function(atlas, destination, choice, **options)`` and returns the files it wrote.
    options : tuple of str
        What else the function takes.
    slow : bool
        Whether it may compute for minutes, and takes `progress`.
    """

    where: str
    options: tuple[str, ...] = ()
    slow: bool = False

    def write(
        self,
        atlas: Atlas,
        destination: str | os.PathLike[str],
        choice: Choice,
        progress: Progress = silent,
        **options: Any,
    ) -> Written:
        """Write an atlas, or what is chosen of it; see the function of the format."""
        module, _, name = self.where.partition(":")
        function = getattr(importlib.import_module(f"lexiscope.export.{module}"), name)
        if self.slow:
            options["progress"] = progress
        written: Written = function(atlas, Path(destination), choice, **options)
        return written


FORMATS: Mapping[str, Format] = {
    "html": Format("page:export_html", ("k",), slow=True),
    "png": Format("figure:export_png", ("color", "finding")),
    "svg": Format("figure:export_svg", ("color", "finding")),
    "pdf": Format("figure:export_pdf", ("color", "finding")),
    "parquet": Format("parquet:export_parquet"),
    "npy": Format("npy:export_npy"),
    "csv": Format("csv:export_csv"),
    "word2vec": Format("word2vec:export_word2vec"),
    "tensorboard": Format("tensorboard:export_tensorboard"),
    "embedding-atlas": Format("embedding_atlas:export_embedding_atlas"),
}
# What a format may take beside what is chosen of an atlas.
OPTIONS = {
    "k": "-k (how many neighbours are kept of each point, such as -k 15)",
    "color": "--color (the column that colours a map's points, such as --color kind)",
    "finding": "--finding (what is drawn instead of a map, such as --finding hubness)",
}


def export(
    atlas: Atlas,
    format: str,
    destination: str | os.PathLike[str],
    choice: Choice | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Written:
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
    progress : callable, optional
        ``progress(stage, unit, done, total)``, where neighbours are to be computed.
    **options
        What else the format takes, such as `color` of a figure.

    Returns
    -------
    Written
        The files, a list of paths; its ``notes`` say what is in them and how they are read.

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
            raise LexiscopeError(_not_taken(name, format))
    return chosen.write(atlas, destination, choice or Choice(), progress, **options)


def _not_taken(name: str, format: str) -> str:
    takers = [each for each, known in FORMATS.items() if name in known.options]
    if not takers:
        return f"{name}: no format takes this; there are {', '.join(OPTIONS)}"
    takes = ", ".join(OPTIONS[each] for each in FORMATS[format].options)
    instead = f"that takes {takes}" if takes else "leave it out"
    return f"{OPTIONS[name]} is for {', '.join(takers)}, not for {format}; {instead}"
