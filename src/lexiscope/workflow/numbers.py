"""Numbers: what may be given for those that every measurement takes."""

from __future__ import annotations

from lexiscope.errors import LexiscopeError

# Every generator that is used takes a seed below.
SEEDS = 2**32


def check_numbers(*, k: int, seed: int, most: int = 0) -> None:
    """Refuse numbers that no measurement could take, before any is begun.

    Raises
    ------
    LexiscopeError
        For `k` neighbours below 1, a `seed` outside [0, 2**32), `most` below 0, and for what is no
        whole number.
    """
    for name, value, low, high in (
        ("k", k, 1, None),
        ("seed", seed, 0, SEEDS - 1),
        ("most", most, 0, None),
    ):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < low or (high is not None and value > high):
            upto = f"from {low} to {high:,}" if high is not None else f"of at least {low}"
            raise LexiscopeError(f"{name} {value}: give a whole number {upto}")
