"""Report: the findings that an atlas keeps, and what they were measured of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lexiscope.atlas.storage import write_json
from lexiscope.errors import LexiscopeError
from lexiscope.findings import Finding

FILE = "findings.json"
PARTS = {"made", "lexiscope", "asked", "spaces", "findings"}


@dataclass(frozen=True)
class Report:
    """Findings, and what they were measured of.

    Attributes
    ----------
    made : str
        When, as ISO 8601 with the offset from UTC.
    lexiscope : str
        The version that measured.
    asked : mapping
        What was chosen, as JSON values: ``k``, ``seed``, ``lists``.
    spaces : mapping of str to str
        The keys of the spaces that were measured.
    findings : tuple of Finding
    """

    made: str
    lexiscope: str
    asked: Mapping[str, Any]
    spaces: Mapping[str, str]
    findings: tuple[Finding, ...]


def read_report(folder: Path) -> Report | None:
    """Return the report kept in a folder; None where there is none.

    Raises
    ------
    LexiscopeError
        When the file is damaged.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LexiscopeError(f"{path} cannot be read; remove it and measure again") from error
    damaged = LexiscopeError(f"{path} is damaged; remove it and measure again")
    if not isinstance(found, dict) or found.keys() != PARTS:
        raise damaged
    kinds = {"findings": list, "spaces": dict, "asked": dict, "made": str, "lexiscope": str}
    if not all(isinstance(found[name], kind) for name, kind in kinds.items()):
        raise damaged
    try:
        findings = tuple(Finding.from_json(each) for each in found["findings"])
    except LexiscopeError as error:
        raise damaged from error
    return Report(**{**found, "findings": findings})


def write_report(folder: Path, report: Report) -> None:
    """Keep a report in place of the one there was."""
    findings: Sequence[Finding] = report.findings
    write_json(
        folder / FILE,
        {
            "made": report.made,
            "lexiscope": report.lexiscope,
            "asked": dict(report.asked),
            "spaces": dict(report.spaces),
            "findings": [each.as_json() for each in findings],
        },
    )
