"""Models on the Hugging Face Hub: their revision, their small files, ranges of their large ones."""

from __future__ import annotations

import errno
import logging
import re
import time
import weakref
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lexiscope.errors import LexiscopeError
from lexiscope.tensors import Bytes, ByteSource, LocalFile

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

# A name, or an organisation and a name: what the Hub allows.
REPOSITORY = re.compile(r"(?=.{1,96}$)\w[\w.-]*(/\w[\w.-]*)?")
RETRIES = 4
# Seconds before the first new attempt; each further one waits twice as long.
PAUSE = 0.5


class HubModel:
    """The files of one model at one commit.

    Attributes
    ----------
    repository
        As it was asked for: ``org/name`` or ``name``.
    commit
        The full hash the revision stands for.
    names
        The files there are; when ``cached_only``, the files in the local cache.
    cached_only
        True when the Hub could not be reached and the local cache answers in its place.
    """

    def __init__(
        self, repository: str, commit: str, names: Iterable[str], *, cached_only: bool = False
    ) -> None:
        self.repository = repository
        self.commit = commit
        self.names = frozenset(names)
        self.cached_only = cached_only

    @classmethod
    def resolve(cls, repository: str, revision: str | None = None) -> HubModel:
        """Ask the Hub, or the local cache when there is no network, for a model's files.

        Parameters
        ----------
        repository
            ``org/name``, or ``name`` alone for the Hub's canonical models.
        revision
            Branch, tag or commit; the default branch when None. A commit may be cut to seven
            or more digits when it is in the local cache.

        Raises
        ------
        LexiscopeError
            When there is no such model or revision, it is not open to this person, or neither
            the network nor the cache can answer.
        """
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError

        revision = _whole_commit(repository, revision)
        try:
            info = HfApi().model_info(repository, revision=revision, timeout=10)
            if info.sha is None:
                raise ValueError("the answer names no commit")
            model = cls(repository, info.sha, [file.rfilename for file in info.siblings or ()])
            if "config.json" in model.names:
                # Asked for by the revision's name, so that the cache knows what it stands for
                # when there is no network.
                hf_hub_download(repository, "config.json", revision=revision)
            return model
        except _failures() as error:
            # An answer that the model is not there is final; a server that is down is not.
            down = not isinstance(error, HfHubHTTPError) or error.response.status_code >= 500
            cached = _cached(repository, revision) if down else None
            if cached is None:
                raise _refusal(error, repository, revision) from error
            log.info("the Hub gave no answer (%s); reading %s from the cache", error, repository)
            return cached

    def path(self, name: str) -> Path:
        """A file, from the local cache or downloaded into it whole.

        Raises
        ------
        LexiscopeError
            When the Hub or the cache's folder refuses.
        """
        from huggingface_hub import hf_hub_download

        try:
            return Path(hf_hub_download(self.repository, name, revision=self.commit))
        except _failures() as error:
            raise _refusal(error, self.repository, self.commit, name) from error

    def source(self, name: str) -> ByteSource:
        """The bytes of a file: of the cached one when there is one, else by range requests."""
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(self.repository, name, revision=self.commit)
        if isinstance(cached, str):
            return LocalFile(Path(cached))
        return RemoteFile(self, name)

    def folder(self, names: Iterable[str]) -> Path:
        """A local folder in which all of ``names`` lie, downloaded where they are missing."""
        for name in sorted(names):
            self.path(name)
        return self.path("config.json").parent

    @cached_property
    def client(self) -> httpx.Client:
        """One connection for all range requests; closed with this object."""
        import httpx
        from huggingface_hub import constants, get_token

        # A compressed answer would not be the range that was asked for.
        headers = {"user-agent": "lexiscope", "accept-encoding": "identity"}
        token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token()
        if token:
            headers["authorization"] = f"Bearer {token}"
        # A redirect to another host, where large files lie, loses the authorisation.
        client = httpx.Client(
            headers=headers, follow_redirects=True, timeout=httpx.Timeout(30, connect=10)
        )
        weakref.finalize(self, client.close)
        return client


