"""A site's address in, ways of reading it out: what it announces, what its software usually has, what its pages list."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from aggregator.config import extractor_of
from aggregator.discover import hints
from aggregator.discover.hints import Candidate
from aggregator.errors import BadStatus, FetchError, NothingFound, Postponed, SourceError, Unreachable
from aggregator.model import Page, Reading, Request, Sighting, Source, Way
from aggregator.normalise.text import decode, fold
from aggregator.normalise.urls import host
from aggregator.visit import Get, read

BUDGET = 30  # requests to a site, all in all
_LISTS = 3  # pages called « actualités » or « agenda » that are looked at
_ENOUGH = 2  # good ways made for machines: what is usual elsewhere is no longer tried
_FEW = 3  # items that make a way good
_ANNOUNCED = 3  # ranks of what a page itself announces

Call = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A way of reading the site that works, and what it gave: `dated` of its items have a date, `events` are gatherings.

    `newest`: the last day, not in the future, that it speaks of. `said`: of its items by their links, title and day. `page`: the
    first that was read.
    """

    way: Way
    items: int
    dated: int
    events: int
    newest: date | None
    said: Mapping[str, tuple[str, date | None]]
    titles: tuple[str, ...]
    page: Page
    score: float = 0.0

    @property
    def links(self) -> frozenset[str]:
        """The pages of its items."""
        return frozenset(self.said)


