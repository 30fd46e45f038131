"""Findings and comparisons as one HTML file that opens from disk, without a network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lexiscope
from lexiscope.atlas import MANIFEST, Atlas, storing
from lexiscope.errors import LexiscopeError
from lexiscope.export.choice import check_file
from lexiscope.export.template import filled, read_template
from lexiscope.findings import Finding
from lexiscope.workflow import Difference

TEMPLATE = "report.html"
Json = dict[str, Any]


def check_destination(path: Path) -> None:
    """Refuse a place where no page can be written, before anything is measured.

    Raises
    ------
    LexiscopeError
        For a folder, a file in a folder that is not there, and when the page is not built.
    """
    if path.is_dir():
        what = "an atlas" if (path / MANIFEST).exists() else "a folder"
        raise LexiscopeError(f"{path} is {what}: name a file for the page, such as report.html")
    check_file(path)
    read_template(TEMPLATE)


def write_findings(
    destination: str | os.PathLike[str], atlas: Atlas, findings: Sequence[Finding]
) -> None:
    """Write the findings of an atlas as one HTML file.

    Parameters
    ----------
    destination : path
        The file; replaced when it is there.
    atlas : Atlas
        What they were measured of.
    findings : sequence of Finding

    Raises
    ------
    LexiscopeError
        When the file cannot be written, or the page is not built.
    """
    about: Json = {
        "name": atlas.path.name,
        "model": atlas.origin.name if atlas.origin else None,
        "spaces": [
            {
                "name": name,
                "points": len(atlas[name]),
                "dimensions": atlas.dimensions(name),
                "layers": list(atlas[name].layers),
            }
            for name in atlas.spaces
        ],
    }
    data: Json = {"kind": "findings", "atlas": about, "comparisons": [], "left_out": {}}
    data["findings"] = [each.as_json() for each in findings]
    _write(Path(destination), f"Findings of {atlas.path.name}", data)


def write_comparisons(destination: str | os.PathLike[str], difference: Difference) -> None:
    """Write what differs between two models as one HTML file.

    Parameters
    ----------
    destination : path
        The file; replaced when it is there.
    difference : Difference

    Raises
    ------
    LexiscopeError
        When the file cannot be written, or the page is not built.
    """
    found = difference.as_json()
    data: Json = {"kind": "comparison", "atlas": None, "findings": []}
    data |= {"comparisons": found["comparisons"], "left_out": found["left_out"]}
    _write(Path(destination), difference.title, data)


def _write(path: Path, title: str, data: Json) -> None:
    check_destination(path)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    data = {**data, "title": title, "made": made, "lexiscope": lexiscope.__version__}
    page = filled(read_template(TEMPLATE), title, data)
    fresh = path.with_name(path.name + ".new")
    with storing(path.parent):
        try:
            # Half a surrogate pair, which a label may hold, is no text.
            fresh.write_text(page, encoding="utf-8", errors="replace")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