class RemoteFile:
    """A file on the Hub, read by HTTP range requests."""

    def __init__(self, model: HubModel, file: str) -> None:
        from huggingface_hub import hf_hub_url

        self._model = model
        self._file = file
        self._url = hf_hub_url(model.repository, file, revision=model.commit)
        self._size: int | None = None
        self.name = f"{model.repository}/{file}"

    @property
    def size(self) -> int:
        """Bytes of the whole file; any earlier answer of the server told it."""
        if self._size is None:
            self.read(0, 1)
        return self._size or 0

    def read(self, offset: int, length: int) -> Bytes:
        """``length`` bytes from ``offset``, fewer at the file's end.

        A transfer that breaks goes on from where it stopped, a few times.

        Raises
        ------
        LexiscopeError
            When the server refuses, knows no ranges, or goes on failing.
        """
        import httpx

        buffer = np.empty(length, np.uint8)
        have = failures = 0
        while have < length and (self._size is None or offset + have < self._size):
            start, problem = have, "the transfer ended early"
            try:
                for chunk in self._range(offset + have, length - have):
                    buffer[have : have + len(chunk)] = np.frombuffer(chunk, np.uint8)
                    have += len(chunk)
            except (httpx.TransportError, _BusyError) as error:
                problem = str(error) or type(error).__name__
                log.info("%s: %s after %d of %d bytes", self.name, problem, have, length)
            else:
                if have > start or have == length or self._size == 0:
                    continue
            failures = 1 if have > start else failures + 1
            if failures > RETRIES:
                raise LexiscopeError(
                    f"{self.name} could not be read from the Hub ({problem}; "
                    f"{failures} attempts). Try again, or download the model first."
                )
            time.sleep(PAUSE * 2 ** (failures - 1))
        return buffer[:have]

    def _range(self, offset: int, length: int) -> Iterator[bytes]:
        wanted = {"range": f"bytes={offset}-{offset + length - 1}"}
        with self._model.client.stream("GET", self._url, headers=wanted) as answer:
            status = answer.status_code
            told = re.fullmatch(
                r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("content-range", "")
            )
            if status in (408, 429) or status >= 500:
                raise _BusyError(f"the server answered {status}")
            if status in (401, 403):
                raise _no_access(self._model.repository)
            if told and status == 416:
                self._size = int(told[2])
                return
            if status == 200:
                raise LexiscopeError(
                    f"{answer.url.host} does not answer range requests, so the tables of "
                    f"{self._model.repository} cannot be read without all the rest. Download it "
                    f"first: hf download {self._model.repository}"
                )
            if status != 206 or not told or told[1] != str(offset):
                raise LexiscopeError(
                    f"{self.name} could not be read from {answer.url.host}: it answered {status}."
                )
            self._size = int(told[2])
            for chunk in answer.iter_raw():
                yield chunk[:length]
                length -= min(length, len(chunk))


class _BusyError(Exception):
    """An answer that is worth another attempt."""


def _failures() -> tuple[type[Exception], ...]:
    # huggingface_hub stands on one HTTP library or another by version; whichever it is, the
    # base of its own errors is that library's base of all errors of a request.
    from huggingface_hub.errors import HfHubHTTPError

    return (OSError, ValueError, HfHubHTTPError.__bases__[0])


def _cache() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def _whole_commit(repository: str, revision: str | None) -> str | None:
    """A shortened commit written out, where the local cache knows it."""
    if revision is None or not re.fullmatch(r"[0-9a-f]{7,39}", revision):
        return revision
    snapshots = _cache() / f"models--{repository.replace('/', '--')}" / "snapshots"
    whole = [path.name for path in snapshots.glob(f"{revision}*")]
    return whole[0] if len(whole) == 1 else revision


def _cached(repository: str, revision: str | None) -> HubModel | None:
    from huggingface_hub import try_to_load_from_cache

    try:
        config = try_to_load_from_cache(repository, "config.json", revision=revision)
    except ValueError:
        return None
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    return HubModel(repository, folder.name, names, cached_only=True)


def cached_models() -> list[str]:
    """Names of the models of which the local cache holds at least the configuration."""
    folders = {path.parents[2].name for path in _cache().glob("models--*/snapshots/*/config.json")}
    return sorted(folder.removeprefix("models--").replace("--", "/") for folder in folders)


def what_works() -> str:
    """One sentence on what can be opened without the network."""
    models = cached_models()
    more = f" and {len(models) - 5} more" if len(models) > 5 else ""
    cached = f"Cached here: {', '.join(models[:5])}{more}" if models else "No model is cached here"
    return f"{cached}; `embedded` works without a network."


def _no_access(repository: str) -> LexiscopeError:
    return LexiscopeError(
        f"the Hub does not let this account read {repository}: it is private, or its author asks "
        f"you to accept terms on its page. Then log in with `hf auth login`. {what_works()}"
    )


def _refusal(
    error: Exception, repository: str, revision: str | None, file: str | None = None
) -> LexiscopeError:
    from huggingface_hub import errors

    name = f"{repository}@{revision}" if revision else repository
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    if isinstance(error, errors.GatedRepoError) or status == 403:
        return _no_access(repository)
    if isinstance(error, errors.RevisionNotFoundError):
        return LexiscopeError(
            f"{repository} has no revision {revision!r} on the Hub: give a branch, a tag or a "
            "commit after the @."
        )
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return LexiscopeError(f"{name} has no file {file} on the Hub.")
    if isinstance(error, errors.RepositoryNotFoundError) or status == 401:
        return LexiscopeError(
            f"there is no folder {repository!r}, and the Hub knows no such model that this account "
            "may read. Check the spelling; log in with `hf auth login` for a private one. "
            f"{what_works()}"
        )
    if isinstance(error, errors.HFValidationError):
        return LexiscopeError(f"{repository!r} is neither a folder nor a name the Hub allows.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS):
        return LexiscopeError(f"{_cache()} cannot be written: {error.strerror}.")
    if isinstance(error, errors.OfflineModeIsEnabled):
        problem = "HF_HUB_OFFLINE is set"
    elif isinstance(error, errors.LocalEntryNotFoundError):
        problem = f"{file} is not in the cache and the Hub cannot be reached"
    elif status is not None:
        problem = f"the Hub answered {status}"
    else:
        problem = f"the Hub cannot be reached ({' '.join(str(error).split())[:200]})"
    local = "" if file else "is no folder here and "
    return LexiscopeError(f"{name} {local}cannot be fetched: {problem}. {what_works()}")
