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

import httpx

from aggregator.errors import FetchError, Refused, Unreachable
from aggregator.fetch.addresses import port_of, shown, why_refused
from aggregator.fetch.connection import NEXT_TURN, Connection, Key
from aggregator.model import Limits

_MAX_ADDRESSES = 4  # of one name, tried one after the other
_DNS_THREADS = 32  # look-ups block: the loop's own executor of 6 threads took 6.8 s for 200 of them (measured)

Resolver = Callable[..., list[tuple[Any, ...]]]


class _Body(httpx.AsyncByteStream):
    """An answer's body; closing it gives its connection back, or ends it when there was more to read."""

    def __init__(self, connection: Connection, owner: Transport) -> None:
        self._connection: Connection | None = connection
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
        self._open: set[Connection] = set()
        self._opening = 0
        self._idle: dict[Key, Connection] = {}  # the oldest first
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

    async def _answer(self, connection: Connection, request: httpx.Request, limits: Limits) -> httpx.Response:
        try:
            await connection.ask(request, limits)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(connection.status, headers=connection.headers, stream=_Body(connection, self))

    # ── connecting ──

    async def _connect(self, key: Key, url: str, limits: Limits) -> Connection:
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
            words = f"{host} did not answer within {limits.connect:g} s ({stage[0]}): {NEXT_TURN}"
            raise Unreachable(url, words) from error
        except ssl.SSLCertVerificationError as error:
            words = (
                f"{host} shows a certificate that cannot be trusted ({error.verify_message}): "
                "its owner must renew or correct it, " + NEXT_TURN
            )
            raise Unreachable(url, words) from error
        except ssl.SSLError as error:
            words = f"{host} cannot agree on encryption with us (TLS: {error.reason}): {NEXT_TURN}"
            raise Unreachable(url, words) from error
        except OSError as error:
            why = error.strerror or type(error).__name__
            words = f"{host} cannot be connected to ({stage[0]}: {why}): {NEXT_TURN}"
            raise Unreachable(url, words) from error
        finally:
            self._opening -= 1

    async def _vetted(self, key: Key, url: str) -> list[tuple[int, tuple[Any, ...]]]:
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
            words = f"{host} has no address (DNS: {error.strerror}): check its name, {NEXT_TURN}"
            raise Unreachable(url, words) from error
        except UnicodeError as error:  # an empty label, or one over 63 characters
            raise Refused(url, f"{shown(url)}: {host[:80]} is not a host name, correct it") from error
        found = list(dict.fromkeys((int(answer[0]), answer[4]) for answer in answers))
        if not found:
            raise Unreachable(url, f"{host} has no address (DNS): check its name, {NEXT_TURN}")
        return found

    async def _open_one(
        self, key: Key, addresses: list[tuple[int, tuple[Any, ...]]], limits: Limits, stage: list[str]
    ) -> Connection:
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
                lambda: Connection(key, self._open), sock=sock, ssl=self._context(), server_hostname=name
            )
        else:
            _, connection = await loop.create_connection(lambda: Connection(key, self._open), sock=sock)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:  # 16 to 20 ms: not for a run without https
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    # ── keeping ──

    def _give_back(self, connection: Connection) -> None:
        if connection.complete and connection.reusable and connection.usable:
            if before := self._idle.pop(connection.key, None):
                before.close()
            self._idle[connection.key] = connection
        else:
            connection.close()

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
