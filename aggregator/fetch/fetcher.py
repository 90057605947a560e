"""One run's fetching: whose turn it is, what robots.txt allows, where redirects lead, what an answer means."""

from __future__ import annotations

import asyncio
import random as randomness
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from types import TracebackType
from typing import Self

import httpx
import tenacity

from aggregator.errors import BadStatus, Blocked, Disallowed, FetchError, Postponed, Refused, TooLarge, Unreachable
from aggregator.fetch import robots
from aggregator.fetch.addresses import authority, parse_url, shown
from aggregator.fetch.answers import (
    PAGES,
    PERMANENT,
    Answer,
    clock_time,
    headers_of,
    media_type_of,
    retry_after_of,
    status_words,
    validators_of,
    validators_to_send,
)
from aggregator.fetch.blocked import blocked
from aggregator.fetch.decode import Decoder
from aggregator.fetch.hosts import Budget, Host
from aggregator.fetch.transport import Resolver, Transport, never_connected, worth_retrying
from aggregator.model import HostMemory, Limits, NotModified, Page, Request

_JITTER = 0.2  # of a delay: many hosts of one provider must not be asked in step
_RETRIES = 2
_DOWN_FOR = 60.0  # seconds in which a host that could not be connected to is not tried by its other sources
_NOTICE = 16_384  # bytes read of an answer that is no page: enough to tell what it is


