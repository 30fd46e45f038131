"""t-SNE of many points in the plane: repulsion by FFT, compiled loops, every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil, floor, log2
from typing import Any, Self

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

Doubles = NDArray[np.float64]

# The kernel falls to a half within one unit. With these the repulsion of 30,000 words is 0.3 %
# (root mean square) off the exact sum as they spread out and 0.6 % off at the end.
ORDER = 5
NODES = ORDER + 1
SPACING = 0.4
# A layout narrower than the first many nodes gets a finer grid, one wider than the second a
# coarser one.
FEWEST, MOST = 50, 4096
# Fixed, not one a core, so that sums are added up in the same order on every machine.
PARTS = 4
# Of the cosines that a kernel's transform is divided by.
DECIMALS = 9


def descend(
    affinities: Any,
    start: Doubles,
    phases: Sequence[tuple[int, float]],
    progress: Callable[[float], None] | None = None,
    watch: Callable[[Doubles], None] | None = None,
    learning_rate: float | None = None,
) -> Doubles:
    """Minimise the Kullback-Leibler divergence by gradient descent.

    Momentum, gains (Jacobs 1988) and the longest step are those of openTSNE, the learning rate
    is, unless given, the number of points over the exaggeration (Belkina et al. 2019). The same
    input gives the same output, bit for bit, with any number of cores.

    Parameters
    ----------
    affinities : scipy.sparse.csr_matrix of shape (n_points, n_points), float64
        Symmetric; sums to one.
    start : ndarray of shape (n_points, 2), float64
    phases : sequence of (int, float)
        Iterations and exaggeration of each phase.
    progress : callable, optional
        Called with the share done, in [0, 1].
    watch : callable, optional
        Called every 10 iterations with the layout itself, which it may change.
    learning_rate : float, optional

    Returns
    -------
    ndarray of shape (n_points, 2), float64
    """
    layout = np.array(start, dtype=np.float64, order="C")
    update, gains = np.zeros_like(layout), np.ones_like(layout)
    total, done = sum(iterations for iterations, _ in phases), 0
    with Forces(affinities) as forces:
        for iterations, exaggeration in phases:
            rate = learning_rate or len(layout) / exaggeration
            for _ in range(iterations):
                attraction, repulsion = forces(layout)
                _step(layout, update, gains, exaggeration * attraction - repulsion, rate)
                done += 1
                if watch and done % 10 == 0:
                    watch(layout)
                if progress and (done % 10 == 0 or done == total):
                    progress(done / total)
    return layout


class Forces:
    """Computes the two parts of the gradient of the Kullback-Leibler divergence.

    With affinities ``p`` and a layout ``y`` (a quarter of it, as openTSNE counts)::

        k(d) = 1 / (1 + |d|^2)        Z = sum over i != j of k(y_i - y_j)
        attraction(i) = sum_j p_ij k(y_i - y_j) (y_i - y_j)
        repulsion(i)  = sum_j k(y_i - y_j)^2 (y_i - y_j) / Z
        gradient(i)   = attraction(i) - repulsion(i)

    The repulsion is half the slope, downwards, of the potential ``v(y) = sum_j k(y - y_j) / Z``,
    a convolution. As in Linderman et al. (2019) the points are spread onto a grid, convolved
    with the kernel there by FFT and read off again. Here B-splines do both, as in the smooth
    particle mesh (Essmann et al. 1995): they have a slope everywhere, so the potential, one
    transform forth and one back, is all that is needed. With ``B`` the spline and ``c`` such
    that both sides agree at the nodes::

        k(x - y) ~ sum over nodes a, b of B(x - a) c(a - b) B(b - y)

    Parameters
    ----------
    affinities : scipy.sparse.csr_matrix of shape (n_points, n_points), float64
        Symmetric.
    """

    def __init__(self, affinities: Any) -> None:
        self.affinities = affinities
        self.workers = os.cpu_count() or 1
        # The compiled loops hold no lock. Threads of our own serve any caller's thread, which
        # Numba's do not on every system, and compile in half the time.
        self.pool = ThreadPoolExecutor(min(PARTS, self.workers))
        n = affinities.shape[0]
        self.parts = [(k, k * n // PARTS, (k + 1) * n // PARTS) for k in range(PARTS)]
        self.attraction, self.repulsion = np.empty((n, 2)), np.empty((n, 2))
        self.potential = np.empty(n)
        self.known: tuple[float, tuple[int, int]] | None = None
        self.kernel: NDArray[np.floating] = np.empty((0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def __call__(self, layout: Doubles) -> tuple[Doubles, Doubles]:
        """Return attraction and repulsion; the next call writes into the same arrays.

        Parameters
        ----------
        layout : ndarray of shape (n_points, 2), float64, C order

        Returns
        -------
        ndarray, ndarray of shape (n_points, 2), float64
        """
        low = np.array([layout[:, 0].min(), layout[:, 1].min()])
        size = np.array([layout[:, 0].max(), layout[:, 1].max()]) - low
        spacing = _spacing(float(size.max()))
        grids = np.zeros((PARTS, *(size / spacing).astype(int) + NODES))

        def scatter(part: tuple[int, int, int]) -> None:
            number, start, stop = part
            _spread(layout[start:stop], low, spacing, grids[number])

        def gather(part: tuple[int, int, int]) -> None:
            _, start, stop = part
            _read(
                layout[start:stop],
                low,
                spacing,
                potential,
                self.potential[start:stop],
                self.repulsion[start:stop],
            )
            p = self.affinities
            _attract(layout, p.indptr, p.indices, p.data, start, stop, self.attraction)

        list(self.pool.map(scatter, self.parts))
        potential = self._convolve(grids.sum(axis=0), spacing)
        list(self.pool.map(gather, self.parts))
        # The potential counts every point itself, at distance nought.
        self.repulsion /= self.potential.sum() - len(layout)
        return self.attraction, self.repulsion

    def _convolve(self, grid: Doubles, spacing: float) -> Doubles:
        """Return the spline coefficients of the potential, on the nodes of `grid`."""
        # Twice the nodes keep the far sides of the layout apart, as a convolution is periodic.
        sizes = (
            fft.next_fast_len(2 * grid.shape[0]),
            fft.next_fast_len(2 * grid.shape[1], real=True),
        )
        # In a narrow layout forces are small differences; its grid is small, so this is cheap.
        kind = np.float64 if spacing < SPACING else np.float32
        if self.known != (spacing, sizes):
            self.known = spacing, sizes
            self.kernel = _kernel(sizes, spacing).astype(kind)
        wide = {"workers": self.workers}
        # Axis by axis, so that rows of padding are transformed in one of the two only.
        waves = fft.rfft(grid.astype(kind), sizes[1], axis=1, **wide)
        waves = fft.fft(waves, sizes[0], axis=0, overwrite_x=True, **wide)
        waves *= self.kernel
        waves = fft.ifft(waves, axis=0, overwrite_x=True, **wide)[: grid.shape[0]]
        potential = fft.irfft(waves, sizes[1], axis=1, **wide)
        return np.array(potential[:, : grid.shape[1]], dtype=np.float64, order="C")


def _spacing(width: float) -> float:
    """Return the distance of nodes: `SPACING` times a power of two, so that it seldom changes."""
    width = max(width, 1e-9)
    if width < FEWEST * SPACING:
        return float(SPACING * 2.0 ** floor(log2(width / (FEWEST * SPACING))))
    return float(SPACING * 2.0 ** max(0, ceil(log2(width / (MOST * SPACING)))))


def _kernel(sizes: tuple[int, int], spacing: float) -> Doubles:
    """Return the transform of the kernel's spline coefficients on a periodic grid.

    Sampling the interpolation at the nodes convolves the coefficients with the spline's values
    there, once for either point: dividing the transform of the kernel's samples by that of the
    values, squared, undoes it.
    """
    away = [np.minimum(np.arange(size), size - np.arange(size)) for size in sizes]
    samples = 1 / (1 + ((away[0] * spacing) ** 2)[:, None] + (away[1] * spacing) ** 2)
    made = fft.rfft2(samples).real  # the imaginary part is nought, by symmetry
    values, slopes = np.empty(NODES), np.empty(NODES)
    _weights(0.0, values, slopes)
    shifts = np.arange(NODES) - ORDER // 2
    # Cosines differ in their last bits from one processor to the next, as do matrix products.
    waves = (
        np.cos(2 * np.pi / size * np.arange(count)[:, None] * shifts).round(DECIMALS)
        for size, count in zip(sizes, made.shape, strict=True)
    )
    rows, columns = ((wave * values).sum(axis=1) for wave in waves)
    return np.asarray(made / (rows**2)[:, None] / columns**2)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _weights(
    offset: float, values: Doubles, slopes: Doubles
) -> None:  # pragma: no cover - compiled
    """Write the B-splines of the nodes around a point, and their slopes (Cox-de Boor)."""
    values[0] = 1.0
    for order in range(1, NODES):
        if order == ORDER:
            slopes[0] = -values[0]
            for node in range(1, order):
                slopes[node] = values[node - 1] - values[node]
            slopes[order] = values[order - 1]
        values[order] = offset * values[order - 1] / order
        for node in range(order - 1, 0, -1):
            left, right = offset + order - node, 1 - offset + node
            values[node] = (left * values[node - 1] + right * values[node]) / order
        values[0] *= (1 - offset) / order


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _spread(
    layout: Doubles, low: Doubles, spacing: float, grid: Doubles
) -> None:  # pragma: no cover - compiled
    """Add every point to the nodes around it."""
    across, down, unused = np.empty(NODES), np.empty(NODES), np.empty(NODES)
    for point in layout:
        x, y = (point[0] - low[0]) / spacing, (point[1] - low[1]) / spacing
        row, column = int(x), int(y)
        _weights(x - row, down, unused)
        _weights(y - column, across, unused)
        for i in range(NODES):
            for j in range(NODES):
                grid[row + i, column + j] += down[i] * across[j]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _read(
    layout: Doubles,
    low: Doubles,
    spacing: float,
    grid: Doubles,
    potential: Doubles,
    repulsion: Doubles,
) -> None:  # pragma: no cover - compiled
    """Write the potential at every point, and half its slope downwards."""
    across, down = np.empty(NODES), np.empty(NODES)
    across_slope, down_slope = np.empty(NODES), np.empty(NODES)
    for point in range(len(layout)):
        x, y = (layout[point, 0] - low[0]) / spacing, (layout[point, 1] - low[1]) / spacing
        row, column = int(x), int(y)
        _weights(x - row, down, down_slope)
        _weights(y - column, across, across_slope)
        value = slope_x = slope_y = 0.0
        for i in range(NODES):
            along = slope = 0.0
            for j in range(NODES):
                along += grid[row + i, column + j] * across[j]
                slope += grid[row + i, column + j] * across_slope[j]
            value += down[i] * along
            slope_x += down_slope[i] * along
            slope_y += down[i] * slope
        potential[point] = value
        repulsion[point, 0] = -0.5 * slope_x / spacing
        repulsion[point, 1] = -0.5 * slope_y / spacing


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _attract(
    layout: Doubles,
    indptr: NDArray[np.int32],
    indices: NDArray[np.int32],
    data: Doubles,
    start: int,
    stop: int,
    attraction: Doubles,
) -> None:  # pragma: no cover - compiled
    """Write the attraction of the points from `start` to `stop`."""
    for point in range(start, stop):
        x, y = layout[point, 0], layout[point, 1]
        sum_x = sum_y = 0.0
        for entry in range(indptr[point], indptr[point + 1]):
            other = np.uint32(indices[entry])  # unsigned: no check for counting from the end
            across, down = x - layout[other, 0], y - layout[other, 1]
            weight = data[entry] / (1.0 + across * across + down * down)
            sum_x += weight * across
            sum_y += weight * down
        attraction[point, 0] = sum_x
        attraction[point, 1] = sum_y


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _step(
    layout: Doubles, update: Doubles, gains: Doubles, gradient: Doubles, rate: float
) -> None:  # pragma: no cover - compiled
    """Move all points one step, in place, and centre them again."""
    sums = np.zeros(2)
    for point in range(len(layout)):
        length = 0.0
        for axis in range(2):
            last, slope = update[point, axis], gradient[point, axis]
            if np.sign(last) == np.sign(slope):
                gains[point, axis] = 0.8 * gains[point, axis] + 0.01
            else:
                gains[point, axis] += 0.2
            update[point, axis] = 0.8 * last - rate * gains[point, axis] * slope
            length += update[point, axis] ** 2
        if length > 25:  # five units
            update[point] *= 5 / np.sqrt(length)
        for axis in range(2):
            layout[point, axis] += update[point, axis]
            sums[axis] += layout[point, axis]
    layout -= sums / len(layout)
