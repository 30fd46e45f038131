"""A real TensorBoard over a log directory, for as long as it is wanted."""

from __future__ import annotations

import errno
import http.client
import importlib.util
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lexiscope.errors import LexiscopeError

logger = logging.getLogger(__name__)

PORTS_TRIED = 50
START_TIMEOUT = 120.0
STOP_TIMEOUT = 5.0


class Server:
    """TensorBoard as a process of its own, reachable from this machine only.

    It answers when the constructor returns, and is stopped by `stop`, at the end of a ``with``
    block, or with the program.

    Parameters
    ----------
    logdir : path
    port : int
        The first to try; the next free one is taken when it is in use. 0 takes any.
    host : str
        The address to listen on.

    Attributes
    ----------
    port : int
        The port in use.
    url : str
        Address of the projector's page.

    Raises
    ------
    LexiscopeError
        When TensorBoard is not installed or does not start, or no port is free.
    """

    def __init__(
        self, logdir: str | os.PathLike[str], port: int = 6006, host: str = "127.0.0.1"
    ) -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise LexiscopeError(
                "TensorBoard is not installed; pip install 'lexiscope[tensorboard]'"
            )
        folder = Path(logdir).resolve()
        if not folder.is_dir():
            raise LexiscopeError(f"{logdir}: there is no such folder")
        if not 0 <= port <= 65535:
            raise LexiscopeError(f"port {port}: a port is a number from 0 to 65535")
        self.host = host
        for candidate in range(port, min(port + PORTS_TRIED, 65536)):
            free = _free_port(host, candidate)
            if free is not None and self._start(folder, free):
                self.port = free
                break
        else:
            raise LexiscopeError(
                f"no free port on {host} from {port} on ({PORTS_TRIED} tried); name another"
            )
        if port not in (0, self.port):
            logger.info("port %d is in use; TensorBoard listens on %d", port, self.port)

    @property
    def url(self) -> str:
        """Address of the projector's page."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/#projector"

    def wait(self) -> int:
        """Block until TensorBoard ends by itself or by a signal, and return its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """Stop TensorBoard; a second call does nothing."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, folder: Path, port: int) -> bool:
        """Start TensorBoard and wait for its answer; False when the port was taken meanwhile."""
        # stderr goes to a file, for a pipe that nobody reads would stop the process when full.
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [
                sys.executable,
                # Without -P a tensorboard.py in the current folder would be run instead.
                *("-P", "-m", "tensorboard.main"),
                *("--logdir", str(folder)),
                *("--host", self.host),
                *("--port", str(port)),
                # One process, rather than a data server beside it that outlives it.
                *("--load_fast", "false"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        self._finalizer = weakref.finalize(self, _end, self._process, stderr)
        deadline = time.monotonic() + START_TIMEOUT
        try:
            while self._process.poll() is None and time.monotonic() < deadline:
                if _answers(self.host, port, folder):
                    return True
                time.sleep(0.05)
            output = _read(stderr)
            if self._process.poll() is None:
                raise LexiscopeError(
                    f"TensorBoard gave no answer within {START_TIMEOUT:.0f} seconds"
                )
        except BaseException:
            self.stop()
            raise
        self.stop()
        if "already in use" in output:
            return False
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        raise LexiscopeError(
            f"TensorBoard ended at its start: {lines[-1] if lines else 'it gave no reason'}"
        )


def _free_port(host: str, port: int) -> int | None:
    """Return `port` (or any, for 0) when it can be listened on, None when it is in use."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return None
                raise
            return int(probe.getsockname()[1])
    except OSError as error:
        raise LexiscopeError(
            f"cannot listen on {host}:{port} ({error.strerror or error})"
        ) from error


def _answers(host: str, port: int, folder: Path) -> bool:
    """Tell whether a TensorBoard over this folder, not some other server, answers."""
    connection = http.client.HTTPConnection(host, port, timeout=STOP_TIMEOUT)
    try:
        connection.request("GET", "/data/environment")
        answer = json.loads(connection.getresponse().read())
        return bool(answer["data_location"] == str(folder))
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
        return False
    finally:
        connection.close()


def _read(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    return stderr.read().decode(errors="replace")


def _end(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    stderr.close()
