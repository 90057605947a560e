"""An item as every format says it: cleaned words, safe links, instants in UTC. The formats only spell it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aggregator.model import Attachment, Item, Occurrence
from aggregator.publish import french

MAX_TAGS = 20

# What XML 1.0 allows, less C1 controls and foreign line ends. Matching it whole is twice as fast as looking for the rest.
_ALLOWED = re.compile("[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_FORBIDDEN = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[ \t\n]+")
_LINK = re.compile(r"https?://[^\s/?#\"<>\\]+[^\s\"<>\\]*\Z", re.IGNORECASE)
_ASCII = "".join(chr(code) for code in range(0x21, 0x7F))
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*\Z", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


@dataclass(frozen=True, slots=True)
class Event:
    """When and where, for machines: ISO 8601, a day or an instant with its offset. `end` is exclusive, as in iCalendar."""

    start: str
    end: str | None
    all_day: bool
    timezone: str
    location: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as readers see it. `summary` is plain text; `brief` and `full` are HTML, `full` None without a body.

    `published` is the instant that orders the item (None: its source does not say when), never a guess of its hour; both instants are whole seconds in UTC.
    `home` is the origin's home page.
    """

    id: str
    title: str
    link: str | None
    published: datetime | None
    updated: datetime
    language: str | None
    author: str | None
    origin: str | None
    home: str | None
    others: tuple[tuple[str, str | None], ...]  # the other sources that tell it: name, home page
    summary: str
    brief: str
    full: str | None
    tags: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    event: Event | None


def entry_of(item: Item) -> Entry:
    """Say an item.

    Raises:
        ValueError: no usable uid, an instant without a zone, an unknown time zone, a date of the wrong kind.
    """
    lead = item.origins[0] if item.origins else None
    attachments = tuple(a for a in map(_attachment, item.attachments) if a is not None)
    summary = clean(item.summary or "").strip()
    intro, outro = _intro(item), _documents(attachments) + _also(item)
    body = clean(item.content, "\ufffd") if item.content else ""
    return Entry(
        id=f"urn:uuid:{uid(item)}",
        title=headline(item),
        link=link(item.url),
        published=instant(item.ranked_at) if item.published is not None or item.kind == "event" else None,
        updated=instant(item.updated),
        language=language(item.language),
        author=line(item.author) or None,
        origin=line(lead.name) or None if lead else None,
        home=link(lead.home) if lead else None,
        others=tuple(dict.fromkeys((line(o.name), link(o.home)) for o in item.origins[1:] if line(o.name))),
        summary=summary,
        brief=intro + _paragraph(summary) + outro,
        full=intro + body + outro if body.strip() else None,
        tags=tags(item),
        attachments=attachments,
        event=_event(item),
    )


# ── words ───────────────────────────────────────────────────────────────────────────────────────


def clean(text: str, instead: str = "") -> str:
    """The text without characters that XML 1.0 forbids, C1 controls and foreign line ends.

    In HTML they are not taken out but replaced (`instead`): taking one out of `java\\x01script:`, or making a line end of
    it, would make an address that runs of one that the sanitiser took for a harmless one.
    """
    if _ALLOWED.fullmatch(text):
        return text
    if instead:
        return _FORBIDDEN.sub(instead, text.replace("\r\n", "\n"))
    return _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text))


def forbidden(text: str) -> bool:
    """Whether a text holds a character that XML 1.0 forbids."""
    return _ALLOWED.fullmatch(text) is None


def line(text: str | None) -> str:
    """The text on one line; French spaces stay."""
    return _BLANKS.sub(" ", clean(text)).strip() if text else ""


def title(item: Item) -> str:
    """The title, with « [ANNULÉ] » and the like before it (once) and no date."""
    words, mark = line(item.title) or french.NO_TITLE, french.mark(item)
    return f"[{mark}] {words}" if mark and not words.upper().startswith(f"[{mark}") else words


def headline(item: Item) -> str:
    """The title in a list of mixed things: an event's date stands before it, where a narrow list does not cut it off.

    A title that says its day itself says it once.
    """
    if item.when is None or item.kind != "event":
        return title(item)
    words, mark = line(item.title) or french.NO_TITLE, french.mark(item)
    if mark and words.upper().startswith(f"[{mark}"):
        words = words.partition("]")[2].strip() or words
    if french.names_day(words, item.when):
        return f"[{mark}] {words}" if mark else words
    dated = f"{french.capital(french.occurrence(item.when))} · {words}"
    return f"[{mark}] {dated}" if mark else dated


def tags(item: Item) -> tuple[str, ...]:
    """Categories, cleaned, each once, at most MAX_TAGS."""
    return tuple(dict.fromkeys(word for word in map(line, item.categories) if word))[:MAX_TAGS]


def link(url: str | None) -> str | None:
    """The address if it is absolute http(s), in ASCII; None otherwise."""
    if not url or _LINK.match(url) is None or _FORBIDDEN.search(url) is not None:
        return None
    if url.isascii():
        return url
    scheme, _, rest = url.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{host}{quote(rest[len(host) :], safe=_ASCII)}" if host.isascii() else None


