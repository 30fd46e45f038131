"""The benchmarks' command line: ``python -m benchmarks [name ...]``."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys
import time
from pathlib import Path

from benchmarks.report import Options, Table, conditions

NAMES = (
    "tables",
    "query",
    "encoding",
    "neighbors",
    "projections",
    "findings",
    "tensorboard",
    "page",
    "html",
    "demo",
    "kernels",
)


def main() -> None:
    """Run the benchmarks asked for and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--list", action="store_true", help="say what each one measures")
    parser.add_argument("--repeats", type=int, help="rounds, instead of each one's own number")
    parser.add_argument("--texts", metavar="FILE", help="sentences of your own for encoding")
    parser.add_argument(
        "--match", choices=("word", "prefix", "all"), default="prefix", help="which of their words"
    )
    parser.add_argument("--markdown", action="store_true", help="print a section for the docs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    given = parser.parse_args()
    strange = set(given.names) - set(NAMES)
    if strange:
        parser.error(f"{sorted(strange)[0]!r} is no benchmark; there are {', '.join(NAMES)}")
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in NAMES}
    if given.list:
        for name, module in modules.items():
            print(f"{name:<13}{module.__doc__}")
        return
    about = conditions()
    print(f"## Measured\n\n{about}" if given.markdown else about)
    options = Options(given.repeats, given.texts, given.match)
    figures: dict[str, list[Table]] = {}
    for name in given.names or NAMES:
        begin = time.perf_counter()
        print(f"{name} ...", file=sys.stderr)
        figures[name] = modules[name].run(options)
        print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
        for table in figures[name]:
            heading = "### " if given.markdown else ""
            print(f"\n{heading}{table.title}\n\n{table.note}\n\n{table.markdown()}", flush=True)
        if given.json:
            held = {key: [dataclasses.asdict(t) for t in each] for key, each in figures.items()}
            given.json.write_text(json.dumps({"conditions": about, "benchmarks": held}, indent=2))


if __name__ == "__main__":
    main()
