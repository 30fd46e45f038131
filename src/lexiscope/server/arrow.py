"""Columns as answers: an Arrow stream."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from starlette.responses import Response

from lexiscope.contract import stream

MEDIA_TYPE = "application/vnd.apache.arrow.stream"


def answer(columns: Mapping[str, pa.Array], headers: Mapping[str, str] | None = None) -> Response:
    """Answer with columns."""
    return Response(stream(columns), media_type=MEDIA_TYPE, headers=headers)
