"""The same work under other kernels of the same libraries: what is equal, and what is not."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import measure
from benchmarks.measure import fresh
from benchmarks.report import Options, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = list[tuple[NDArray[Any], NDArray[Any]]]

AS_IT_IS = "this machine's own, all threads"
# What each library reads when it is loaded. Only kernels whose instructions any processor has that
# is younger than ten years: others would end the process.
THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
BLAS = {"OPENBLAS_CORETYPE": "Sandybridge"}
TORCH = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"}
FAISS = {"FAISS_SIMD_LEVEL": "NONE"}
NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"}
NUMBA = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
LIBC = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"}
SETTINGS: dict[str, dict[str, str]] = {
    AS_IT_IS: {},
    "again": {},
    "one thread": THREAD,
    "OpenBLAS (NumPy, SciPy, faiss) for Sandy Bridge": BLAS,
    "torch, oneDNN and MKL without AVX": TORCH,
    "faiss without AVX": FAISS,
    "NumPy without AVX2": NUMPY,
    "Numba for any x86-64": NUMBA,
    "the C library's functions without AVX2 and FMA": LIBC,
    "all of these, one thread": {**THREAD, **BLAS, **TORCH, **FAISS, **NUMPY, **NUMBA, **LIBC},
}
# As many of the word table, so that all settings take minutes.
WORDS = 2000
MAPS = ("pca", "tsne")


def run(options: Options) -> list[Table]:
    """Read, map and measure the same under every setting, and compare."""
    del options  # once each: what is asked is whether a second time is the same
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}" for number in range(len(SETTINGS))]
        for (name, setting), path in zip(SETTINGS.items(), paths, strict=True):
            print(f"kernels: {name}", file=sys.stderr)
            given = [f"{key}={value}" for key, value in setting.items()]
            function = [sys.executable, "-m", "benchmarks.measure", "benchmarks.kernels:make"]
            measure.run(["env", *given, *function, json.dumps([path])])
        rows = [
            {"kernels": name, **fresh(compare, paths[0], path).value}
            for name, path in list(zip(SETTINGS, paths, strict=True))[1:]
        ]
    note = (
        f"The embedded model's {WORDS:,} most frequent words, its positions, and the example "
        f"sentences at every layer, in a process each, beside {AS_IT_IS}. =: equal to the last "
        "bit. Else of vectors and PCA the largest difference beside the largest value, of "
        "neighbours the share that are not the same, of t-SNE (all spaces) and UMAP (words) the "
        "largest difference in the share of neighbours that a map keeps, of statements how many "
        "differ, and how many of these in more than numbers."
    )
    return [Table("The same work under other kernels", note, rows)]


def make(path: str) -> None:
    """Read, map and measure, and keep all of it in a folder."""
    import numpy as np

    import lexiscope as lx
    from lexiscope.findings.kinds import KINDS
    from lexiscope.findings.kinds import measure as find
    from lexiscope.space import Space

    texts = Path(__file__).parents[1] / "examples" / "word-senses.csv"
    context = lx.Context(match="prefix")
    atlas = lx.build("embedded", texts, path, context=context, maps=())
    made: dict[str, Any] = {}
    statements = []
    for name in ("word", "position", "context"):
        whole = atlas[name]
        for layer in whole.layers or (None,):
            vectors = whole.matrices[layer][:WORDS]
            at = Space(name, whole.points.slice(0, WORDS), {layer: vectors})
            made[f"vectors {name} {layer}"] = vectors
            made[f"neighbours {name} {layer}"] = at.graph(15).indices
            for method in (*MAPS, "umap") if name == "word" else MAPS:
                picture = at.project(method)
                assert picture.quality is not None
                made[f"{method} {name} {layer}"] = picture.coordinates
                made[f"{method} kept {name} {layer}"] = picture.quality.kept
        some = {layer: whole.matrices[layer][:WORDS] for layer in whole.layers or (None,)}
        space = Space(name, whole.points.slice(0, WORDS), some)
        for kind in KINDS[name]:
            statements += [each.statement for each in find(kind, space, k=10, seed=0)]
    np.savez(f"{path}/made.npz", **made)
    Path(path, "statements.json").write_text(json.dumps(statements))


def compare(reference: str, other: str) -> dict[str, str]:
    """Say in what two folders differ."""
    import numpy as np

    a, b = (dict(np.load(f"{path}/made.npz")) for path in (reference, other))
    told = [json.loads(Path(path, "statements.json").read_text()) for path in (reference, other)]

    def pairs(begin: str) -> Pairs:
        return [(a[name], b[name]) for name in a if name.startswith(begin)]

    return {
        "tables": _apart(pairs("vectors word") + pairs("vectors position")),
        "vectors in context": _apart(pairs("vectors context")),
        "neighbours of tables": _others(pairs("neighbours word") + pairs("neighbours position")),
        "neighbours in context": _others(pairs("neighbours context")),
        "PCA": _apart(pairs("pca word") + pairs("pca position") + pairs("pca context")),
        "t-SNE of tables": _maps(
            pairs("tsne word") + pairs("tsne position"),
            pairs("tsne kept word") + pairs("tsne kept position"),
        ),
        "t-SNE in context": _maps(pairs("tsne context"), pairs("tsne kept context")),
        "UMAP": _maps(pairs("umap word"), pairs("umap kept")),
        "statements": _statements(*told),
    }


def _equal(pairs: Pairs) -> bool:
    return all(x.tobytes() == y.tobytes() for x, y in pairs)


def _apart(pairs: Pairs) -> str:
    if _equal(pairs):
        return "="
    return f"{max(float(abs(x - y).max() / abs(x).max()) for x, y in pairs):.0e}"


def _others(pairs: Pairs) -> str:
    if _equal(pairs):
        return "="
    rows = [(set(x), set(y)) for a, b in pairs for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    return f"{100 * sum(len(x - y) for x, y in rows) / sum(len(x) for x, _ in rows):.2g} %"


def _maps(layouts: Pairs, kept: Pairs) -> str:
    if _equal(layouts):
        return "="
    return f"{max(abs(float(x - y)) for x, y in kept):.2g}"


def _statements(a: list[str], b: list[str]) -> str:
    if a == b:
        return "="
    if len(a) != len(b):
        return f"{len(a)} and {len(b)}"
    differ = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    for each in differ:
        print(*each, sep="\n", file=sys.stderr)
    words = sum(_without_numbers(x) != _without_numbers(y) for x, y in differ)
    return f"{len(differ)} of {len(a)}, {words}"


def _without_numbers(statement: str) -> str:
    return "".join(each for each in statement if not each.isdigit())
