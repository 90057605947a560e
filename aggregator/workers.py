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
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from aggregator.errors import ExtractError, SourceError

P = ParamSpec("P")
T = TypeVar("T")

MEMORY = 512 * 1024 * 1024  # bytes of address space over what a worker starts with
CPU_SECONDS = 20  # for one page
WALL_SECONDS = 30.0
_LENGTH = struct.Struct(">I")


class WorkerBug(Exception):
    """A page made our own code fail: `str()` is the worker's traceback. The source fails alone, the log gets it all."""


class Workers:
    """A pool of readers, started one by one as pages come: a run in which nothing changed starts none."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or max(1, min(4, os.cpu_count() or 1))
        self._idle: asyncio.Queue[Process | None] = asyncio.Queue()
        for _ in range(self._count):
            self._idle.put_nowait(None)
        self._alive: set[Process] = set()

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._alive:
            if process.stdin is not None:
                process.stdin.close()
        for process in tuple(self._alive):
            try:
                await asyncio.wait_for(process.wait(), 2)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._alive.clear()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a module's function, whose arguments and result can be pickled, in a worker.

        Raises:
            SourceError: the function did; or ExtractError: it took too long, too much memory, or killed its worker.
            WorkerBug: anything unexpected, with its traceback.
        """
        process = await self._idle.get()
        try:
            if process is None or process.returncode is not None:
                process = await self._start()
            try:
                answer = await asyncio.wait_for(_call(process, (function, args, kwargs)), WALL_SECONDS)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                await self._kill(process)
                late = isinstance(error, TimeoutError)
                why = (
                    f"took more than {WALL_SECONDS:.0f} s"
                    if late
                    else f"used more than {CPU_SECONDS} s of CPU or crashed the parser"
                )
                raise ExtractError(
                    f"reading the page {why}: it was given up; its source is tried again at its next turn"
                ) from error
            except BaseException:  # cancelled in the middle of a call: the worker's answer would meet the next one
                await self._kill(process)
                raise
        finally:
            self._idle.put_nowait(process if process is not None and process.returncode is None else None)
        if isinstance(answer, Exception):
            raise answer
        return cast("T", answer)

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from aggregator.workers import main; main()",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        self._alive.add(process)
        return process

    async def _kill(self, process: Process) -> None:
        self._alive.discard(process)
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _call(process: Process, question: object) -> object:
    assert process.stdin is not None
    assert process.stdout is not None
    body = pickle.dumps(question, pickle.HIGHEST_PROTOCOL)
    process.stdin.write(_LENGTH.pack(len(body)) + body)
    await process.stdin.drain()
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return cast("object", pickle.loads(await process.stdout.readexactly(length)))


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
        except SourceError as error:
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
