"""Pure functions run in a few reused processes with memory and CPU limits: no page can stall, swell or crash the run.

A worker answers pickled calls on its standard input; it is replaced only after a kill (start-up costs more than parsing).
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import resource
import struct
import sys
import traceback
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from aggregator.errors import ExtractError, PublishError, SourceError, StoreError

P = ParamSpec("P")
T = TypeVar("T")

MEMORY = 512 * 1024 * 1024  # bytes of address space over what a worker starts with
CPU_SECONDS = 20  # for one page
WALL_SECONDS = 30.0
START = 0.3  # seconds that a process takes to start: one more is worth it when more work than that waits
_LENGTH = struct.Struct(">I")


class WorkerBug(Exception):
    """A page made our own code fail: `str()` is the worker's traceback. The source fails alone, the log gets it all."""


class _LostError(Exception):
    """The worker died of another call: this one is asked again."""


class Workers:
    """A pool of processes, started one by one as calls come: a run in which nothing changed starts none."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or max(1, min(4, os.cpu_count() or 1))
        self._starting = asyncio.Lock()
        self._workers: list[_Worker] = []

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers))

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a module's function, whose arguments and result can be pickled, in a worker.

        Raises:
            SourceError, StoreError, PublishError: the function did; or ExtractError: it took too long, too much memory, or
                killed its worker.
            WorkerBug: anything unexpected, with its traceback.
        """
        question = pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
        while True:
            worker = await self._freest()
            try:
                answer = await worker.ask(question)
                break
            except _LostError:
                continue
        if isinstance(answer, Exception):
            raise answer
        return cast("T", answer)

    async def _freest(self) -> _Worker:
        async with self._starting:
            self._workers = [worker for worker in self._workers if not worker.dead]
            freest = min(self._workers, key=lambda worker: len(worker.waiting), default=None)
            busy = freest is not None and len(freest.waiting) * freest.pace > START
            if freest is None or (busy and len(self._workers) < self._count):
                freest = await _Worker.start()
                self._workers.append(freest)
            return freest


class _Worker:
    """One process and the calls it has yet to answer, in order: they wait in its pipe, so that it never waits for us.

    `pace`: seconds a call takes it, of late.
    """

    def __init__(self, process: Process) -> None:
        self.waiting: deque[asyncio.Future[object]] = deque()
        self.dead = False
        self.pace = 0.005
        self._process = process
        self._asked = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls) -> _Worker:
        """Start a process."""
        command = (sys.executable, "-c", "from aggregator.workers import main; main()")
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**20))

    async def ask(self, question: bytes) -> object:
        """Give what a call returned, or the exception it raised, as a value. Raises ExtractError (it died of it) or _LostError."""
        assert self._process.stdin is not None
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append(answer)
        self._asked.set()
        self._process.stdin.write(_LENGTH.pack(len(question)) + question)
        return await answer

    async def close(self) -> None:
        """End the process: at once if it is still at work."""
        self._listening.cancel()
        if self.waiting and self._process.returncode is None:
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            clock = asyncio.get_running_loop().time
            began = None  # the first answer takes the start with it
            while await self._asked.wait():
                async with asyncio.timeout(WALL_SECONDS):
                    (length,) = _LENGTH.unpack(await self._process.stdout.readexactly(_LENGTH.size))
                    body = await self._process.stdout.readexactly(length)
                answer = self.waiting.popleft()
                if began is not None:
                    self.pace += 0.2 * (clock() - began - self.pace)
                began = clock() if self.waiting else None
                if not self.waiting:
                    self._asked.clear()
                if not answer.done():  # nobody waits for a cancelled call
                    answer.set_result(pickle.loads(body))
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            await self._bury(error)

    async def _bury(self, cause: Exception) -> None:
        """The first call that waits is what the process died of; the others are asked again elsewhere."""
        self.dead = True
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        late = f"took more than {WALL_SECONDS:.0f} s"
        why = (
            late if isinstance(cause, TimeoutError) else f"used more than {CPU_SECONDS} s of CPU or crashed the parser"
        )
        guilty = ExtractError(f"reading the page {why}: it was given up; its source is tried again at its next turn")
        for n, answer in enumerate(self.waiting):
            if not answer.done():
                answer.set_exception(_LostError() if n else guilty)
        self.waiting.clear()


# ── in the worker ───────────────────────────────────────────────────────────────────────────────


def main() -> None:
    """Answer calls until standard input ends."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a parser that prints must not break the answers
    gc.set_threshold(10_000, 20, 50)
    limit = _address_space() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while head := calls.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(head)
        function, args, kwargs = pickle.loads(calls.read(length))
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
        answer: object
        try:
            answer = function(*args, **kwargs)
        except (SourceError, StoreError, PublishError) as error:
            answer = error
        except (MemoryError, RecursionError):
            answer = ExtractError("reading the page took more memory than a page may: it was given up")
        except Exception:
            answer = WorkerBug(traceback.format_exc())
        body = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        answers.write(_LENGTH.pack(len(body)) + body)
        answers.flush()


def _address_space() -> int:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 512 * 1024 * 1024  # no /proc (macOS): an ample guess of what is mapped already