@dataclass(frozen=True, slots=True)
class Tried:
    """An address that was asked for, and what came of it, in words. `passing`: a failure that may not last."""

    url: str
    kind: str
    outcome: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a site brought: the ways that work, the best first, what was tried, its software, the name it gives itself."""

    url: str
    name: str
    software: tuple[str, ...]
    trials: tuple[Trial, ...]
    tried: tuple[Tried, ...]

    @property
    def chosen(self) -> tuple[Trial, ...]:
        """The ways that are worth a source: the best one, and the best for events that it does not bring. Without dates only where nothing has any."""
        usable = [trial for trial in self.trials if trial.items >= 2 and trial.way.kind != "sitemap"]
        good = [trial for trial in usable if trial.dated] or [trial for trial in usable if trial.items >= _FEW][:1]
        if not good:
            return ()
        first = good[0]
        agenda = next(
            (t for t in good[1:] if t.events * 2 >= t.items and len(t.links - first.links) * 2 > len(t.links)), None
        )
        return (first,) if agenda is None else (first, agenda)

    @property
    def in_doubt(self) -> bool:
        """Whether what a page announces failed for a reason that may pass: another look may find a better way."""
        return any(one.passing for one in self.tried)

    @property
    def best(self) -> Way | None:
        """The way that serves best alone; what has no date is no sure way, and left to the operator."""
        return next((trial.way for trial in self.chosen if trial.dated), None)


async def discover(
    url: str, *, get: Get, call: Call, now: datetime, allow_private: bool = False, delay: float = 2.0,
    asked: Callable[[str], None] = lambda _: None,
) -> Found:  # fmt: skip
    """Look at a site as an expert would, politely: at most BUDGET requests, one at a time. Nothing is stored.

    `get`: as a visit has it. `call`: runs a function in a worker (`Workers.call`), where pages are read. `asked` hears each
    address as it is asked for.

    Raises:
        FetchError: the address itself cannot be read.
    """
    look = _Look(get, call, now, allow_private, delay, asked)
    page = await look.page(url)
    seen = await call(hints.look_at, page, now)
    trials = await look.tries(seen.itself, page)
    if not seen.itself:
        trials += await look.tries(seen.candidates, page)
        for target, software in seen.indexes:
            index = await look.further(target, "index")
            if index is not None:
                trials += await look.tries(hints.of_index(software, decode(index.body, index.charset), index.url))
        for target in seen.lists[:_LISTS]:
            further = await look.further(target, "page")
            if further is None:
                continue
            try:
                more = await call(hints.look_at, further, now)
            except SourceError as error:  # it cost its worker more than a page may
                look.tried.append(Tried(target, "page", str(error)))
                continue
            trials += await look.tries(more.candidates, further)
        looks = _looks(seen.software)
        if sum(trial.items >= _FEW and trial.way.kind not in looks for trial in trials) < _ENOUGH:
            trials += await look.tries(hints.usual(page.url, seen.software))
    return Found(
        page.url,
        seen.name or host(page.url),
        seen.software,
        ranked(trials, now.date(), seen.software),
        tuple(look.tried),
    )


@dataclass(slots=True)
class _Look:
    """A look under way: what was asked for, within the budget."""

    get: Get
    call: Call
    now: datetime
    allow_private: bool
    delay: float
    asked: Callable[[str], None]
    tried: list[Tried] = field(default_factory=list)
    pages: dict[str, Page | SourceError] = field(default_factory=dict)

    async def page(self, url: str) -> Page:
        """Fetch an address, once; beyond the budget it is refused."""
        if url not in self.pages:
            if len(self.pages) >= BUDGET:
                raise FetchError(url, f"not asked for: {BUDGET} requests are enough for one site")
            self.asked(url)
            try:
                page = await self.get(Request(url, delay=self.delay, allow_private=self.allow_private))
                assert isinstance(page, Page)  # nothing was remembered that could be the same still
                self.pages[url] = page
            except SourceError as error:
                self.pages[url] = error
        found = self.pages[url]
        if isinstance(found, SourceError):
            raise found
        return found

    async def further(self, url: str, what: str) -> Page | None:
        """Fetch an address that may be there; that it is not is noted."""
        try:
            return await self.page(url)
        except SourceError as error:
            self.tried.append(Tried(url, what, str(error)))
            return None

    async def tries(self, candidates: Iterable[Candidate], here: Page | None = None) -> list[Trial]:
        """Try ways of reading, what the site announces first; what does not work is noted. `here`: a page that is there already."""
        trials = []
        for one in sorted(candidates, key=lambda one: one.rank):
            if any((tried.url, tried.kind) == (one.url, one.kind) for tried in self.tried) and one.kind != "html":
                continue
            try:
                page = here if here is not None and one.url == here.url else await self.page(one.url)
                trials.append(await self._tried(hints.refined(one, decode(page.body, page.charset)), page))
            except SourceError as error:
                passing = (
                    one.rank <= _ANNOUNCED
                    and isinstance(error, Unreachable | Postponed | BadStatus)
                    and not _gone(error)
                )
                self.tried.append(Tried(one.url, one.kind, str(error), passing))
        return trials

    async def _tried(self, one: Candidate, page: Page) -> Trial:
        source = Source(
            "essai", "Essai", one.url, one.kind, extractor_of(one.kind, one.options), hosts=(host(one.url),), allow_private=self.allow_private,
            delay=self.delay,
        )  # fmt: skip
        reading: Reading = await self.call(read, source, page)
        told = {sighting.key: sighting for sighting in reading.sightings}
        more, pages = list(reading.more), int(getattr(source.extractor, "pages", 1))
        while (
            more and pages > 1
        ):  # further pages count, or a feed of ten would seem to hold as much as a list of thirty
            pages, url = pages - 1, more.pop(0)
            try:
                further: Reading = await self.call(read, source, await self.page(url))
            except SourceError:
                break
            told |= {sighting.key: sighting for sighting in further.sightings}
            more += [one for one in further.more if one not in self.pages and one not in more]
        if not told:
            raise NothingFound("it lists nothing")
        trial = _trial(Way(one.kind, one.url, one.options, one.why), list(told.values()), page, self.now)
        self.tried.append(Tried(one.url, one.kind, f"{trial.items} items"))
        return trial


def _gone(error: SourceError) -> bool:
    return isinstance(error, BadStatus) and error.status is not None and error.status < 500 and error.status != 429


def _trial(way: Way, told: Sequence[Sighting], page: Page, now: datetime) -> Trial:
    days = [day for s in told for day in (_day(s.published), _day(s.when.start) if s.when else None) if day is not None]
    return Trial(
        way, len(told), sum(s.published is not None or s.when is not None for s in told), sum(s.kind == "event" for s in told),
        max((day for day in days if day <= now.date() + timedelta(days=1)), default=None),
        {s.canonical: (fold(s.title), _day(s.published)) for s in told if s.canonical}, tuple(s.title for s in told[:3]), page,
    )  # fmt: skip


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


# What is made for machines says its days and its changes best; then what follows a known structure; a sitemap has no titles.
_LIKED = {
    "events_calendar": 56, "wordpress": 54, "feed": 50, "rrma": 50, "ics": 50, "openagenda": 50, "spip": 46, "plone": 46, "drupal": 46,
    "opendatasoft": 44, "jsonld": 42, "html": 34, "sitemap": 0,
}  # fmt: skip
_AGREE = 0.6  # of what a site gives machines, that a list must show to be a list of the same things


def ranked(trials: Iterable[Trial], today: date, software: Container[str] = ()) -> tuple[Trial, ...]:
    """Order ways: made for machines before pages, more of what the site has, dated, fresh, with events.

    What is told by the look of a page (kind html, and kind spip where the site is none) counts for what it has more than
    a feed only where it shows what the feed holds, under the same titles and days: else it lists other things, menus
    among them. Where there is no feed, landmarks must tell what the repeated blocks do.
    """
    each = list({(t.way.kind, t.way.url, repr(t.way.options)): t for t in trials}.values())
    looks = _looks(software)
    machines = [t for t in each if t.way.kind not in looks | {"sitemap"} and t.said]
    blocks = [t for t in each if t.way.kind == "html" and t.dated]

    def trusted(one: Trial) -> bool:
        if one.way.kind == "sitemap":
            return False
        if one.way.kind not in looks:
            return True
        if machines:
            return any(_agree(one, made) for made in machines)
        return one.way.kind == "html" or all(
            len(one.links & other.links) >= 0.8 * len(other.links) for other in blocks if other.way.url == one.way.url
        )

    sure = [t for t in each if trusted(t)]
    everything = frozenset().union(*(t.links for t in sure))
    scored = []
    for trial in each:
        covers = len(trial.links & everything) / len(everything) if trial in sure and everything else 0
        age = (today - trial.newest).days if trial.newest else None
        fresh = 0 if age is None else 10 if age <= 90 else 4 if age <= 400 else -8
        liked = _LIKED["html"] - 0.2 if trial.way.kind in looks - {"html"} else _LIKED.get(trial.way.kind, 30)
        score = liked + min(trial.items, 20) / 2 + 10 * trial.dated / trial.items + 30 * covers + fresh
        score += (
            (6 if trial.events else 0)
            - (25 if trial.items < 2 else 0)
            - (25 if trial.way.kind == "spip" and trial not in sure else 0)
        )
        scored.append(replace(trial, score=round(score, 1)))
    return tuple(sorted(scored, key=lambda t: (-t.score, t.way.url, repr(t.way.options))))


def _looks(software: Container[str]) -> frozenset[str]:
    """Give the kinds that read a page by its look: landmarks are SPIP's own where the site runs it."""
    return frozenset({"html"} if "spip" in software else {"html", "spip"})


def _agree(listed: Trial, made: Trial) -> bool:
    """Whether a list shows what a way made for machines holds, and says the same of it."""
    both = listed.links & made.links
    if not both or len(both) < _AGREE * len(made.links):
        return False
    same = [_same(listed.said[link], made.said[link]) for link in both]
    return sum(same) >= 0.9 * len(same)


def _same(listed: tuple[str, date | None], made: tuple[str, date | None]) -> bool:
    """Whether two ways call an item the same, a day beside its title set aside, and date it the same."""
    titles = listed[0] in made[0] or made[0] in listed[0]
    return titles and (listed[1] is None or listed[1] == made[1])


def slug_of(name: str) -> str:
    """Make a slug of a site's name, as sources.yaml has them."""
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9]+", "-", fold(name)))[:40].strip("-")
