"""The errors that are meant for the person, not for the programmer."""

from __future__ import annotations


class LexiscopeError(Exception):
    """Input that was refused, or a world that does not allow what was asked.

    The message is one sentence or two in plain words: what was given, what is allowed,
    what to do next. The command line prints it as one line and exits with code 1;
    a server answers it as a 4xx. Anything else that is raised is a bug and keeps its
    traceback.
    """


class StorageError(LexiscopeError):
    """The place to write to refused: a full disk, a read-only folder.

    The input was in order, so what is already committed is kept, and the same command goes on
    from there.
    """


class OutdatedError(LexiscopeError):
    """What was to be written is about a space that was built from other inputs meanwhile."""


class TooFewError(LexiscopeError):
    """A measurement was asked of points too few to carry it.

    The message is what a finding says instead of a figure, e.g. ``"3 sentences: too few to say
    how far apart the senses lie (5 are needed)"``.
    """
