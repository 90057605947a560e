"""The words everything is said in: plain frozen data that can be pickled and sent to another process or machine.

Times: our own stamps are aware datetimes in UTC. A day is a `date`, an instant an aware `datetime`;
an event keeps its local wall time and its IANA zone. What a page does not say is None.
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Literal, Protocol

Kind = Literal["news", "event"]
Status = Literal["confirmed", "tentative", "cancelled", "postponed"]
Phase = Literal["announce", "report"]
Scheme = Literal["country", "region", "theme", "kind"]


# ── what we read ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one fetch and of what is taken from it (seconds, bytes, counts)."""

    connect: float = 10.0
    read: float = 15.0
    total: float = 60.0
    body: int = 10_000_000
    redirects: int = 10
    items: int = 2_000
    events: int = 5_000


@dataclass(frozen=True, slots=True)
class Territory:
    """Whose voice a source is. `partners`: ISO 3166 codes of partner countries, a hint and no more."""

    level: str | None = None
    insee: str | None = None
    siren: str | None = None
    partners: tuple[str, ...] = ()

    @property
    def home(self) -> str | None:
        """The one place it governs, « ville 37261 »; None for networks and other wide voices."""
        return home_code(self.level, self.insee, self.siren)


@dataclass(frozen=True, slots=True)
class Sieve:
    """What of a source's items is meant: those that match one of these values. Words and categories are folded; "*" is any."""

    words: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # ISO 3166 codes
    themes: tuple[str, ...] = ()  # as taxonomy.yaml calls them
    categories: tuple[str, ...] = ()  # as the source calls them


@dataclass(frozen=True, slots=True)
class Source:
    """A place we read. `slug` is its identity for ever; `extractor` is its kind with its options."""

    slug: str
    name: str
    url: str
    kind: str
    extractor: Extractor
    enabled: bool = True
    interval: int | None = None  # seconds; None: learned from the source's rhythm
    delay: float = 2.0  # seconds between two requests to its host
    allow_private: bool = False
    limits: Limits = Limits()
    language: str = "fr"
    timezone: str = "Europe/Paris"
    tags: tuple[str, ...] = ()
    territory: Territory = Territory()
    licence: str | None = None
    note: str | None = None
    hosts: tuple[str, ...] = ()  # its own host first, then the aliases that serve the same site
    aliases: Mapping[str, str] = field(default_factory=dict)  # alias host -> canonical host, of every source
    keep: Sieve | None = None
    drop: Sieve | None = None

    @property
    def home(self) -> str:
        """The page that people know it by: its site's, where its own address is a file for machines."""
        return home_of(self.kind, self.url)


_NO_PLACE = frozenset({"réseau", "plateforme", "organisation internationale", "presse", "État", "établissement public"})


def home_code(level: str | None, insee: str | None, siren: str | None) -> str | None:
    """Give the level and code of a local government; None for what governs no place, or says no code."""
    code = insee or siren
    if code is None or level in _NO_PLACE:
        return None
    return f"{level or 'ville'} {code}"


_FOR_PEOPLE = frozenset({"auto", "html", "jsonld", "rrma", "spip"})  # kinds whose address is a page


def home_of(kind: str, url: str) -> str:
    """Give a source's home page: its address, or its site's root where the address is a file or an interface for machines."""
    return url if kind in _FOR_PEOPLE else "/".join(url.split("/")[:3]) + "/"


@dataclass(frozen=True, slots=True)
class Site:
    """Who publishes. `base_url` ends without a slash; `contact` stands in the User-Agent.

    `days_back`, `days_ahead`: the window of its calendars, around the day they are rendered on.
    """

    title: str
    base_url: str
    contact: str
    language: str = "fr"
    description: str = ""
    days_back: int = 30
    days_ahead: int = 548  # 18 months