class Fetcher:
    """Brings pages, for one run; an async context manager.

    One request at a time a host, `request.delay` seconds apart and a little more (jitter, Crawl-delay); at most
    `concurrency` requests at once over all hosts, those waiting for their host's turn not counted.
    `hosts`: what earlier runs remembered, by authority ("www.ville.fr", "www.ville.fr:8080").
    `clock` gives aware UTC times. `random`, `retry_wait` (seconds before the first retry) and `resolve`
    (`socket.getaddrinfo`) are given by tests.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        hosts: Mapping[str, HostMemory] | None = None,
        concurrency: int = 8,
        random: randomness.Random | None = None,
        retry_wait: float = 1.0,
        resolve: Resolver = socket.getaddrinfo,
    ) -> None:
        self._user_agent = user_agent
        self._clock = clock
        self._remembered = hosts or {}
        self._hosts: dict[str, Host] = {}
        self._slots = asyncio.Semaphore(concurrency)
        self._random = random or randomness.Random()
        self._retry_wait = retry_wait
        self._transport = Transport(resolve=resolve)
        self._headers = [("User-Agent", user_agent), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    def remembered(self) -> dict[str, HostMemory]:
        """Give the memory of the hosts, by authority, that changed during this run: to be stored."""
        return {name: replace(host.memory) for name, host in self._hosts.items() if host.changed}

    async def get(self, request: Request) -> Page | NotModified:
        """Fetch one page, following redirects. `Page.ms` counts the time on the network, not the waiting for turns.

        Raises:
            Unreachable: no or no whole answer, after two more tries where trying again can help.
            BadStatus: an answer that is no page; `retry_after` when the host says when to come back.
            Postponed: the host said so earlier, and it is not yet time; nothing was asked.
            Disallowed: robots.txt closes this path, or the whole host while it cannot be read.
            Refused: an address, port, scheme, encoding or chain of redirects that we do not follow.
            TooLarge: more than `request.limits.body` bytes, on the wire or decoded, or too many headers.
            Blocked: a challenge, consent or maintenance page in place of the page.
        """
        budget = Budget(request.limits.total)
        try:
            return await self._follow(request, budget)
        except FetchError as error:
            error.ms = round(budget.spent * 1_000)
            raise

    async def _follow(self, request: Request, budget: Budget) -> Page | NotModified:
        url = parse_url(request.url, allow_private=request.allow_private)
        conditional = validators_to_send(request)
        seen = {str(url)}
        permanent = True
        for _ in range(request.limits.redirects + 1):
            try:
                answer = await self._visit(url, request, conditional, budget)
            except Refused as error:
                if len(seen) == 1:
                    raise
                raise Refused(error.url, f"{shown(request.url)} redirects to {shown(url)}: {error}") from error
            if answer.location is None:
                moved_to = str(url) if permanent and len(seen) > 1 else None
                return self._concluded(answer, request, bool(conditional), moved_to, budget)
            permanent = permanent and answer.status in PERMANENT
            url = _next_hop(answer, request.allow_private)
            if str(url) in seen:
                words = (
                    f"{shown(request.url)} redirects in a circle (at {shown(url)}): open it in a browser, correct it"
                )
                raise Refused(request.url, words, status=answer.status)
            seen.add(str(url))
        words = f"{shown(request.url)} redirects more than {request.limits.redirects} times: correct its address"
        raise Refused(request.url, words, status=answer.status)

    def _concluded(
        self, answer: Answer, request: Request, conditional: bool, moved_to: str | None, budget: Budget
    ) -> Page | NotModified:
        """Say what the last answer means."""
        url, now = str(answer.url), self._clock()
        ms = round(budget.spent * 1_000)
        if answer.status == 304 and conditional:
            return NotModified(url, 304, now, moved_to, answer.wire_bytes, ms)
        digest = blake2b(answer.body, digest_size=16).hexdigest()
        if answer.status in PAGES and digest == request.digest:
            return NotModified(url, 200, now, moved_to, answer.wire_bytes, ms)
        media_type, charset = media_type_of(answer.headers)
        if what := blocked(answer.status, answer.headers, media_type, answer.body):
            words = f"{shown(url)} served {what} in place of the page ({answer.status}): tried again at its next turn"
            raise Blocked(url, words, status=answer.status)
        if answer.status not in PAGES:
            retry_after = retry_after_of(answer, now)
            words = status_words(shown(url), answer.status, retry_after)
            raise BadStatus(url, words, status=answer.status, retry_after=retry_after)
        etag, last_modified = validators_of(answer.headers)
        return Page(
            url=url,
            requested=request.url,
            status=answer.status,
            body=answer.body,
            fetched_at=now,
            digest=digest,
            content_type=media_type,
            charset=charset,
            etag=etag,
            last_modified=last_modified,
            moved_to=moved_to,
            wire_bytes=answer.wire_bytes,
            ms=ms,
        )

    # ── politeness ──

    def _host(self, url: httpx.URL) -> Host:
        name = authority(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name, self._remembered.get(name))
        return host

    async def _visit(
        self, url: httpx.URL, request: Request, conditional: list[tuple[str, str]], budget: Budget
    ) -> Answer:
        """Ask for one URL, if its host lets us."""
        host = self._host(url)
        self._refuse_while_postponed(host, url)
        if not host.knows_robots(self._clock()):
            async with host.asking_robots:
                if not host.knows_robots(self._clock()):
                    await self._ask_robots(host, url, request, budget)
        rules = self._rules(host, url)
        if not rules.allows(str(url)):
            words = f"{shown(url)} is closed to us by robots.txt: ask its owner, or disable its source"
            raise Disallowed(str(url), words)
        delay = max(request.delay, rules.delay or 0.0)
        return await self._retrying(url, partial(self._turn, url, request, delay, conditional, budget), budget)

    def _refuse_while_postponed(self, host: Host, url: httpx.URL) -> None:
        until = host.memory.not_before
        if until is not None and self._clock() < until:
            words = f"{host.name} asked us to come back later: {shown(url)} is tried again after {clock_time(until)}"
            raise Postponed(str(url), words, until=until)

    async def _retrying(self, url: httpx.URL, attempt: Callable[[], Awaitable[Answer]], budget: Budget) -> Answer:
        """Try, and try twice more what may be a passing trouble, while there is time left."""
        failed: Unreachable | None = None
        try:
            return await attempt()  # mostly all there is to do, and done without the 25 us that retrying costs
        except Unreachable as error:
            failed = error

        async def first_or_next() -> Answer:
            nonlocal failed
            if failed is None:
                return await attempt()
            first, failed = failed, None
            raise first

        again = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(worth_retrying),
            wait=lambda state: self._retry_wait * 2.0 ** (state.attempt_number - 1) * (1.0 + self._random.random()),
            stop=lambda state: state.attempt_number > _RETRIES or state.upcoming_sleep >= budget.left,
            sleep=budget.sleep,
            reraise=True,
        )
        try:
            return await again(first_or_next)
        except Unreachable as error:
            if never_connected(error):
                until = asyncio.get_running_loop().time() + _DOWN_FOR
                self._host(url).down[url.scheme] = (until, error)
            raise

    async def _turn(
        self, url: httpx.URL, request: Request, delay: float, conditional: list[tuple[str, str]], budget: Budget
    ) -> Answer:
        """Wait for the host's turn and ask once."""
        host, loop = self._host(url), asyncio.get_running_loop()
        async with host.turn:
            self._refuse_while_postponed(host, url)
            if (down := host.down.get(url.scheme)) and loop.time() < down[0]:
                raise Unreachable(str(url), str(down[1])) from down[1].__cause__
            pause = host.free_at + delay * (1.0 + _JITTER * self._random.random()) - loop.time()
            if host.free_at and pause > 0.0:
                await asyncio.sleep(pause)
            async with self._slots:
                try:
                    async with budget.running(url):
                        answer = await self._exchange(url, request, conditional)
                finally:
                    host.free_at = loop.time()
            if until_then := retry_after_of(answer, self._clock()):
                host.memory.not_before = until_then
                host.changed = True
            return answer

    # ── robots.txt ──

    def _rules(self, host: Host, url: httpx.URL) -> robots.Rules:
        memory = host.memory
        if robots.closes(memory.robots_status or 0):
            assert memory.robots_until is not None
            why = f"answered {memory.robots_status}" if memory.robots_status else "could not be read"
            words = f"{host.name}: its robots.txt {why}, so all of it is closed: {shown(url)} is tried again after "
            raise Disallowed(str(url), words + clock_time(memory.robots_until), status=memory.robots_status or None)
        if host.rules is None:
            host.rules = robots.Rules(memory.robots or "", self._user_agent)
        return host.rules

    async def _ask_robots(self, host: Host, url: httpx.URL, request: Request, budget: Budget) -> None:
        """Read a host's robots.txt into its memory, redirects followed.

        Raises:
            Unreachable, Refused, Postponed: the host itself cannot be visited, which says nothing of its robots.txt.
        """
        target = url.copy_with(raw_path=b"/robots.txt")
        # The source's limit on its pages says nothing of robots.txt, of which the start is read at any length.
        asked = replace(request, limits=replace(request.limits, body=4 * robots.MAX_ROBOTS))
        status, text = 0, ""
        try:
            for _ in range(robots.MAX_REDIRECTS + 1):
                answer = await self._retrying(
                    target, partial(self._turn, target, asked, request.delay, [], budget), budget
                )
                status = answer.status
                if answer.location is None:
                    break
                target = _next_hop(answer, request.allow_private)
            if status in PAGES:
                text = robots.text_of(answer.body)
        except (Unreachable, Refused, TooLarge) as error:
            unasked = isinstance(error, Refused) and error.status is None
            if authority(target) == host.name and (unasked or never_connected(error)):
                error.url = str(url)  # the page's: that it was robots.txt which was asked for first is of no interest
                raise
            status = 0
        memory = host.memory
        memory.robots, memory.robots_status = text, status
        memory.robots_until = self._clock() + robots.kept_for(status)
        host.rules, host.changed = None, True

    # ── one exchange ──

    async def _exchange(self, url: httpx.URL, request: Request, conditional: list[tuple[str, str]]) -> Answer:
        """Ask for one URL and read the answer within limits."""
        outgoing = httpx.Request(
            "GET",
            url,
            headers=self._headers + conditional,
            extensions={"limits": request.limits, "allow_private": request.allow_private},
        )
        response = await self._transport.handle_async_request(outgoing)
        try:
            return await _read(response, url, request.limits)
        finally:
            await response.aclose()


