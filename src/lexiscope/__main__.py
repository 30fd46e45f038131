"""``python -m lexiscope``: the command line."""

from __future__ import annotations

from lexiscope.cli import main

main()
