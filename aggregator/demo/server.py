"""A small HTTP/1.1 server on loopback: GET and HEAD, keep-alive, conditional requests, gzip where an answer allows it."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus

HOST = "127.0.0.1"
_HEAD_LIMIT = 16_384  # bytes of one request's line and headers
_IDLE = 30.0  # seconds a kept connection may wait for its next request


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site says to one address.

    `validated`: it carries ETag (made of its bytes) and honours If-None-Match, and If-Modified-Since against its
    `Last-Modified` if it has one. `compressed`: gzip goes to those who accept it.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    validated: bool = False
    compressed: bool = False


Handler = Callable[[str, str], Answer]  # (target as requested, the time as an HTTP date) -> Answer


class Listener:
    """One site's port on loopback; `handler` answers GET and HEAD."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        """Listen on 127.0.0.1:`port`.

        Raises:
            OSError, OverflowError: the port is taken, forbidden or no port.
        """
        self._server = await asyncio.start_server(self._connected, HOST, port, limit=_HEAD_LIMIT)

    async def close(self) -> None:
        """Stop listening and end the connections that clients kept open."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            while await self._turn(reader, writer):
                pass
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client left, or said nothing for long: no business of a site
        except asyncio.CancelledError:
            pass  # close() asked: ending here keeps asyncio from reporting a cancelled handler as a failure
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; tell whether the connection stays open."""
        try:
            async with asyncio.timeout(_IDLE):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return await _send(writer, Answer(431, b""), {}, "GET", keep=False)
        line, _, rest = head.decode("latin-1").partition("\r\n")
        words = line.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
            return await _send(writer, Answer(400, b""), {}, "GET", keep=False)
        method, target, version = words
        asked = {
            name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in rest.split("\r\n"))
        }
        # A body is not read, so what follows it on the connection could not be told from it.
        keep = version != "HTTP/1.0" and asked.get("connection", "").lower() != "close"
        keep = keep and asked.get("content-length", "0") == "0" and "transfer-encoding" not in asked
        if method not in ("GET", "HEAD"):
            return await _send(writer, Answer(405, b"", {"Allow": "GET, HEAD"}), asked, "GET", keep=keep)
        return await _send(writer, self._handler(target, formatdate(usegmt=True)), asked, method, keep=keep)


async def _send(
    writer: asyncio.StreamWriter, answer: Answer, asked: Mapping[str, str], method: str, *, keep: bool
) -> bool:
    status, body, headers = answer.status, answer.body, dict(answer.headers)
    if answer.validated:
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if _unchanged(headers, asked):
            status, body = 304, b""
    if answer.compressed and status == 200:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in asked.get("accept-encoding", "").lower():
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, mtime=0)  # mtime: the same bytes on each request
    if status != 304:
        headers["Content-Length"] = str(len(body))
    headers["Date"] = formatdate(usegmt=True)
    headers["Connection"] = "keep-alive" if keep else "close"
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join((*lines, "", "")).encode("latin-1"))
    if method != "HEAD":
        writer.write(body)
    await writer.drain()
    return keep


def _unchanged(headers: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """RFC 9110 §13.2.2: If-None-Match decides alone when it is there; weak comparison."""
    if "if-none-match" in asked:
        known = {tag.strip().removeprefix("W/") for tag in asked["if-none-match"].split(",")}
        return bool({"*", headers["ETag"]} & known)
    try:
        return parsedate_to_datetime(asked["if-modified-since"]) >= parsedate_to_datetime(headers["Last-Modified"])
    except (KeyError, ValueError, TypeError):  # TypeError: a date without zone cannot be compared
        return False
