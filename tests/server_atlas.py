"""A tiny real atlas, and a client of a server over it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import tiny_models
from starlette.testclient import TestClient

import lexiscope as lx
from lexiscope.server import create_app

ROWS = (
    ("The bank of the river was steep.", "bank", "shore", 3, "true"),
    ("She keeps coins in a bank on the high street.", "bank", "money", 5, "false"),
    ("The bank lends money to farmers.", "bank", "money", 8, "true"),
    ("He sat on the bank and fished.", "bank", "shore", 2, "false"),
    ("The bat flies at night.", "bat", "animal", 7, "true"),
    ("He swung the bat at the ball.", "bat", "club", 1, "false"),
    ("Bats sleep by day, and a bat hunts.", "bat", "animal", 4, "true"),
    ("The crane lifted crates, and the bank paid.", "crane", "machine", 6, "false"),
    ("A seal swam past the pier.", "seal", "animal", 9, "true"),
    ("He broke the seal of the letter.", "seal", "stamp", 2, "false"),
)
SPACES = "/api/atlases/small/spaces"
WORD, CONTEXT = f"{SPACES}/word", f"{SPACES}/context"


def build(folder: Path) -> Path:
    """Build the atlas of a tiny model with a few words in context; return its folder."""
    model = tiny_models.build("bert", folder / "tiny-bert")
    lines = ["text,target,sense,weight,seen"]
    lines += [
        f'"{text}",{word},{sense},{weight}.5,{seen}' for text, word, sense, weight, seen in ROWS
    ]
    (folder / "words.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lx.build(str(model), folder / "words.csv", folder / "small.atlas")
    return folder / "small.atlas"


def client(*atlases: Path, **options: Any) -> TestClient:
    """Return a client of a server in this process; use it in a ``with`` block."""
    base = options.pop("base_url", "http://localhost:8765")
    app = create_app(atlases, **options)
    return TestClient(app, base_url=base, raise_server_exceptions=False)


def arrow(content: bytes) -> pa.Table:
    """Read an Arrow stream, which has to be one batch."""
    with pa.ipc.open_stream(io.BytesIO(content)) as reader:
        table = reader.read_all()
    assert all(column.num_chunks <= 1 for column in table.columns)
    return table