def language(tag: str | None) -> str | None:
    """A language tag, or None for what is none."""
    return tag if tag and _LANGUAGE.match(tag) else None


def uid(item: Item) -> str:
    """The item's own id.

    Raises:
        ValueError: it is none.
    """
    if not is_uid(item.uid):
        raise ValueError(f"uid {item.uid[:80]!r} is no identifier")
    return item.uid


def is_uid(text: str) -> bool:
    """Whether it can stand in a URN and in an iCalendar UID as it is."""
    return _UID.match(text) is not None


# ── time ────────────────────────────────────────────────────────────────────────────────────────


def instant(value: datetime) -> datetime:
    """The same instant in UTC, to the second.

    Raises:
        ValueError: it has no zone, so it is no instant.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no zone")
    utc = value.astimezone(UTC)
    return utc.replace(microsecond=0) if utc.microsecond else utc


@lru_cache(maxsize=64)  # an entry says its instants five times: a tenth of its spelling
def stamp(value: datetime) -> str:
    """RFC 3339 in UTC: « 2026-11-20T12:00:00Z »."""
    return instant(value).isoformat()[:19] + "Z"


@lru_cache(maxsize=1024)
def zone(tz: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        ValueError: no such zone.
    """
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name is a folder of the database ("Europe")
        raise ValueError(f"unknown time zone {tz[:80]!r}") from error


def bounds(when: Occurrence) -> tuple[date | datetime, date | datetime | None]:
    """Start and exclusive end, of one kind: days, or wall times that know their zone. An end not after the start is no end.

    Raises:
        ValueError: days where times should be or the reverse, or an unknown zone.
    """
    start, end = when.start, when.end
    if when.all_day:
        if isinstance(start, datetime) or isinstance(end, datetime):
            raise ValueError("an all-day event has a time of day")
        return start, end if end is not None and end > start else None
    if not isinstance(start, datetime) or not (end is None or isinstance(end, datetime)):
        raise ValueError("a timed event has a day without a time")
    if start.tzinfo is not None or (end is not None and end.tzinfo is not None):
        raise ValueError("a wall time carries an offset")
    tz = zone(when.tz)
    later = end is not None and end - start > timedelta(0)
    return start.replace(tzinfo=tz), end.replace(tzinfo=tz) if end is not None and later else None


# ── HTML of our own around what items say ───────────────────────────────────────────────────────


def anchor(url: str, words: str) -> str:
    """A link out of our pages."""
    return f'<a href="{escape(url)}" rel="noopener nofollow ugc">{escape(words, quote=False)}</a>'


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>".replace("\n", "<br>") if text else ""


def _intro(item: Item) -> str:
    """The line that says when and where an event is, and what became of it; and the last day to answer."""
    last = f"<p>{french.DEADLINE}{french.day(item.deadline)}</p>" if item.deadline else ""
    if item.kind != "event":
        return last
    when = french.capital(french.occurrence(item.when)) if item.when else ""
    words = [f"<strong>{escape(part, quote=False)}</strong>" for part in (when, french.state(item)) if part]
    words[1:1] = [escape(part, quote=False) for part in (line(item.location),) if part]
    organiser = line(item.organiser)
    by = f"<p>{french.ORGANISER}{escape(organiser, quote=False)}</p>" if organiser else ""
    room = link(item.conference)
    afar = f"<p>{french.CONFERENCE}{anchor(room, room)}</p>" if room else ""
    return (f"<p>{' · '.join(words)}</p>" if words else "") + by + afar + last


def _documents(attachments: tuple[Attachment, ...]) -> str:
    """Links to the documents: RSS names one enclosure only, and few readers show it."""
    links = [
        anchor(a.url, a.title or a.url.rsplit("/", 1)[-1] or a.url)
        for a in attachments
        if not a.media_type.startswith("image/")
    ]
    return f"<p>{french.DOCUMENTS}{', '.join(links)}</p>" if links else ""


def _also(item: Item) -> str:
    """« Aussi sur : … »: the other places that say the same."""
    links = {
        anchor(url, line(o.name) or url): None for o in item.origins[1:] if (url := link(o.url)) and url != item.url
    }
    return f"<p>{french.ALSO_ON}{', '.join(links)}</p>" if links else ""


def _attachment(attachment: Attachment) -> Attachment | None:
    url = link(attachment.url)
    if url is None or not _MEDIA_TYPE.match(attachment.media_type):
        return None
    length = attachment.length if attachment.length and attachment.length > 0 else None
    return Attachment(url, attachment.media_type.lower(), length, line(attachment.title) or None)


def _event(item: Item) -> Event | None:
    if item.kind != "event" or item.when is None:
        return None
    start, end = bounds(item.when)
    return Event(
        start=start.isoformat(),
        end=end.isoformat() if end is not None else None,
        all_day=item.when.all_day,
        timezone=item.when.tz,
        location=line(item.location) or None,
        status="withdrawn" if item.withdrawn_at is not None and item.status != "cancelled" else item.status,
    )
