"""The whole way: due → visit → absorb → publish. Visits run side by side; one writer absorbs those that end together."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aggregator import __version__, discover
from aggregator.auto import visit
from aggregator.config import Config
from aggregator.errors import ExtractError, SourceError
from aggregator.fetch import Fetcher
from aggregator.learn import learn
from aggregator.model import Fetched, Known, Source, Visit
from aggregator.publication import Published, publish
from aggregator.store import queries, transaction
from aggregator.store.absorb import Absorber, Words
from aggregator.store.ledger import Absorbed
from aggregator.visit import fingerprint
from aggregator.workers import WorkerBug, Workers

log = logging.getLogger(__name__)

HOSTS_AT_ONCE = 16
GRACE = 10.0  # seconds that visits under way have to end when the program is told to stop
_COMMIT_EVERY = 1.0  # seconds; a commit a visit would cost an fsync each

Clock = Callable[[], datetime]
Seen = Callable[["Outcome"], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One source of a run: what its visit brought and what became of it. `ms`: on the network."""

    source: Source
    visit: Visit
    absorbed: Absorbed

    @property
    def ms(self) -> int:
        """Milliseconds on the network, all pages together."""
        return sum(page.ms for page in self.visit.pages)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: an outcome a source in order of slug, and what was published."""

    outcomes: tuple[Outcome, ...]
    published: Published

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The outcomes that need somebody's eye: failed visits, and lists that came back empty."""
        return tuple(o for o in self.outcomes if o.visit.outcome == "failed" or o.absorbed.state == "empty")


def user_agent(config: Config) -> str:
    """Give the name under which we ask for pages: product, version and whom a webmaster may write to."""
    contact = "".join(c for c in config.site.contact if c.isascii() and c.isprintable() and c not in "()")
    return f"cooperation-aggregator/{__version__} (+{contact})"


async def run(
    connection: sqlite3.Connection, config: Config, out: Path, *, clock: Clock, only: Sequence[str] = (), everything: bool = False,
    started: Callable[[int], None] = lambda _: None, seen: Seen = lambda _: None, stop: asyncio.Event | None = None,
) -> Run:  # fmt: skip
    """Visit the sources that are due (`only` these slugs, or all that are enabled with `everything`), absorb, publish.

    `started` hears how many sources there are to visit, `seen` each outcome as it is stored. When `stop` is set, visits
    under way have a moment to end; the others keep their turn. What was visited is absorbed and published all the same.

    Raises:
        StoreError, PublishError: the store or feeds/ cannot be written; what was stored and published before stands.
    """
    now = clock()
    words = learn(connection, config, now)
    chosen = _chosen(connection, config, now, only, everything=everything)
    started(len(chosen))
    async with Workers() as workers:
        outcomes = (
            await _visit_all(connection, config, chosen, workers, clock, seen, stop or asyncio.Event(), words)
            if chosen
            else []
        )
        published = await publish(connection, config, out, clock(), call=workers.call)
    return Run(tuple(sorted(outcomes, key=lambda o: o.source.slug)), published)


def _chosen(
    connection: sqlite3.Connection, config: Config, now: datetime, only: Sequence[str], *, everything: bool
) -> list[Source]:
    if only:
        return [s for s in config.sources if s.slug in only]
    enabled = [s for s in config.sources if s.enabled]
    if everything:
        return enabled
    due = queries.due(connection, {s.slug: fingerprint(s) for s in enabled}, now)
    return [s for s in enabled if s.slug in due]


async def _visit_all(
    connection: sqlite3.Connection,
    config: Config,
    sources: Iterable[Source],
    workers: Workers,
    clock: Clock,
    seen: Seen,
    stop: asyncio.Event,
    words: Words,
) -> list[Outcome]:
    known = queries.known(connection)
    finished: asyncio.Queue[tuple[Source, Visit] | None] = asyncio.Queue()
    outcomes: list[Outcome] = []
    memory = queries.hosts(connection)
    async with Fetcher(user_agent=user_agent(config), hosts=memory, clock=clock, concurrency=HOSTS_AT_ONCE) as fetcher:

        async def one(source: Source) -> None:
            try:
                brought = await visit(
                    source,
                    known.get(source.slug, Known()),
                    get=fetcher.get,
                    call=workers.call,
                    clock=clock,
                )
            except WorkerBug as bug:
                log.exception("%s: a bug of ours: please report it with this traceback\n%s", source.slug, bug)
                brought = _bug(source, clock(), bug)
            except Exception as error:
                log.exception("%s: a bug of ours: please report it with this traceback", source.slug)
                brought = _bug(source, clock(), error)
            finished.put_nowait((source, brought))

        writer = asyncio.create_task(_absorb_all(connection, finished, outcomes, seen, words))
        visits = [asyncio.create_task(one(source)) for source in sources]
        try:
            await _until_done(visits, writer, stop)
        finally:
            for task in visits:
                task.cancel()
            await asyncio.gather(*visits, return_exceptions=True)
            finished.put_nowait(None)
            await writer
            with transaction(connection):
                queries.remember_hosts(connection, fetcher.remembered())
    return outcomes


