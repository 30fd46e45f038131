"""Notebook: an atlas in a notebook's cell.

The page lies in a frame of the cell (``web/src/notebook/``); what it asks is answered by the
application that `lexiscope view` serves, in this process. No port is opened.
"""

from __future__ import annotations

from lexiscope.notebook.widget import View, view

__all__ = ["View", "view"]
