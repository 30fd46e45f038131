"""An atlas whose names are as bad as names can be, and what an exported page holds."""

from __future__ import annotations

import base64
import gzip
import re
from html import unescape
from pathlib import Path

import numpy as np
import pyarrow as pa

import lexiscope as lx
from lexiscope.projection.pca import pca

LABELS = (
    "</script><script>window.broken = 1</script>",
    "<!-- <script>",
    '<img src=x onerror="window.broken = 1">',
    "&lt;b&gt; & \"quoted\", 'too'",
    "ΟΔΥΣΣΕΥΣ",
    "οδυσσεύς",
    "İstanbul",
    "Straße",
    "नमस्ते",
    "日本語",
    "שלום",
    "👩‍🚀 \U00010400",
    "two\nlines",
    "",
)
OWN = 'size "in" <b>'
MARKED = r'<script type="application/octet-stream" data-path="([^"]*)">([^<]*)</script>'


def build_odd(path: Path) -> Path:
    """Build it, with numbers, truth values and gaps beside the labels."""
    n = 4 * len(LABELS)
    vectors = np.random.default_rng(1).standard_normal((n, 8)).astype(np.float32)
    points = pa.table({"label": LABELS * 4, "group": ["a", "b", "c", None] * len(LABELS)})
    atlas = lx.Atlas.create(path)
    writer = atlas.writer("odd", "odd")
    writer.append(points, {None: vectors})
    about = {"name": "</title>&", "fingerprint": "odd", "family": "odd", "tables": {}, "notes": []}
    writer.finish({"kind": "word", "checkpoint": about})
    atlas.add_projections("odd", None, [pca(vectors), pca(vectors, dims=3)])
    values = [1.0, 0.1, 1e-7, 123456789.25, None, -0.0, 2.5e20] * (n // 7)
    own = {OWN: values, "seen": [True, False] * (n // 2), "point": list(range(n))}
    atlas.add_columns("odd", pa.table(own))
    kept = '[{"name": "half \\ud83d </script>", "view": "#s=odd", "made": "2026-01-01"}]'
    (path / "bookmarks.json").write_text(kept, encoding="utf-8")
    return path


def held(page: Path) -> dict[str, bytes]:
    """Return what a file holds, by path."""
    text = page.read_text(encoding="utf-8")
    return {
        unescape(path): gzip.decompress(base64.b64decode(content))
        for path, content in re.findall(MARKED, text)
    }