async def _read(response: httpx.Response, url: httpx.URL, limits: Limits) -> Answer:
    """Read an answer: a page to its end, robots.txt to its limit, the start of anything else."""
    status, headers = response.status_code, headers_of(response.headers.raw)
    is_page, is_robots = status in PAGES, url.raw_path == b"/robots.txt"
    limit = robots.MAX_ROBOTS + 1 if is_robots else limits.body
    parts: list[bytes] = []
    wire_bytes = 0
    try:
        if is_page and not is_robots and _announced(headers) > limit:
            raise _too_large(url, limit)
        decoder = Decoder(str(url), headers.get("content-encoding", ""), limit if is_page else _NOTICE)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for chunk in response.stream:
            wire_bytes += len(chunk)
            parts.append(decoder.decode(chunk))
            if decoder.over:
                break
        else:
            decoder.finish()
        if decoder.over and is_page and not is_robots:
            raise _too_large(url, limit)
    except FetchError as error:
        error.status = status
        if is_page:
            raise  # else: its status tells enough
    return Answer(url, status, headers, b"".join(parts), wire_bytes)


def _announced(headers: dict[str, str]) -> int:
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0


def _too_large(url: httpx.URL, limit: int) -> TooLarge:
    return TooLarge(str(url), f"{shown(url)} is larger than {limit:,} bytes: raise its limit, or choose a smaller page")


def _next_hop(answer: Answer, allow_private: bool) -> httpx.URL:
    """Give where a redirect leads, judged as any URL is.

    Raises:
        Refused: we do not go there.
    """
    assert answer.location is not None
    try:
        target = str(answer.url.join(answer.location))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        words = f"{shown(answer.url)} redirects to {shown(answer.location)}, which is no address: correct its source"
        raise Refused(str(answer.url), words, status=answer.status) from error
    try:
        return parse_url(target, allow_private=allow_private)
    except Refused as error:
        raise Refused(error.url, f"{shown(answer.url)} redirects to {error}", status=answer.status) from error
