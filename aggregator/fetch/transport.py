"""A lean HTTP/1.1 transport: one connection a host at a time, kept alive, to addresses that were vetted.

httpx's own pool costs 0.7 to 1.5 ms a request and is quadratic in waiting requests (measured); this one costs a
quarter of that, and sees every address before it is connected to. It reads no proxy, cookie or password from anywhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import httptools
import httpx

from aggregator.errors import FetchError, Refused, TooLarge, Unreachable
from aggregator.fetch.addresses import port_of, shown, why_refused
from aggregator.model import Limits

MAX_HEAD = 64_000  # bytes of status line and headers, informational answers and trailers included
MAX_HEADERS = 256
_HIGH_WATER = 262_144  # bytes read ahead of the reader
_MAX_ADDRESSES = 4  # of one name, tried one after the other
_DNS_THREADS = 32  # look-ups block: the loop's own executor of 6 threads took 6.8 s for 200 of them (measured)

Resolver = Callable[..., list[tuple[Any, ...]]]
_Key = tuple[str, str, int, bool]
_NEXT_TURN = "it is tried again at its next turn"


class _Connection(asyncio.Protocol):
    """One connection and the one answer it is reading."""

    def __init__(self, transport: Transport, key: _Key) -> None:
        self.key = key
        self._owner = transport
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
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        self._owner._open.add(self)

    def data_received(self, data: bytes) -> None:
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
        self.lost = True
        self.reusable = False
        self._owner._forget(self)
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
        self.failure = kind(self.url, f"{shown(self.url)} {words}: {_NEXT_TURN}")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ── the parser's callbacks ──

    def on_message_begin(self) -> None:
        if self.complete:
            self.reusable = False
            raise ValueError("bytes after the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        self._head_fields += 1
        if self._head_bytes > MAX_HEAD or self._head_fields > MAX_HEADERS:
            self._fail(TooLarge, f"sends more than {MAX_HEAD:,} bytes or {MAX_HEADERS} lines of headers")
            raise ValueError("headers")
        if not self._head_done:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
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
        self.body_bytes += len(body)
        if self.body_bytes > self.limits.body:
            self._fail(TooLarge, f"sends more than {self.limits.body:,} bytes")
            raise ValueError("body")
        self._buffer += body

    def on_message_complete(self) -> None:
        assert self._parser is not None
        if self._head_done:
            self.complete = True
            self.reusable = self._parser.should_keep_alive() and not self._ambiguous


class _Body(httpx.AsyncByteStream):
    """An answer's body; closing it gives its connection back, or ends it when there was more to read."""

    def __init__(self, connection: _Connection, owner: Transport) -> None:
        self._connection: _Connection | None = connection
        self._owner = owner

    def __aiter__(self) -> AsyncIterator[bytes]:
        assert self._connection is not None
        return self._connection.chunks()

    async def aclose(self) -> None:
        if self._connection is not None:  # a second close must not end what another request is using by then
            self._owner._give_back(self._connection)
            self._connection = None


