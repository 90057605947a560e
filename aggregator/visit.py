"""One source visited: fetch → extract → normalise. Plain data in, plain picklable data out; nothing here touches the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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

VERSION = 2  # of extraction and normalisation: raise it when they read pages otherwise, and every page is read anew
MARKS = 2  # of tags and keys: raise it when they are read otherwise, and everything stored is marked again
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
        source.keep,
        source.drop,
    )
    return blake2b(repr(how).encode(), digest_size=12).hexdigest()


def read(source: Source, page: Page) -> Reading:
    """Extract and normalise one page. Pure and bounded, but for what a hostile page may cost: run it in a worker (`workers`).

    Raises:
        ExtractError: the page is not what the source's kind promises.
    """
    from aggregator import sieve
    from aggregator.normalise import item  # parsers load where pages are read, not where nothing changed

    page = replace(page, text=decode(page.body, page.charset))
    found = source.extractor(page, source.limits)
    sightings, refused = item.sightings(found.items, source, page)
    sightings, sifted = sieve.sifted((marked(sighting, source) for sighting in sightings), source.keep, source.drop)
    left_out = tuple(Refusal(page.url, "item", "", words) for words in found.left_out)
    return Reading(sightings, (*refused, *left_out), found.more, found.complete, len(found.items), sifted)


def marked(sighting: Sighting, source: Source) -> Sighting:
    """Give a sighting with its tags and the keys under which others that tell the same are found."""
    from aggregator import alike, dedupe, tags, taxonomy
    from aggregator.normalise.urls import host

    tagged = replace(
        sighting,
        tags=tags.tags(
            taxonomy.current(), title=sighting.title, subtitle=sighting.subtitle, summary=sighting.summary, categories=sighting.categories,
            section=sighting.section, partners=source.territory.partners,
        ),
    )  # fmt: skip
    own = dedupe.own(sighting, source, host(sighting.url) if sighting.url else "")
    return replace(tagged, keys=alike.hashed_keys(alike.trace_of(tagged, source.name, source.territory.home, own=own)))


async def visit(source: Source, known: Known, *, get: Get, read: Read, clock: Callable[[], datetime]) -> Visit:
    """Visit a source. Never raises SourceError: a failure is a Visit whose outcome says so, and whose words say why.

    Further pages of a list are read until one brings no new key (offsets past the end are clamped to the last page,
    never refused) or the kind's `pages` is reached. A page that did not change still says what it said, and leads on to
    the pages it named.
    """
    print_ = fingerprint(source)
    memory = known.pages if known.fingerprint == print_ else {}
    limit = min(MAX_PAGES, int(getattr(source.extractor, "pages", 1)))
    walk = _Walk(limit, [source.url], {source.url})
    told: dict[str, Sighting] = {}
    seen: set[str] = set()
    pages: list[Fetched] = []
    complete, moved_to, failure = True, None, None
    while walk.queue:
        url = walk.queue.pop(0)
        try:
            page = await get(_request(source, url, memory.get(url)))
            moved_to = moved_to or (page.moved_to if url == source.url else None)
            if isinstance(page, NotModified):
                pages.append(Fetched(url, clock(), "unchanged", page.status, page.ms, page.wire_bytes))
                walk.on(memory[url].more if url in memory else ())
                continue
            reading = await read(source, page)
        except SourceError as error:
            pages.append(failed_fetch(url, clock(), error))
            if url == source.url:
                return _failed(Visit(source.slug, clock(), "failed", print_, tuple(pages)), error)
            failure = error  # the first pages say enough; the ledger keeps what happened to this one
            break
        pages.append(_success(url, page.fetched_at, page, reading))
        complete = complete and reading.complete
        fresh = ({s.key for s in reading.sightings} | {one.sighting.key for one in reading.sifted}) - seen
        seen |= fresh
        told |= {s.key: s for s in reading.sightings if s.key not in told}
        walk.on(reading.more, stop=bool(reading.sightings or reading.sifted) and not fresh)
    changed = any(page.outcome == "changed" for page in pages)
    if failure is not None:  # no page is remembered: the next visit reads them all again
        pages = [replace(page, memory=None) for page in pages]
    done = Visit(
        source.slug, clock(), "changed" if changed else "unchanged", print_, tuple(pages), moved_to=moved_to,
        read_as=print_,
    )  # fmt: skip
    if failure is not None:
        done = replace(
            done, partial=True, error_class=type(failure).__name__, error=f"a further page failed: {failure}"
        )
    if not changed:
        return done
    return replace(done, sightings=tuple(told.values()), complete=complete, whole=failure is None and not walk.cut)


@dataclass(slots=True)
class _Walk:
    """The pages of a list still to be read. `cut`: some that were named were not walked to."""

    limit: int
    queue: list[str]
    seen: set[str]
    cut: bool = False

    def on(self, more: tuple[str, ...], *, stop: bool = False) -> None:
        """Walk on to pages not seen yet, within the limit."""
        for url in more:
            if url in self.seen:
                continue
            if stop or len(self.seen) >= self.limit:
                self.cut = True
                continue
            self.seen.add(url)
            self.queue.append(url)


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
        PageMemory(page.etag, page.last_modified, page.digest, reading.more), reading.sifted,
    )  # fmt: skip


def failed_fetch(url: str, now: datetime, error: SourceError) -> Fetched:
    """Give a fetch that failed, as the ledger keeps it."""
    outcome: Outcome = "waiting" if isinstance(error, Postponed) else "failed"
    status = error.status if isinstance(error, FetchError) else 200
    ms = (error.ms or 0) if isinstance(error, FetchError) else 0
    return Fetched(url, now, outcome, status, ms, error_class=type(error).__name__, error=str(error))


def _failed(done: Visit, error: SourceError) -> Visit:
    until = error.until if isinstance(error, Postponed) else error.retry_after if isinstance(error, BadStatus) else None
    outcome = done.pages[-1].outcome
    return replace(done, outcome=outcome, until=until, error_class=type(error).__name__, error=str(error))
