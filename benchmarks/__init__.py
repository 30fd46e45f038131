"""Benchmarks: Lexiscope beside what people use today, measured in one run.

Run them with ``make bench`` or ``python -m benchmarks [name ...]``; `docs/benchmarks.md` says
what each one measures. They report and never judge: nothing here fails for being slow.
"""

from __future__ import annotations