class Transport(httpx.AsyncBaseTransport):
    """Sends GET requests; `max_open` bounds the connections open at once, those kept alive included.

    A request's `extensions` hold "limits" (model.Limits) and "allow_private" (bool). `resolve` is `socket.getaddrinfo`.
    """

    def __init__(self, *, max_open: int = 64, resolve: Resolver = socket.getaddrinfo) -> None:
        self._max_open = max_open
        self._resolve = resolve
        self._open: set[_Connection] = set()
        self._opening = 0
        self._idle: dict[_Key, _Connection] = {}  # the oldest first
        self._threads: ThreadPoolExecutor | None = None
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and give its answer as soon as its headers are there.

        Raises:
            Refused: an address of this host is not visited.
            Unreachable, TooLarge: as the words say.
        """
        url, limits = request.url, request.extensions["limits"]
        key = (url.scheme, url.raw_host.decode("ascii"), port_of(url), request.extensions["allow_private"])
        connection = self._idle.pop(key, None)
        if connection is not None and connection.usable:
            try:
                return await self._answer(connection, request, limits)
            except Unreachable:
                if connection.received or not connection.lost:
                    raise  # else: the server had closed it while it was idle, so ask again on a fresh one
        connection = await self._connect(key, str(url), limits)
        return await self._answer(connection, request, limits)

    async def _answer(self, connection: _Connection, request: httpx.Request, limits: Limits) -> httpx.Response:
        try:
            await connection.ask(request, limits)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(connection.status, headers=connection.headers, stream=_Body(connection, self))

    # ── connecting ──

    async def _connect(self, key: _Key, url: str, limits: Limits) -> _Connection:
        _, host, _, _ = key
        stage = ["DNS"]
        self._opening += 1
        self._make_room()
        try:
            async with asyncio.timeout(limits.connect):
                addresses = await self._vetted(key, url)
                stage[0] = "connect"
                return await self._open_one(key, addresses, limits, stage)
        except TimeoutError as error:
            words = f"{host} did not answer within {limits.connect:g} s ({stage[0]}): {_NEXT_TURN}"
            raise Unreachable(url, words) from error
        except ssl.SSLCertVerificationError as error:
            words = (
                f"{host} shows a certificate that cannot be trusted ({error.verify_message}): "
                "its owner must renew or correct it, " + _NEXT_TURN
            )
            raise Unreachable(url, words) from error
        except ssl.SSLError as error:
            words = f"{host} cannot agree on encryption with us (TLS: {error.reason}): {_NEXT_TURN}"
            raise Unreachable(url, words) from error
        except OSError as error:
            why = error.strerror or type(error).__name__
            words = f"{host} cannot be connected to ({stage[0]}: {why}): {_NEXT_TURN}"
            raise Unreachable(url, words) from error
        finally:
            self._opening -= 1

    async def _vetted(self, key: _Key, url: str) -> list[tuple[int, tuple[Any, ...]]]:
        """Look a host up and judge every answer; give (family, address) to connect to."""
        _, host, port, allow_private = key
        try:
            family = socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
            found = [(int(family), (host, port))]
        except ValueError:
            found = await self._looked_up(host, port, url)
        if not allow_private:
            for _, address in found:
                if why := why_refused(str(address[0])):
                    words = f"{host} is {address[0]}, {why}, which is not visited unless its source says allow_private"
                    raise Refused(url, words)
        return found[:_MAX_ADDRESSES]

    async def _looked_up(self, host: str, port: int, url: str) -> list[tuple[int, tuple[Any, ...]]]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="dns")
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(
                self._threads, lambda: self._resolve(host, port, type=socket.SOCK_STREAM)
            )
        except socket.gaierror as error:
            words = f"{host} has no address (DNS: {error.strerror}): check its name, {_NEXT_TURN}"
            raise Unreachable(url, words) from error
        except UnicodeError as error:  # an empty label, or one over 63 characters
            raise Refused(url, f"{shown(url)}: {host[:80]} is not a host name, correct it") from error
        found = list(dict.fromkeys((int(answer[0]), answer[4]) for answer in answers))
        if not found:
            raise Unreachable(url, f"{host} has no address (DNS): check its name, {_NEXT_TURN}")
        return found

    async def _open_one(
        self, key: _Key, addresses: list[tuple[int, tuple[Any, ...]]], limits: Limits, stage: list[str]
    ) -> _Connection:
        """Connect to the first address that answers; each gets its share of the time."""
        scheme, host, _, _ = key
        loop = asyncio.get_running_loop()
        for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                async with asyncio.timeout(limits.connect / left if left > 1 else None):
                    await loop.sock_connect(sock, address)
                break
            except BaseException as error:
                sock.close()
                if left == 1 or not isinstance(error, OSError):
                    raise
        if scheme == "https":
            stage[0] = "TLS"
            name = host.rstrip(".")
            _, connection = await loop.create_connection(
                lambda: _Connection(self, key), sock=sock, ssl=self._context(), server_hostname=name
            )
        else:
            _, connection = await loop.create_connection(lambda: _Connection(self, key), sock=sock)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:  # 16 to 20 ms: not for a run without https
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    # ── keeping ──

    def _give_back(self, connection: _Connection) -> None:
        if connection.complete and connection.reusable and connection.usable:
            if before := self._idle.pop(connection.key, None):
                before.close()
            self._idle[connection.key] = connection
        else:
            connection.close()

    def _forget(self, connection: _Connection) -> None:
        self._open.discard(connection)
        if self._idle.get(connection.key) is connection:
            del self._idle[connection.key]

    def _make_room(self) -> None:
        while self._idle and len(self._open) + self._opening > self._max_open:
            oldest = self._idle.pop(next(iter(self._idle)))
            self._open.discard(oldest)
            oldest.close()

    async def aclose(self) -> None:
        """End all connections and wait until they are gone."""
        for connection in list(self._open):
            connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while self._open:
                    await asyncio.sleep(0)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def never_connected(error: FetchError) -> bool:
    """Whether the host could not even be connected to (DNS, TCP, TLS): only these are raised from an OSError."""
    return isinstance(error.__cause__, OSError)


def worth_retrying(error: BaseException) -> bool:
    """Whether asking again within seconds may help: not when a certificate is wrong or a name does not exist."""
    cause = error.__cause__
    lasting = isinstance(cause, ssl.SSLCertVerificationError) or (
        isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN
    )
    return isinstance(error, Unreachable) and not lasting
