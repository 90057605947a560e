"""A web on loopback that misbehaves on demand: real sockets, raw bytes, no HTTP library in between.

    async with FakeWeb() as web:
        web["/feed"] = reply(body=b"...", content_type="text/xml")
        web["/slow"] = drip(b"<html>", every=0.01)
        page = await fetcher.get(Request(web.url("/feed"), allow_private=True))
        assert web.asked("/feed") == 1

A path without an answer is a 404, robots.txt included. A list of answers is given one a request, the last one for ever.
Synchronous tests use `with running(web):`, which serves from a thread.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived. `target`: path with query; `headers`: names in lower case; `at`: the loop's seconds."""

    target: str
    headers: Mapping[str, str]
    connection: int
    at: float


# Writes an answer; True: the connection may serve another request.
Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[bool]]


class FakeWeb:
    """One server. `host`: the loopback address it listens on and is asked for by; `tls`: serves https."""

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, name: str | None = None) -> None:
        self.requests: list[Asked] = []
        self.ended_at: list[float] = []  # when each answer was written, the loop's seconds
        self.connections = 0
        self.at_once = 0  # the most requests under way at the same moment
        self.port = 0
        self._host, self._tls, self._name = host, tls, name or host
        self._answers: dict[str, list[Answer]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0

    def __setitem__(self, target: str, answer: Answer | Sequence[Answer]) -> None:
        self._answers[target] = [answer] if callable(answer) else list(answer)

    def url(self, target: str = "/") -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self.authority}{target}"

    @property
    def authority(self) -> str:
        host = f"[{self._name}]" if ":" in self._name else self._name
        return f"{host}:{self.port}"

    def asked(self, target: str) -> int:
        """Count the requests for a target."""
        return sum(request.target == target for request in self.requests)

    def last(self, target: str) -> Asked:
        """Give the last request for a target."""
        return [request for request in self.requests if request.target == target][-1]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0, ssl=self._tls, backlog=1_000)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer, self.connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        loop = asyncio.get_running_loop()
        keep = True
        try:
            while keep:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                asked = Asked(head[0].split(" ")[1], headers, number, loop.time())
                self.requests.append(asked)
                self._under_way += 1
                self.at_once = max(self.at_once, self._under_way)
                try:
                    keep = await self._answer(asked.target)(asked, writer)
                    await writer.drain()
                finally:
                    self._under_way -= 1
                    self.ended_at.append(loop.time())
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away
        finally:
            writer.close()

    def _answer(self, target: str) -> Answer:
        answers = self._answers.get(target) or self._answers.get(target.partition("?")[0])
        if not answers:
            return reply(404, b"<title>Erreur 404</title>")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def running(web: FakeWeb) -> Iterator[FakeWeb]:
    """Serve from a thread of its own, for tests that are not asynchronous."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with web:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield web
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


# ── answers that behave ─────────────────────────────────────────────────────────────────────────


def head(status: int, headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> bytes:
    """Write a status line and headers."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in pairs), "", ""]
    return "\r\n".join(lines).encode("utf-8")


def raw(data: bytes, *, close: bool = True) -> Answer:
    """Answer with these bytes, whatever they are."""

    async def answer(asked: Asked, out: asyncio.StreamWriter) -> bool:
        out.write(data)
        await out.drain()
        return not close

    return answer


def reply(
    status: int = 200,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "text/html; charset=utf-8",
    close: bool = False,
) -> Answer:
    """Answer properly, with a Content-Length."""
    said = {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}
    if close:
        said["Connection"] = "close"
    return raw(head(status, said) + body, close=close)


def redirect(status: int, location: str) -> Answer:
    """Redirect."""
    return reply(status, b"moved", {"Location": location})


def chunked(*chunks: bytes, headers: Mapping[str, str] | None = None, trailer: bytes = b"") -> Answer:
    """Answer in chunks."""
    said = {"Content-Type": "text/html", "Transfer-Encoding": "chunked", **(headers or {})}
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return raw(head(200, said) + body + b"0\r\n" + trailer + b"\r\n", close=False)


def conditional(body: bytes, *, etag: str | None = None, last_modified: str | None = None) -> Answer:
    """Answer 304 to a request that holds one of these validators."""
    validators = {name: value for name, value in (("ETag", etag), ("Last-Modified", last_modified)) if value}

    async def answer(asked: Asked, out: asyncio.StreamWriter) -> bool:
        same = (etag and asked.headers.get("if-none-match") == etag) or (
            last_modified and asked.headers.get("if-modified-since") == last_modified
        )
        return await (raw(head(304, validators), close=False) if same else reply(200, body, validators))(asked, out)

    return answer


# ── answers that do not ─────────────────────────────────────────────────────────────────────────


def reset(after: bytes = b"") -> Answer:
    """Break the connection, after these bytes."""

    async def answer(asked: Asked, out: asyncio.StreamWriter) -> bool:
        if after:
            out.write(after)
            await out.drain()
            await asyncio.sleep(0.02)  # lets them arrive before the reset overtakes them
        out.transport.abort()
        return False

    return answer


def silent() -> Answer:
    """Take the request and never answer."""

    async def answer(asked: Asked, out: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(3_600)
        return False

    return answer


def drip(start: bytes, *, every: float, piece: bytes = b"x") -> Answer:
    """Send a start, then a piece every so many seconds, without end."""

    async def answer(asked: Asked, out: asyncio.StreamWriter) -> bool:
        out.write(start)
        while True:
            await out.drain()
            await asyncio.sleep(every)
            out.write(piece)

    return answer


def flood(start: bytes, piece: bytes) -> Answer:
    """Send a start, then a piece again and again as fast as it is read, without end."""

    async def answer(asked: Asked, out: asyncio.StreamWriter) -> bool:
        out.write(start)
        while True:
            out.write(piece)
            await out.drain()

    return answer


def gzip_bomb(decoded: int) -> bytes:
    """Give a small gzip file of so many bytes of zero."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = bytes(1_000_000)
    parts = [squeeze.compress(block) for _ in range(decoded // len(block))]
    return b"".join([*parts, squeeze.flush()])


def nested_gzip(body: bytes, levels: int) -> bytes:
    """Compress so many times over."""
    for _ in range(levels):
        body = gzip.compress(body)
    return body
