"""Choice: which spaces, layers and projections of an atlas are exported."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lexiscope.atlas import MANIFEST, Atlas, storing
from lexiscope.errors import LexiscopeError
from lexiscope.space import Layer

# A destination that ends so was meant to be a file, of this format or of another; as a folder's
# name it would surprise.
FILES = re.compile(
    r"\.(7z|arrow|atlas|avif|avro|bin|bmp|bz2|csv|db|docx?|duckdb|eps|feather|gif|gz|h5|hdf5|ico"
    r"|ipc|ipynb|jpe?g|jsonl?|kv|log|md|mhtml?|model|ndjson|np[yz]|od[st]|orc|parquet|pb|pbtxt|pdf"
    r"|pickle|pkl|png|pptx?|pq|ps|pt|pth|rar|rst|rtf|safetensors|sqlite3?|svgz?|tab|tar|tex|tgz"
    r"|tiff?|tsv|txt|vec|webp|x?html?|xlsx?|xml|xz|ya?ml|zip|zst)"
)
# How our files say what they are, in the first or the last bytes of them. A csv has no place for
# it: there the columns of a projection tell, which come last, in the quotes that are written here.
MARKED = 65_536
MARKS = {
    ".csv": re.compile(
        rb'\A"label",[^\n]*"([^"\n]+)_x","\1_y"(,"\1_z")?(,"\1_kept","\1_trust")?\r?\n'
    ),
    ".json": re.compile(rb'\A\{\s*"lexiscope": "'),
    ".pdf": re.compile(rb"/Creator \(lexiscope\)"),
    ".png": re.compile(rb"tEXtSoftware\0lexiscope"),
    ".svg": re.compile(rb"<dc:title>lexiscope</dc:title>"),
}
# What lies beside a file of ours and says it for it.
NOTES = {
    ".bin": ".json",
    ".csv": ".npy.json",
    ".npy": ".npy.json",
    ".txt": ".json",
    ".vec": ".json",
}


@dataclass(frozen=True)
class Part:
    """One layer of a space, or a table, with some of its projections.

    Attributes
    ----------
    space : str
    layer : int or None
        None for a table.
    projections : tuple of str
        Ids, the one that keeps most neighbours first.
    """

    space: str
    layer: Layer
    projections: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its file is called, without an ending."""
        return self.space if self.layer is None else f"{self.space}_layer_{self.layer:02d}"


@dataclass(frozen=True)
class Choice:
    """What is chosen; an empty tuple is all there is.

    Attributes
    ----------
    spaces : tuple of str
    layers : tuple of int
        Of spaces in context; tables, which have none, are not chosen away by it.
    projections : tuple of str
        Ids such as ``tsne-2d``.
    """

    spaces: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    projections: tuple[str, ...] = ()

    def parts(self, atlas: Atlas) -> list[Part]:
        """Return what is chosen of an atlas, in its order.

        Raises
        ------
        LexiscopeError
            For a space, a layer or a projection that the atlas has nowhere, and for an atlas
            that is empty.
        """
        if not len(atlas):
            raise LexiscopeError(f"{atlas.path} is empty; fill it with: lexiscope build")
        _refuse_unknown("space", self.spaces, atlas.spaces)
        spaces = [name for name in atlas.spaces if not self.spaces or name in self.spaces]
        layers = {name: atlas[name].layers for name in spaces}
        if self.layers and not any(layers.values()):
            tables = " and ".join(spaces)
            what = "is a table, it has" if len(spaces) == 1 else "are tables, they have"
            raise LexiscopeError(f"{tables} {what} no layers: leave --layers out")
        _refuse_unknown("layer", self.layers, sorted({n for each in layers.values() for n in each}))
        found = [
            (name, layer, list(atlas.projections(name, layer)))
            for name in spaces
            for layer in (layers[name] or (None,))
            if layer is None or not self.layers or layer in self.layers
        ]
        known = dict.fromkeys(id for _, _, ids in found for id in ids)
        _refuse_unknown("projection", self.projections, list(known))
        return [
            Part(
                name,
                layer,
                tuple(id for id in ids if not self.projections or id in self.projections),
            )
            for name, layer, ids in found
        ]


def is_file(destination: Path, endings: Sequence[str]) -> bool:
    """Tell whether a destination is one file or a folder, and refuse what can be neither.

    Parameters
    ----------
    destination : pathlib.Path
        A file when it has one of the format's endings, otherwise a folder.
    endings : sequence of str
        The format's, with their dots; none where it always is a folder.

    Raises
    ------
    LexiscopeError
        For an ending of another sort of file, and where nothing can be written.
    """
    ending = destination.suffix.lower()
    if ending in endings:
        check_file(destination)
        return True
    if FILES.fullmatch(ending) and not destination.is_dir():
        stem = destination.with_suffix("")
        if not endings:
            raise LexiscopeError(
                f"{destination}: this format is a folder of files, and no {ending}: give its name "
                f"no ending, such as {stem}"
            )
        wanted = " or ".join(filter(None, (", ".join(endings[:-1]), endings[-1])))
        raise LexiscopeError(
            f"{destination}: the ending must be {wanted}, not {ending}; name "
            f"{destination.with_suffix(endings[0])}, or a folder, without an ending, such as {stem}"
        )
    check_folder(destination)
    return False


