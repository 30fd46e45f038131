"""Storage: what a read or a write that failed means, in one sentence; files put in place whole."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lexiscope.errors import LexiscopeError, StorageError


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Say in one line why a write failed: a full disk, a read-only folder."""
    try:
        yield
    except (OSError, ValueError) as error:
        _pass_interrupt(error)
        if not isinstance(error, OSError):
            raise
        text = str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in text:
            raise StorageError(
                f"{path}: the disk is full; what was committed is kept, make room and run it again"
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM) or any(
            sign in text for sign in ("Permission denied", "Read-only file system")
        ):
            raise StorageError(f"{path} cannot be written; name another folder") from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
            raise StorageError(f"{path}: {error.strerror}; name another folder") from error
        raise


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line that an atlas was damaged or taken away."""
    try:
        yield
    except (OSError, ValueError) as error:
        _pass_interrupt(error)
        raise LexiscopeError(
            f"{path} is damaged or was removed while open; build it anew in another folder, or "
            "remove it first"
        ) from error


@contextlib.contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock file of an atlas.

    Raises
    ------
    LexiscopeError
        When another process, or another thread, holds it for longer than `seconds`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=seconds)
    try:
        with storing(path.parent):
            lock.acquire(poll_interval=0.01)
    except Timeout as error:
        raise LexiscopeError(
            f"{path.parent} is being written by another lexiscope; wait for it to end"
        ) from error
    try:
        yield
    finally:
        lock.release()


def write_json(path: Path, value: Any) -> None:
    """Write a file aside, then rename it into its place: it is there whole, or as it was."""
    fresh = path.with_name(path.name + ".new")
    with storing(path.parent):
        try:
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(value, file, indent=1, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def lance() -> Any:
    """Return the module, imported when it is needed: it takes a third of a second."""
    os.environ.setdefault("LANCE_LOG", "error")
    import lance as module

    return module


def _pass_interrupt(error: Exception) -> None:
    """Raise the Ctrl-C that Arrow wraps in an error of its own when it comes within a call."""
    if "KeyboardInterrupt" in str(error):
        raise KeyboardInterrupt from error
