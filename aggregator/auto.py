"""A source visited, whatever its kind. Of kind `auto`, the site is looked at once, and read the best way it offers.

The way is remembered. When it has failed twice for a reason that will not pass by itself, the site is looked at again:
the next best way is taken, the operator is told, and nothing is concluded from what the new way does not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from aggregator import extract
from aggregator import visit as single
from aggregator.config import extractor_of
from aggregator.discover import Call, Found, discover
from aggregator.errors import NothingFound, Postponed, SourceError
from aggregator.model import Known, Page, Reading, Source, Visit, Way
from aggregator.visit import Get

_GONE = frozenset({404, 410})
_PATIENCE = 2  # failures in a row, this one among them, after which the site is looked at again


async def visit(source: Source, known: Known, *, get: Get, call: Call, clock: Callable[[], datetime]) -> Visit:
    """Visit a source; as `visit.visit`, never raises SourceError. `call`: runs a function in a worker (`Workers.call`)."""

    async def read(source: Source, page: Page) -> Reading:
        reading: Reading = await call(single.read, source, page)
        return reading

    if source.kind != extract.AUTO:
        return await single.visit(source, known, get=get, read=read, clock=clock)
    print_ = single.fingerprint(source)
    way = known.way if known.fingerprint == print_ else None
    before = None
    if way is not None:
        brought = await single.visit(
            as_read(source, way), _as_known(source, way, known), get=get, read=read, clock=clock
        )
        before = replace(brought, fingerprint=print_, way=way, moved_to=None)
        if not _dead(brought) or known.failures + 1 < _PATIENCE:
            return before
    try:
        found = await discover(
            source.url, get=get, call=call, now=clock(), allow_private=source.allow_private, delay=source.delay
        )
    except SourceError as error:
        return before or _failed(source, clock(), print_, error)
    best = found.best
    if best is None:
        return before or _failed(source, clock(), print_, NothingFound(_words(found)))
    if best == way:
        assert before is not None
        return before
    brought = await single.visit(as_read(source, best), Known(), get=get, read=read, clock=clock)
    notice = None
    if way is not None and before is not None:
        why = (before.error or "nothing is listed there any more").partition(": if it stays so")[0]
        notice = f"{way.kind} at {way.url} no longer works ({why}): read as {best.kind} at {best.url} from now on"
        best = replace(best, why=notice)
    return replace(
        brought, fingerprint=print_, way=None if found.in_doubt and way is None else best, moved_to=None, notice=notice
    )


def as_read(source: Source, way: Way) -> Source:
    """Give the source as it is read."""
    return replace(source, url=way.url, kind=way.kind, extractor=extractor_of(way.kind, way.options))


def _as_known(source: Source, way: Way, known: Known) -> Known:
    return replace(known, fingerprint=single.fingerprint(as_read(source, way)))


def _dead(brought: Visit) -> bool:
    """Whether a visit failed for a reason that will not pass: the page is gone, or holds nothing of what it should."""
    if brought.outcome == "changed":
        return not brought.sightings and not any(page.sifted for page in brought.pages)
    if brought.outcome != "failed":
        return False
    return any(page.status in _GONE for page in brought.pages) or brought.error_class in (
        "ExtractError",
        "NothingFound",
    )


def _failed(source: Source, now: datetime, print_: str, error: SourceError) -> Visit:
    page = single.failed_fetch(source.url, now, error)
    until = error.until if isinstance(error, Postponed) else None
    return Visit(
        source.slug, now, page.outcome, print_, (page,), until=until, error_class=type(error).__name__, error=str(error)
    )


def _words(found: Found) -> str:
    tried = ", ".join(dict.fromkeys(one.url for one in found.tried))
    return f"{found.url}: no way of reading this site was found; tried: {tried}; « aggregator discover {found.url} » says more"
