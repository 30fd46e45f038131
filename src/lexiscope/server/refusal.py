"""Refusal: an error that knows its status."""

from __future__ import annotations

from lexiscope.errors import LexiscopeError


class RefusalError(LexiscopeError):
    """A request that is not answered, and the status that says what kind of mistake it was.

    An `OutdatedError` is answered with 409, any other `LexiscopeError` with 400.

    Parameters
    ----------
    status : int
        404 for a name that is not there, 410 for an atlas that was taken away, and so on.
    sentence : str
        What the person reads.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
