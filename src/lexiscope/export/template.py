"""Template: the built pages that are one file each, with a place for their data."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import lexiscope
from lexiscope.errors import LexiscopeError

FOLDER = Path(lexiscope.__file__).parent / "server" / "page"
PLACE = '<script type="application/json" id="data">null</script>'
TITLE = "<title>Lexiscope</title>"


def read_template(name: str) -> str:
    """Return a built page.

    Parameters
    ----------
    name : {"report.html", "alone.html"}

    Raises
    ------
    LexiscopeError
        When the page is not built.
    """
    try:
        return (FOLDER / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LexiscopeError(
            "the page is not built: in a checkout of the source run make page, then this again"
        ) from None


def filled(template: str, title: str, data: Any, bodies: str = "") -> str:
    """Put a title and data into a page.

    Parameters
    ----------
    template : str
        From `read_template`.
    title : str
    data : JSON value
    bodies : str
        Markup that stands after the data.
    """
    # Within a script only "<" could end it.
    content = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    page = template.replace(PLACE, PLACE.replace("null", content) + bodies, 1)
    return page.replace(TITLE, f"<title>{html.escape(title)} – Lexiscope</title>", 1)