@dataclass(frozen=True, slots=True)
class Request:
    """One page to fetch, with what we know of it: validators of the last parsed body and its digest."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    delay: float = 2.0
    allow_private: bool = False
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Page:
    """What a fetch brought. `url` is where it was found after redirects; `moved_to` a permanent redirect's target.

    `text` is filled by the visit (charset ladder) before an extractor sees the page.
    """

    url: str
    requested: str
    status: int
    body: bytes
    fetched_at: datetime
    digest: str
    content_type: str = ""  # media type alone, lower case
    charset: str | None = None  # as the HTTP header says
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    wire_bytes: int = 0
    ms: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class NotModified:
    """The page is the one we parsed last: `status` 304, or 200 with the same bytes."""

    url: str
    status: int
    fetched_at: datetime
    moved_to: str | None = None
    wire_bytes: int = 0
    ms: int = 0


@dataclass(slots=True)
class HostMemory:
    """What we remember of a host (authority) between runs: its robots.txt and when it wants us back."""

    robots: str | None = None  # the text; None: never read
    robots_status: int | None = None  # HTTP status of that answer; 0: unreachable
    robots_until: datetime | None = None
    not_before: datetime | None = None


# ── what extractors find, verbatim ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RawAttachment:
    """A document, photo, sound or video as the page names it."""

    url: str
    media_type: str | None = None
    length: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class RawItem:
    """What an extractor found, word for word: nothing interpreted, nothing repaired.

    `url` and the links in `summary`/`content` may be relative to `base` (the page's URL when None).
    `title`, `summary`, `content` are HTML fragments or plain text as `markup` says.
    Dates are the words of the page: `published="Le 11 mars 2021,"`.
    An event has `when` (words a person reads: "20\\nnov", "Du 21/10/2026 au 24/10/2026") and/or machine values `start`,
    `end`: ISO "2026-10-21" (a day), "2026-10-21T09:00:00" (wall time of `tz`), or with an offset or Z.
    `end` of a day range is the last day (inclusive) unless `end_exclusive`.
    """

    kind: Kind = "news"
    native_id: str | None = None  # an id the platform gives and editors never edit ("article1784")
    guid: str | None = None  # RSS guid, Atom id, iCalendar UID, JSON-LD @id
    recurrence_id: str | None = None  # which occurrence of a recurring event
    url: str | None = None
    base: str | None = None
    title: str | None = None
    subtitle: str | None = None
    summary: str | None = None
    content: str | None = None
    markup: Literal["html", "text"] = "html"
    published: str | None = None
    updated: str | None = None
    when: str | None = None
    start: str | None = None
    end: str | None = None
    end_exclusive: bool = False
    tz: str | None = None
    status: str | None = None  # CANCELLED, EventPostponed, …
    sequence: str | None = None
    location: str | None = None
    geo: str | None = None  # "48.85;2.35"
    organiser: str | None = None
    conference: str | None = None  # where one takes part from afar
    author: str | None = None
    language: str | None = None
    categories: tuple[str, ...] = ()
    attachments: tuple[RawAttachment, ...] = ()
    section: str | None = None  # the heading it stood under


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one page gave.

    `more`: addresses of further pages of the same list, next first. `complete`: the page promises to list all that
    is to come (a calendar file), so what is missing from it is missing. `left_out`: things that were there and
    could not be read, each in words.
    """

    items: tuple[RawItem, ...]
    more: tuple[str, ...] = ()
    complete: bool = False
    left_out: tuple[str, ...] = ()


class Extractor(Protocol):
    """A kind of source: a frozen dataclass whose fields are its options in sources.yaml."""

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Read a page.

        Raises:
            ExtractError: the page is not what this kind promises (NothingFound: it lists nothing at all).
        """
        ...


# ── what sources say ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document, photo, sound or video; `url` absolute http(s), `length` in bytes."""

    url: str
    media_type: str
    length: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """When an event is. `end` is exclusive. All day: `date`s; timed: naive wall times of `tz` (IANA name).

    `doubts`: what was inferred or disagrees ("year inferred", "weekday disagrees", "hour from text"; docs/store.md lists them).
    """

    start: date | datetime
    end: date | datetime | None
    all_day: bool
    tz: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """One thing a text speaks of. `value`: ISO 3166 code of a country, slug of anything else; `why`: words, place, rule."""

    scheme: Scheme
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """One source's statement of one news or event, normalised.

    `key` is its identity within the source ("id:…", "guid:…" or "url:…"), `canonical` the folded URL that joins it
    to other sources' sightings (None when its URL is no identity). `tags`, `keys`: what a visit reads in it. `seen_on`: the page that showed it.
    `news`: a list of news tells it; of kind "event" it is also a gathering, because an agenda lists it or its words
    announce one. `phase`: it announces or reports. `deadline`: the last day to answer or register.
    `raw` keeps the words that were interpreted (dates, damaged text); `digest` changes when any said fact does.
    """

    source: str
    key: str
    kind: Kind
    title: str
    seen_on: str
    guid: str | None = None
    url: str | None = None
    canonical: str | None = None
    subtitle: str | None = None
    summary: str | None = None  # plain text
    content: str | None = None  # sanitised HTML
    language: str | None = None
    published: date | datetime | None = None
    updated: datetime | None = None
    when: Occurrence | None = None
    status: Status | None = None
    location: str | None = None
    geo: str | None = None
    organiser: str | None = None
    author: str | None = None
    section: str | None = None
    categories: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    news: bool = False
    phase: Phase | None = None
    deadline: date | None = None
    conference: str | None = None  # absolute http(s) address
    tags: tuple[Tag, ...] = ()
    keys: tuple[int, ...] = ()  # where sightings that tell the same meet (alike.keys, hashed)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something read that was left out: `where` (title or link as read), the field, its value, and why."""

    where: str
    field: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What its source's `keep:` or `drop:` leaves out, and why. Of what is stored already, it is followed all the same."""

    sighting: Sighting
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One page read: what a worker process sends back. `found` counts raw items. `sifted`: what `keep:` and `drop:` leave out."""

    sightings: tuple[Sighting, ...]
    refused: tuple[Refusal, ...] = ()
    more: tuple[str, ...] = ()
    complete: bool = False
    found: int = 0
    sifted: tuple[LeftOut, ...] = ()


# ── what a visit brings ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PageMemory:
    """What is kept of a page that was parsed: its validators, the digest of its bytes, and the further pages it named."""

    etag: str | None
    last_modified: str | None
    digest: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A way of reading a site: a kind with its options at an address, and what speaks for it."""

    kind: str
    url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What a visit needs to know of earlier ones. `fingerprint`: how the source was read then; another one voids `pages`.

    `way`: how a source of kind auto is read; `failures`: visits in a row that failed.
    """

    fingerprint: str | None = None
    pages: Mapping[str, PageMemory] = field(default_factory=dict)
    way: Way | None = None
    failures: int = 0


Outcome = Literal["changed", "unchanged", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One fetch, as the run ledger keeps it. `memory` stands only with a body that was parsed."""

    url: str
    at: datetime
    outcome: Outcome
    status: int | None = None
    ms: int = 0
    wire_bytes: int = 0
    found: int = 0
    refused: tuple[Refusal, ...] = ()
    memory: PageMemory | None = None
    sifted: tuple[LeftOut, ...] = ()
    error_class: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One source visited: plain data, absorbed by the one writer.

    `sightings`: what the pages read again show (None: nothing was read again, all is as it was). `complete`: they are
    all that is to come. `whole`: every page of the list was looked at; without it, what other pages showed still stands.
    `partial`: a further page failed (`error` says how), so nothing may be concluded from what is missing.
    `moved_to`: where every request was redirected for good. `until`: when the host wants us back.
    `read_as`: how its pages were read, which of kind auto its fingerprint does not say. `way`: how a source of kind auto was read; `notice`: what its operator is to know of that.
    """

    source: str
    at: datetime
    outcome: Outcome
    fingerprint: str
    pages: tuple[Fetched, ...]
    sightings: tuple[Sighting, ...] | None = None
    complete: bool = False
    whole: bool = True
    partial: bool = False
    moved_to: str | None = None
    until: datetime | None = None
    error_class: str | None = None
    error: str | None = None
    read_as: str = ""
    way: Way | None = None
    notice: str | None = None


# ── what is published ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Origin:
    """A source as an entry names it: its name, home page, and the address of its own statement."""

    slug: str
    name: str
    home: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """The thing itself, news or event, as publication needs it.

    `uid`: a UUID, made once. `ranked_at`: the instant that orders it in feeds (published, or first seen when that is
    unknown or lies ahead). `updated`: the last real change (its publication while it never changed). `sequence`:
    how often its event changed. `origins`: who says so, the most authoritative first.
    """

    uid: str
    kind: Kind
    title: str
    url: str | None
    summary: str | None
    content: str | None
    language: str
    published: date | datetime | None
    updated: datetime
    ranked_at: datetime
    first_seen: datetime
    changed_at: datetime
    sequence: int
    when: Occurrence | None
    status: Status | None
    location: str | None
    geo: str | None
    author: str | None
    organiser: str | None
    categories: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    origins: tuple[Origin, ...]
    withdrawn_at: datetime | None
    deadline: date | None = None
    conference: str | None = None
    tags: tuple[str, ...] = ()  # names of its countries, themes and kinds


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person who goes to an event plans by. `location` in words; `withdrawn`: its source no longer shows it."""

    when: Occurrence | None
    status: Status | None = None
    location: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an event's plan: noticed `at`, from what it was to what it is since; `title` was its title then."""

    at: datetime
    before: Plan
    after: Plan
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A withdrawn item that a feed held (RFC 6721)."""

    uid: str
    when: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """What readers subscribe to: `path` without extension ("sources/cuf"); `calendar` says whether it has an .ics form.

    `items`: newest first. `events`: the whole calendar, by start; `coming`: the first of them that are not over, for its page.
    `paged`: the UIDs of the events that have a page of their own. `home`: the page it speaks of.
    """

    path: str
    title: str
    description: str
    home: str
    items: tuple[Item, ...]
    events: tuple[Item, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    calendar: bool = False  # whether it is also an iCalendar
    coming: tuple[Item, ...] = ()
    paged: frozenset[str] = frozenset()


def _pickled_by_position(*classes: type) -> None:
    """Pickle as (class, values): the way dataclasses with slots do it costs three times as much, and these go between processes."""
    for cls in classes:
        values = attrgetter(*(one.name for one in fields(cls)))
        copyreg.pickle(cls, lambda one, cls=cls, values=values: (cls, values(one)))  # type: ignore[misc]


_pickled_by_position(Sighting, Occurrence, Attachment, Item, Origin)
