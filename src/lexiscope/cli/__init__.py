"""The command line: thin over the workflow; every command has ``--json``."""

from __future__ import annotations

from lexiscope.cli.main import cli, main
from lexiscope.cli.options import METHODS

__all__ = ["METHODS", "cli", "main"]