def placed(
    parts: Iterable[Part], destination: Path, endings: Sequence[str]
) -> list[tuple[Part, Path]]:
    """Say which file each part goes to: the destination itself, or one each in a folder.

    Parameters
    ----------
    parts : iterable of Part
    destination : pathlib.Path
        With one of the format's endings a file, for one part; otherwise a folder, made when it
        is not there.
    endings : sequence of str
        With their dots; files in a folder have the first.

    Raises
    ------
    LexiscopeError
        For a file and several parts, for a file with another format's ending, for a
        destination that cannot be, and where a person's own file lies in the folder.
    """
    parts = list(parts)
    if not is_file(destination, endings):
        files = [(part, destination / f"{part.name}{endings[0]}") for part in parts]
        check_free(file for _, file in files)
        return files
    if len(parts) > 1:
        names = ", ".join(part.name for part in parts)
        raise LexiscopeError(
            f"{destination} is one file, and {len(parts)} are chosen ({names}): choose one with "
            f"--space and --layers, or name a folder, such as {destination.with_suffix('')}"
        )
    return [(parts[0], destination)]


def check_file(path: Path) -> None:
    """Refuse a place where no file can be written, before anything is computed."""
    if path.is_dir():
        what = "an atlas" if (path / MANIFEST).exists() else "a folder"
        raise LexiscopeError(f"{path} is {what}: name a file")
    if not path.parent.is_dir():
        raise LexiscopeError(f"{path}: there is no folder {path.parent}; make it first")
    _check_writable(path.parent)


def check_folder(path: Path) -> None:
    """Refuse a place where no folder of files can be."""
    if (path / MANIFEST).exists():
        raise LexiscopeError(f"{path} is an atlas; name another folder")
    if path.exists() and not path.is_dir():
        raise LexiscopeError(f"{path} is a file; name a folder")
    _check_writable(next(each for each in (path, *path.parents) if each.exists()))


def _check_writable(folder: Path) -> None:
    """Refuse a folder that takes no new file, whatever the reason."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise LexiscopeError(
            f"nothing can be written in {folder.resolve()}; name another place"
        ) from error


def check_free(paths: Iterable[Path]) -> None:
    """Refuse to replace files that nobody named, but for those of an earlier export.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files in a folder, or beside the file that was named.

    Raises
    ------
    LexiscopeError
        For a person's own file.
    """
    for path in paths:
        if path.is_file() and not _is_ours(path):
            raise LexiscopeError(
                f"{path} is there already, is no earlier export, and a file of that name is to "
                "be written: move it away, or choose another place"
            )


def _is_ours(path: Path) -> bool:
    """Tell whether an export wrote a file: it says so itself, or the notes beside it do."""
    ending = path.suffix.lower()
    notes = path.with_suffix(NOTES.get(ending, ending))
    with _told(path):
        if notes != path and notes.is_file() and _is_ours(notes):
            return True
        if ending == ".parquet":
            return _is_our_table(path)
        if ending not in MARKS:
            return False
        with path.open("rb") as file:
            begin = file.read(MARKED)
            file.seek(max(path.stat().st_size - MARKED, 0))
            return any(map(MARKS[ending].search, (begin, file.read())))


def _is_our_table(path: Path) -> bool:
    try:
        return b"lexiscope" in (pq.read_schema(path).metadata or {})
    except pa.ArrowException:
        return False


@contextlib.contextmanager
def fresh(path: Path) -> Iterator[Path]:
    """Give a place beside a file to write to; what was written whole takes the file's place."""
    if path.is_dir():
        raise LexiscopeError(f"{path} is a folder, and a file is to be written there; move it")
    aside = path.with_name(f".{path.name}.new")
    with _told(path), storing(path.parent):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            aside.replace(path)
        finally:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Name the file that a person knows, for whatever reason it cannot be written."""
    try:
        yield
    except OSError as error:
        raise LexiscopeError(
            f"{path} cannot be written ({error.strerror or error}); name another place"
        ) from error


def _refuse_unknown(what: str, asked: Iterable[object], there: Iterable[object]) -> None:
    there = list(there)
    for each in asked:
        if each not in there:
            has = ", ".join(map(str, there)) or "none"
            raise LexiscopeError(f"{what} {each}: there is {has}")
