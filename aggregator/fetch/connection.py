"""One HTTP/1.1 connection: a request out, an answer in, every part of it bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httptools
import httpx

from aggregator.errors import FetchError, TooLarge, Unreachable
from aggregator.fetch.addresses import shown
from aggregator.model import Limits

MAX_HEAD = 64_000  # bytes of status line and headers, informational answers and trailers included
MAX_HEADERS = 256
NEXT_TURN = "it is tried again at its next turn"
_HIGH_WATER = 262_144  # bytes read ahead of the reader

Key = tuple[str, str, int, bool]  # scheme, host, port, whether private addresses were allowed: all must match to reuse


class Connection(asyncio.Protocol):
    """One connection and the one answer it is reading; `standing` holds it for as long as it is open.

    Only to be asked again when its last answer is `complete`, and it is `reusable` and `usable`.
    """

    def __init__(self, key: Key, standing: set[Connection]) -> None:
        self.key = key
        self._standing = standing
        self._socket: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self.lost = False

    # ── asking ──

    async def ask(self, request: httpx.Request, limits: Limits) -> None:
        """Send a request and read until its answer's headers are complete."""
        assert self._socket is not None
        self.url, self.limits = str(request.url), limits
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.received = self.body_bytes = 0
        self.complete = self.reusable = False
        self.failure: FetchError | None = None
        self._head_bytes = self._head_fields = 0
        self._head_done = self._ambiguous = False
        self._until_close = True
        self._buffer = bytearray()
        self._parser = httptools.HttpResponseParser(self)
        # Both Transfer-Encoding and Content-Length: the first holds (RFC 9112 6.3) and the connection is not reused.
        # Chunk sizes padded with spaces are sent by old servers, and read by every browser.
        self._parser.set_dangerous_leniencies(lenient_chunked_length=True, lenient_spaces_after_chunk_size=True)
        lines = [b"GET %b HTTP/1.1\r\n" % request.url.raw_path]
        lines += [b"%b: %b\r\n" % header for header in request.headers.raw]
        lines.append(b"\r\n")
        self._socket.write(b"".join(lines))
        while not self._head_done:
            await self._more()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        while True:
            if self._buffer:
                chunk = bytes(self._buffer)
                self._buffer.clear()
                if self._paused and self._socket is not None:
                    self._paused = False
                    self._socket.resume_reading()
                yield chunk
            elif self.complete:
                return
            else:
                await self._more()

    async def _more(self) -> None:
        """Wait for anything to arrive; raise what went wrong."""
        if self.failure is None and self.lost:
            self._fail(Unreachable, "closed the connection before its answer was complete")
        if self.failure is None:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(self.limits.read, self._too_slow)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """End it now, whatever is under way."""
        if self._socket is not None:
            self._socket.abort()

    @property
    def usable(self) -> bool:
        """Whether another request may be sent on it."""
        return not self.lost and self._socket is not None and not self._socket.is_closing()

    # ── asyncio.Protocol ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that it is open (after the handshake, under TLS)."""
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        self._standing.add(self)

    def data_received(self, data: bytes) -> None:
        """Parse what came, within bounds."""
        if self._parser is None:  # nobody asked for this
            self.reusable = False
            self.close()
            return
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.complete and self.failure is None:
                self._fail(Unreachable, "answers with something that is not HTTP")
        if not self._head_done and self.received > MAX_HEAD:
            self._fail(TooLarge, f"sends more than {MAX_HEAD:,} bytes of headers")
        elif self.received > 2 * self.limits.body + 2 * MAX_HEAD:  # chunk sizes and extensions are not in body_bytes
            self._fail(TooLarge, f"sends more than {self.limits.body:,} bytes")
        if self.failure is not None:
            self.close()
        elif len(self._buffer) > _HIGH_WATER and not self.complete and not self._paused and self._socket is not None:
            self._paused = True
            self._socket.pause_reading()
        elif self.complete:
            self._parser = None  # it and this object know each other: left so, each answer is work for the collector
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is closed: the end of an answer of unsaid length, else of an answer that was cut."""
        self.lost = True
        self.reusable = False
        self._standing.discard(self)
        if self._parser is not None and not self.complete:
            if self._head_done and self._until_close and exc is None and self.failure is None:
                self.complete = True  # a length was never said: its end is the connection's (RFC 9112 6.3)
            elif self.failure is None:
                self._fail(Unreachable, "closed the connection before its answer was complete")
        self._parser = None
        self._wake()

    def _too_slow(self) -> None:
        self._fail(Unreachable, f"sent nothing for {self.limits.read:g} s (read)")
        self._wake()

    def _fail(self, kind: type[FetchError], words: str) -> None:
        self.failure = kind(self.url, f"{shown(self.url)} {words}: {NEXT_TURN}")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ── the parser's callbacks ──

    def on_message_begin(self) -> None:
        """Refuse a second answer to one request."""
        if self.complete:
            self.reusable = False
            raise ValueError("bytes after the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; count it, were it of an informational answer or a trailer."""
        self._head_bytes += len(name) + len(value) + 4
        self._head_fields += 1
        if self._head_bytes > MAX_HEAD or self._head_fields > MAX_HEADERS:
            self._fail(TooLarge, f"sends more than {MAX_HEAD:,} bytes or {MAX_HEADERS} lines of headers")
            raise ValueError("headers")
        if not self._head_done:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Decide how the body will end."""
        assert self._parser is not None
        self.status = self._parser.get_status_code()
        if self.status < 200:  # 100, 103: the answer is still to come
            self.headers.clear()
            return
        coding = length = b""
        for name, value in self.headers:
            lowered = name.lower()
            if lowered == b"transfer-encoding":
                coding += value.strip().lower()
            elif lowered == b"content-length":
                length = value
        if coding not in (b"", b"chunked", b"identity"):
            self._fail(Unreachable, "uses a transfer coding that we do not read")
            raise ValueError("transfer-encoding")
        self._until_close = not length and coding != b"chunked"
        self._ambiguous = bool(length and coding)
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self.body_bytes += len(body)
        if self.body_bytes > self.limits.body:
            self._fail(TooLarge, f"sends more than {self.limits.body:,} bytes")
            raise ValueError("body")
        self._buffer += body

    def on_message_complete(self) -> None:
        """Note that the answer is whole."""
        assert self._parser is not None
        if self._head_done:
            self.complete = True
            self.reusable = self._parser.should_keep_alive() and not self._ambiguous
