"""One source visited: fetch → extract → normalise. Plain data in, plain picklable data out; nothing here touches the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from aggregator.errors import BadStatus, FetchError, Postponed, SourceError
from aggregator.model import (
    Fetched,
    Known,
    NotModified,
    Outcome,
    Page,
    PageMemory,
    Reading,
    Refusal,
    Request,
    Sighting,
    Source,
    Visit,
)
from aggregator.normalise.text import decode

VERSION = 1  # of extraction and normalisation: raise it when they read pages otherwise, and every page is read anew
MAX_PAGES = 50

Get = Callable[[Request], Awaitable[Page | NotModified]]
Read = Callable[[Source, Page], Awaitable[Reading]]


def fingerprint(source: Source) -> str:
    """Tell how a source is read: another fingerprint, and what was kept of its pages (validators, digests) says nothing."""
    how = (
        VERSION,
        source.url,
        source.kind,
        source.extractor,
        source.language,
        source.timezone,
        source.hosts,
        sorted(source.aliases.items()),
    )
    return blake2b(repr(how).encode(), digest_size=12).hexdigest()


def read(source: Source, page: Page) -> Reading:
    """Extract and normalise one page. Pure and bounded, but for what a hostile page may cost: run it in a worker (`workers`).

    Raises:
        ExtractError: the page is not what the source's kind promises.
    """
    from aggregator.normalise import item  # parsers load where pages are read, not where nothing changed

    page = replace(page, text=decode(page.body, page.charset))
    found = source.extractor(page, source.limits)
    sightings, refused = item.sightings(found.items, source, page)
    left_out = tuple(Refusal(page.url, "item", "", words) for words in found.left_out)
    return Reading(sightings, (*refused, *left_out), found.more, found.complete, len(found.items))


async def visit(source: Source, known: Known, *, get: Get, read: Read, clock: Callable[[], datetime]) -> Visit:
    """Visit a source. Never raises SourceError: a failure is a Visit whose outcome says so, and whose words say why.

    Further pages of a list are read until one brings no new key (offsets past the end are clamped to the last page,
    never refused) or the kind's `pages` is reached. A page that did not change still says what it said.
    """
    print_ = fingerprint(source)
    memory = known.pages if known.fingerprint == print_ else {}
    told: dict[str, Sighting] = {}
    queue, seen_urls = [source.url], {source.url}
    pages: list[Fetched] = []
    complete, moved_to, changed = True, None, False
    limit = min(MAX_PAGES, int(getattr(source.extractor, "pages", 1)))
    while queue and len(pages) < limit:
        url = queue.pop(0)
        try:
            page = await get(_request(source, url, memory.get(url)))
            moved_to = moved_to or (page.moved_to if url == source.url else None)
            if isinstance(page, NotModified):
                pages.append(Fetched(url, clock(), "unchanged", page.status, page.ms, page.wire_bytes))
                continue
            reading = await read(source, page)
        except SourceError as error:
            pages.append(_failure(url, clock(), error))
            if url == source.url:
                return _failed(Visit(source.slug, clock(), "failed", print_, tuple(pages)), error)
            break  # the first pages say enough; the ledger keeps what happened to this one
        pages.append(_success(url, page.fetched_at, page, reading))
        changed = True
        complete = complete and reading.complete
        fresh = [s for s in reading.sightings if s.key not in told]
        told.update((s.key, s) for s in fresh)
        if fresh:
            for more in reading.more:
                if more not in seen_urls and len(seen_urls) < limit:
                    seen_urls.add(more)
                    queue.append(more)
    done = Visit(source.slug, clock(), "unchanged", print_, tuple(pages), moved_to=moved_to)
    if not changed:
        return done
    return replace(done, outcome="changed", sightings=tuple(told.values()), complete=complete)


def _request(source: Source, url: str, memory: PageMemory | None) -> Request:
    request = Request(url, delay=source.delay, allow_private=source.allow_private, limits=source.limits)
    return (
        request
        if memory is None
        else replace(request, etag=memory.etag, last_modified=memory.last_modified, digest=memory.digest)
    )


def _success(url: str, now: datetime, page: Page, reading: Reading) -> Fetched:
    return Fetched(
        url, now, "changed", page.status, page.ms, page.wire_bytes, reading.found, reading.refused,
        PageMemory(page.etag, page.last_modified, page.digest),
    )  # fmt: skip


def _failure(url: str, now: datetime, error: SourceError) -> Fetched:
    outcome: Outcome = "waiting" if isinstance(error, Postponed) else "failed"
    status = error.status if isinstance(error, FetchError) else 200
    ms = (error.ms or 0) if isinstance(error, FetchError) else 0
    return Fetched(url, now, outcome, status, ms, error_class=type(error).__name__, error=str(error))


def _failed(done: Visit, error: SourceError) -> Visit:
    until = error.until if isinstance(error, Postponed) else error.retry_after if isinstance(error, BadStatus) else None
    outcome = done.pages[-1].outcome
    return replace(done, outcome=outcome, until=until, error_class=type(error).__name__, error=str(error))
