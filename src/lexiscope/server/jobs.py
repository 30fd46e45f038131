"""Jobs: projections computed one after the other beside the server's answers."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lexiscope import workflow
from lexiscope.atlas import Atlas
from lexiscope.errors import LexiscopeError
from lexiscope.server.library import OpenAtlas
from lexiscope.server.refusal import RefusalError

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "paused", "done", "stopped", "failed"]
Order = Literal["pause", "resume", "stop", "perturb"]
Json = dict[str, Any]

KEPT = 50
WAITING = 20
NEWS_SECONDS = 0.2
LAYOUT_SECONDS = 0.25
NICE = 10
# A perturbation moves points by this share of the layout's spread.
NUDGE = 0.03


class StoppedError(Exception):
    """Raised within a computation to end it."""


@dataclass(eq=False)
class Job:
    """A projection that was asked for.

    Attributes
    ----------
    opened : OpenAtlas
    space : str
    request : dict
        A `ProjectionRequest` of the contract, checked.
    """

    opened: OpenAtlas
    space: str
    request: Json
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    state: State = "waiting"
    progress: Json | None = None
    layer: int | None = None
    projection: str | None = None
    layouts: int = 0
    layout: NDArray[np.float32] | None = None
    error: str | None = None
    stopping: bool = False
    nudged: bool = False
    told: float = 0.0
    shown: float = 0.0

    def info(self) -> Json:
        """Describe it (`Job` of the contract)."""
        return {
            "id": self.id,
            "atlas": self.opened.id,
            "space": self.space,
            "request": self.request,
            "state": self.state,
            "progress": self.progress,
            "layer": self.layer,
            "projection": self.projection,
            "layouts": self.layouts,
            "error": self.error,
        }


class Jobs:
    """A queue of jobs and the thread that works on it.

    Parameters
    ----------
    tell : callable
        Called with a job, from any thread, when something about it changed.
    changed : callable
        Called with the atlas that a job wrote to.
    """

    def __init__(self, tell: Callable[[Job], None], changed: Callable[[OpenAtlas], None]) -> None:
        self._tell, self._changed = tell, changed
        self._jobs: dict[str, Job] = {}
        self._turn = threading.Condition()
        self._worker: threading.Thread | None = None
        self._closed = False

    def add(self, job: Job, kept: str | None) -> Job:
        """Queue a job; one whose projection the atlas has already, by the id `kept`, is done."""
        with self._turn:
            waiting = sum(each.state == "waiting" for each in self._jobs.values())
            if kept is not None:
                job.state, job.projection = "done", kept
            elif waiting >= WAITING:
                raise RefusalError(
                    429, f"{waiting} projections wait already; stop one of them first"
                )
            self._jobs[job.id] = job
            ended = [each.id for each in self._jobs.values() if not _is_open(each)]
            for id in ended[: max(0, len(self._jobs) - KEPT)]:
                del self._jobs[id]
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._worker.start()
            self._turn.notify_all()
        self._tell(job)
        return job

    def all(self) -> list[Job]:
        """Return the jobs there are, oldest first."""
        with self._turn:
            return list(self._jobs.values())

    def get(self, id: str) -> Job:
        """Return a job, or refuse with 404."""
        with self._turn:
            if id not in self._jobs:
                raise RefusalError(404, f"there is no job {id!r}")
            return self._jobs[id]

    def order(self, job: Job, order: Order) -> None:
        """Pause, resume, stop or perturb a job."""
        with self._turn:
            if not _is_open(job):
                raise RefusalError(409, f"this projection is {job.state} already")
            if order == "stop":
                job.stopping = True
                if job.state == "waiting":
                    job.state = "stopped"
            elif job.state == "waiting":
                raise RefusalError(
                    409, "this projection waits for another one; it can be stopped only"
                )
            elif order == "perturb":
                if job.request["method"] != "tsne":
                    raise RefusalError(409, "only a t-SNE can be perturbed")
                job.nudged = True
            else:
                job.state = "paused" if order == "pause" else "running"
            self._turn.notify_all()
        self._tell(job)

    def close(self) -> None:
        """Stop the job that runs and take no other."""
        with self._turn:
            self._closed = True
            for job in self._jobs.values():
                job.stopping = True
            self._turn.notify_all()
        if self._worker is not None:
            # What is within one long step is left to end with the program.
            self._worker.join(2.0)

    # ---- the worker's thread -----------------------------------------------------------

    def _work(self) -> None:
        yield_to_others()
        while (job := self._next()) is not None:
            self._tell(job)
            state: State = "failed"
            try:
                job.projection = self._compute(job)
                state = "done"
            except StoppedError:
                state = "stopped"
            except LexiscopeError as error:
                job.error = str(error)
            except Exception:
                log.exception("%s of %s failed", job.request["method"], job.opened.path)
                job.error = "an unexpected error; see the server's log"
            with self._turn:
                job.state = state
            self._tell(job)

    def _next(self) -> Job | None:
        """Wait for a job; None when there will be none."""
        with self._turn:
            while not self._closed:
                for job in self._jobs.values():
                    if job.state == "waiting":
                        for each in self._jobs.values():
                            each.layout = None  # only the last job's is of interest
                        job.state = "running"
                        return job
                self._turn.wait()
        return None

    def _compute(self, job: Job) -> str:
        # An atlas of its own, for the server's is asked from other threads meanwhile.
        atlas = Atlas.open(job.opened.path)
        request = job.request
        options: Json = {
            "dims": request["dims"],
            "seed": request["seed"],
            "progress": lambda *said: self._advance(job, *said),
            "watch": lambda layout: self._show(job, layout),
            **request["parameters"],
        }
        layer = request.get("layer")
        # From the last layer down, as a build does: each is aligned with the one above.
        layers = atlas[job.space].layers[::-1] if layer == "all" else (layer,)
        for job.layer in layers:
            made = workflow.project(atlas, job.space, request["method"], layer=job.layer, **options)
            self._changed(job.opened)  # before the job is told done: a page knows what it made
        return made.id

    def _advance(self, job: Job, stage: str, unit: str, done: int, total: int) -> None:
        job.progress = {"stage": stage, "unit": unit, "done": done, "total": total}
        if time.monotonic() - job.told >= NEWS_SECONDS:
            job.told = time.monotonic()
            self._tell(job)
        self._heed(job)

    def _show(self, job: Job, layout: NDArray[np.float64]) -> None:
        if time.monotonic() - job.shown >= LAYOUT_SECONDS:
            job.shown = time.monotonic()
            job.layout = layout.astype(np.float32)
            job.layouts += 1
            self._tell(job)
        self._heed(job)
        if job.nudged:
            job.nudged = False
            noise = np.random.default_rng().normal(0, NUDGE, layout.shape)
            layout += noise * layout.std(axis=0).mean()

    def _heed(self, job: Job) -> None:
        """Wait while the job is paused, and end it when it is to stop."""
        with self._turn:
            while job.state == "paused" and not job.stopping:
                self._turn.wait()
            if job.stopping:
                raise StoppedError


def yield_to_others() -> None:
    """Let the threads that answer run before this one and those it starts, where that is known."""
    if sys.platform == "linux":  # elsewhere a priority is a whole process'
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _is_open(job: Job) -> bool:
    return job.state in ("waiting", "running", "paused")