async def _until_done(visits: list[asyncio.Task[None]], writer: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for the visits; told to stop, give those under way a moment; the writer's failure ends all at once."""
    work = asyncio.gather(*visits)
    stopping = asyncio.create_task(stop.wait())
    every: set[asyncio.Future[Any]] = {work, writer, stopping}
    await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
    if not work.done() and not writer.done():
        await asyncio.wait(every - {stopping}, timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    work.cancel()
    await asyncio.gather(work, stopping, return_exceptions=True)


async def _absorb_all(
    connection: sqlite3.Connection,
    finished: asyncio.Queue[tuple[Source, Visit] | None],
    outcomes: list[Outcome],
    seen: Seen,
    words: Words,
) -> None:
    """Absorb visits as they end, each in its own savepoint; those of a second share a commit."""
    absorber = Absorber(connection, words)
    visited = await finished.get()
    while visited is not None:
        stored: list[Outcome] = []
        with transaction(connection), suppress(TimeoutError):
            async with asyncio.timeout(_COMMIT_EVERY):
                while visited is not None:
                    stored.append(_absorb(connection, absorber, *visited))
                    await asyncio.sleep(0)  # fetching goes on between two visits
                    visited = await finished.get()
        outcomes += stored
        for outcome in stored:
            seen(outcome)
        visited = visited and await finished.get()


def _absorb(connection: sqlite3.Connection, absorber: Absorber, source: Source, brought: Visit) -> Outcome:
    connection.execute("SAVEPOINT visit")
    try:
        absorbed = absorber.absorb(source, brought)
    except (sqlite3.OperationalError, sqlite3.NotSupportedError):  # the disk, the file: the run's, not this visit's
        raise
    except Exception as error:
        log.exception("%s: a bug of ours while storing its visit: please report it with this traceback", source.slug)
        connection.execute("ROLLBACK TO visit")
        brought = _bug(source, brought.at, error)
        absorbed = absorber.absorb(source, brought)
    connection.execute("RELEASE visit")
    return Outcome(
        source, replace(brought, sightings=None), absorbed
    )  # stored: a run of many sources does not hold them


async def trial(
    config: Config, slugs: Sequence[str], connection: sqlite3.Connection | None, *, clock: Clock
) -> list[Visit]:
    """Visit sources as `run` would, as if for the first time, and store nothing. `connection`: hosts that asked to wait are obeyed."""
    memory = queries.hosts(connection) if connection is not None else {}
    async with Workers() as workers, Fetcher(user_agent=user_agent(config), hosts=memory, clock=clock) as fetcher:
        chosen = [source for source in config.sources if source.slug in slugs]
        return list(
            await asyncio.gather(
                *(
                    visit(
                        s,
                        Known(),
                        get=fetcher.get,
                        call=workers.call,
                        clock=clock,
                    )
                    for s in chosen
                )
            )
        )


async def look(
    config: Config, urls: Sequence[str], *, clock: Clock, allow_private: bool = False, asked: Callable[[str], None] = lambda _: None,
    done: Callable[[str], None] = lambda _: None,
) -> dict[str, discover.Found | SourceError]:  # fmt: skip
    """Look at sites for ways of reading them (`discover.discover`), with the manners of visits: what was found, or why nothing.

    `asked` hears each address as it is asked for, `done` each of `urls` as it is finished.
    """
    slots = asyncio.Semaphore(HOSTS_AT_ONCE)
    found: dict[str, discover.Found | SourceError] = {}
    async with Workers() as workers, Fetcher(user_agent=user_agent(config), hosts={}, clock=clock) as fetcher:

        async def one(url: str) -> None:
            async with slots:
                try:
                    found[url] = await discover.discover(
                        url, get=fetcher.get, call=workers.call, now=clock(), delay=config.delay,
                        allow_private=allow_private or config.allow_private, asked=asked,
                    )  # fmt: skip
                except SourceError as error:
                    found[url] = error
                except WorkerBug as bug:
                    log.exception("%s: a bug of ours: please report it with this traceback\n%s", url, bug)
                    found[url] = ExtractError(f"{url}: a bug of ours: see the log, and report it")
                done(url)

        await asyncio.gather(*map(one, urls))
    return found


def _bug(source: Source, now: datetime, error: Exception) -> Visit:
    words = f"a bug of ours ({type(error).__name__}): see the log, and report it; the source is tried again at its next turn"
    page = Fetched(source.url, now, "failed", error_class="Bug", error=words)
    return Visit(source.slug, now, "failed", fingerprint(source), (page,), error_class="Bug", error=words)


__all__ = ["Outcome", "Run", "run", "user_agent"]
