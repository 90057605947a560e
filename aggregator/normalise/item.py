"""One raw item becomes one sighting (or, for a list of dates, one each): words interpreted once, and nothing guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from aggregator.errors import ExtractError, ItemError
from aggregator.model import Attachment, Occurrence, Page, RawAttachment, RawItem, Refusal, Sighting, Source, Status
from aggregator.normalise import dates
from aggregator.normalise.html import plain, sanitise
from aggregator.normalise.text import clean, clean_lines, fold, repair, without_people
from aggregator.normalise.urls import absolute, canonical

MAX_TITLE = 500
MAX_ID = 300  # longer ids are hashed
MAX_TEXT = 50_000
MAX_CATEGORIES = 20
MAX_ATTACHMENTS = 50
_OLDEST = date(1990, 1, 1)
_EVENTS_AHEAD = timedelta(days=3653)

_STATUSES: dict[str, Status] = {
    "cancelled": "cancelled", "canceled": "cancelled", "eventcancelled": "cancelled", "annulé": "cancelled", "annule": "cancelled",
    "postponed": "postponed", "eventpostponed": "postponed", "reporté": "postponed", "reporte": "postponed",
    "tentative": "tentative", "confirmed": "confirmed", "eventscheduled": "confirmed", "eventrescheduled": "confirmed",
    "eventmovedonline": "confirmed",
}  # fmt: skip
_MEDIA = {
    "pdf": "application/pdf", "doc": "application/msword", "odt": "application/vnd.oasis.opendocument.text",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "zip": "application/zip",
    "xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint", "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "svg": "image/svg+xml",
    "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "wav": "audio/wav", "m4a": "audio/mp4", "flac": "audio/flac",
    "mp4": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime", "epub": "application/epub+zip",
}  # fmt: skip
_EXTENSION = re.compile(r"\.([a-zA-Z0-9]{2,5})(?:[?#]|$)")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}$")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRINGS = tuple(one.name for one in fields(RawItem) if one.name not in ("kind", "end_exclusive", "markup"))
_GEO = re.compile(r"\s*(-?\d{1,2}(?:\.\d{1,15})?)\s*[;, ]\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*$")


def _spelled(item: RawItem) -> RawItem:
    """The item without lone surrogates: JSON may write them, nothing after us can."""
    broken: dict[str, Any] = {
        name: _SURROGATE.sub("\ufffd", words)
        for name in _STRINGS
        if isinstance(words := getattr(item, name), str) and not words.isascii() and _SURROGATE.search(words)
    }
    return replace(item, **broken) if broken else item


@dataclass(frozen=True, slots=True)
class _Words:
    """A raw item's text fields, readable and repaired; `raw` keeps what repairs or readings replaced."""

    title: str
    subtitle: str | None
    summary: str | None
    location: str | None
    organiser: str | None
    raw: dict[str, str]


def sightings(
    items: tuple[RawItem, ...], source: Source, page: Page
) -> tuple[tuple[Sighting, ...], tuple[Refusal, ...]]:
    """Normalise what an extractor found on `page`: sightings with keys unique in `source`, and what was left out and why.

    Within a page, raw items of one key are one thing told twice (a list and an agenda block) and become one sighting;
    where their titles differ, the id or URL that they share identifies nothing and they are told apart by the next best.
    """
    read: list[Sighting] = []
    refused: list[Refusal] = []
    for found_item in items:
        item = _spelled(found_item)
        where = clean((item.title or item.url or item.guid or "?")[:200])
        try:
            found, problems = _sightings(item, source, page)
            read.extend(found)
            refused.extend(
                Refusal(where, problem.field, str(problem.value)[:500], problem.words) for problem in problems
            )
        except ItemError as error:
            refused.append(Refusal(where, error.field, str(error.value)[:500], error.words))
        except ExtractError as error:
            refused.append(Refusal(where, "content", "", str(error)))
    return tuple(_sealed(sighting) for sighting in unique(read)), tuple(refused)


def _sightings(item: RawItem, source: Source, page: Page) -> tuple[list[Sighting], list[ItemError]]:
    problems: list[ItemError] = []
    base = absolute(item.base, page.url) or page.url
    words = _words(item)
    url = absolute(item.url, base)
    if item.url and url is None:
        problems.append(ItemError("url", item.url, "this is no http(s) address: the item is kept without a link"))
    folded = canonical(url, source.aliases) if url else None
    if folded is not None and folded == canonical(page.url, source.aliases):
        folded = None  # the list that shows it: no identity of its own
    guid = clean(item.guid)[:5_000] if item.guid else None
    published = _published(item.published, source, page)
    if item.published and published is None:
        problems.append(
            ItemError("published", item.published, "no date could be read in it: the item is kept without one")
        )
    updated = _published(item.updated, source, page) if item.updated else None
    occurrences, said, problem = _when(item, source, page)
    if problem:
        problems.append(problem)
    content = sanitise(_markup(item, item.content), base) if item.content else None
    first = Sighting(
        source=source.slug,
        key=_key(item.native_id, guid, folded, words.title, source),
        kind=item.kind,
        title=words.title,
        seen_on=page.requested,
        guid=guid,
        url=url,
        canonical=folded if item.recurrence_id is None else None,
        subtitle=words.subtitle,
        summary=words.summary,
        content=without_people(repair(content))[: MAX_TEXT * 4] if content else None,
        language=_language(item.language) or source.language,
        published=published,
        updated=updated if isinstance(updated, datetime) else None,
        status=_status(item.status) or said,
        location=words.location,
        geo=_geo(item.geo),
        organiser=words.organiser,
        author=without_people(plain(item.author))[:MAX_TITLE] or None if item.author else None,
        section=clean(item.section)[:MAX_TITLE] if item.section else None,
        categories=tuple(dict.fromkeys(c for c in (plain(c)[:100] for c in item.categories) if c))[:MAX_CATEGORIES],
        attachments=_attachments(item.attachments, base),
        raw=words.raw,
    )
    if item.recurrence_id is not None:
        first = replace(first, key=f"{first.key}·{item.recurrence_id}")
    if len(occurrences) < 2:
        return [replace(first, when=occurrences[0]) if occurrences else first], problems
    # « les 11 et 18 mars »: one event each, told apart by their days; the address stands for none of them.
    return [
        replace(first, when=when, key=_on_its_day(first.key, when), canonical=None) for when in occurrences
    ], problems


def _on_its_day(key: str, when: Occurrence) -> str:
    """The key of one of several occurrences. When it moves, or the others have passed, `dedupe.continued` goes on with it."""
    return f"{key}·{when.start.isoformat()}"


def _words(item: RawItem) -> _Words:
    raw = {
        name: words
        for name in ("published", "updated", "when", "start", "end", "status")
        if (words := getattr(item, name))
    }

    def one(name: str, words: str | None, length: int) -> str | None:
        readable = plain(words) if words and item.markup == "html" else clean(words) if words else ""
        mended = without_people(repair(readable))
        if mended != readable:
            raw[name] = readable
        return mended[:length] or None

    summary = None
    for words in (item.summary, item.content):  # a feed may carry bodies only
        if words and not summary:
            readable = (
                plain(words[: MAX_TEXT * 4], lines=True)
                if item.markup == "html"
                else clean_lines(words[: MAX_TEXT * 4])
            )
            summary = without_people(repair(readable))[:MAX_TEXT] or None
            if summary and repair(readable) != readable:
                raw["summary"] = readable[:MAX_TEXT]
    title = one("title", item.title, MAX_TITLE) or (_opening(summary) if summary else None)
    if title is None:
        raise ItemError("title", item.title, "there is neither a title nor a text to name it by")
    place, organiser = one("location", item.location, MAX_TITLE), one("organiser", item.organiser, MAX_TITLE)
    return _Words(
        title,
        one("subtitle", item.subtitle, MAX_TITLE),
        summary,
        place,
        organiser,
        raw,
    )


def _opening(summary: str) -> str:
    """What names an item that has no title: the first line of its text, cut at a word."""
    line = summary.split("\n", 1)[0]
    return line if len(line) <= 100 else line[:100].rsplit(" ", 1)[0] + " (…)"


def _markup(item: RawItem, words: str) -> str:
    return words if item.markup == "html" else words.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")


def _language(said: str | None) -> str | None:
    return (
        said.strip().lower()[:20]
        if said and re.fullmatch(r"\s*[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*\s*", said)
        else None
    )


def _geo(said: str | None) -> str | None:
    match = _GEO.match(said) if said else None
    if match is None or not (abs(float(match.group(1))) <= 90 and abs(float(match.group(2))) <= 180):
        return None
    return None if float(match.group(1)) == float(match.group(2)) == 0 else f"{match.group(1)};{match.group(2)}"


def _status(said: str | None) -> Status | None:
    return _STATUSES.get(said.strip().rsplit("/", 1)[-1].lower()) if said else None


def _attachments(found: tuple[RawAttachment, ...], base: str) -> tuple[Attachment, ...]:
    kept: dict[str, Attachment] = {}
    for one in found:
        url = absolute(one.url, base)
        extension = _EXTENSION.search(url) if url else None
        said = (one.media_type or "").split(";")[0].strip().lower()
        media = said if _MEDIA_TYPE.match(said) else _MEDIA.get(extension.group(1).lower()) if extension else None
        if url is None or media is None or len(kept) >= MAX_ATTACHMENTS:
            continue
        length = int(one.length) if one.length and one.length.isdecimal() and len(one.length) < 16 else None
        kept.setdefault(
            url, Attachment(url, media, length or None, plain(one.title)[:MAX_TITLE] or None if one.title else None)
        )
    return tuple(kept.values())


# ── time ────────────────────────────────────────────────────────────────────────────────────────


def _published(words: str | None, source: Source, page: Page) -> date | datetime | None:
    if not words:
        return None
    said = dates.published(clean(words[:200]), seen=page.fetched_at, tz=source.timezone)
    return (
        said
        if said is not None and _day(said) >= _OLDEST and _day(said) <= (page.fetched_at + _EVENTS_AHEAD).date()
        else None
    )


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _when(item: RawItem, source: Source, page: Page) -> tuple[tuple[Occurrence, ...], Status | None, ItemError | None]:
    """When an event is: machine values first, else the words of its date block. None read is None, and said."""
    if item.kind != "event":
        return (), None, None
    if item.start:
        when = machine_occurrence(item, source.timezone)
        if when is not None and _OLDEST <= _day(when.start) <= (page.fetched_at + _EVENTS_AHEAD).date():
            return (when,), None, None
    if item.when:
        reading = dates.read(
            clean_lines(item.when[:500]),
            seen=page.fetched_at,
            tz=item.tz or source.timezone,
            language=source.language,
            block=True,
        )
        if reading is not None and reading.occurrences:
            return reading.occurrences, reading.status, None
    words = item.start or item.when
    return (
        (),
        None,
        ItemError("when", words or "", "no date could be read in it: the event is kept without one") if words else None,
    )


def machine_occurrence(item: RawItem, tz: str) -> Occurrence | None:
    """Give the occurrence that `item.start` and `item.end` state as machine values, in `item.tz`, else in the source's zone `tz`.

    A value with an offset or Z is an instant: it is kept as wall time of that zone. SPIP's hCalendar writes an all-day
    event as local midnights in UTC, its last day included (spip.md): read as days when its visible words name no hour.
    """
    zone = item.tz if item.tz and _known(item.tz) else tz
    start, end = dates.machine(item.start or "", tz=zone), dates.machine(item.end or "", tz=zone) if item.end else None
    if start is None:
        return None
    doubts = ("zone assumed",) if item.tz and zone != item.tz else ()
    if not isinstance(start, datetime):
        last = _day(end) if end is not None else start
        exclusive = last if item.end_exclusive and end is not None else last + timedelta(days=1)
        return Occurrence(start, exclusive if exclusive > start else start + timedelta(days=1), True, zone, doubts)
    start = _wall(start, zone)
    if (
        item.when
        and _midnight(start)
        and (end is None or (isinstance(end, datetime) and _midnight(_wall(end, zone))))
        and not re.search(r"\d\s*(?:h|:)", item.when)
    ):
        last = _wall(end, zone).date() if isinstance(end, datetime) else start.date()
        return Occurrence(start.date(), max(last, start.date()) + timedelta(days=1), True, zone, doubts)
    if end is not None:
        end = (
            _wall(end, zone)
            if isinstance(end, datetime)
            else datetime.combine(end, time()) + timedelta(days=0 if item.end_exclusive else 1)
        )
    if end is not None and end > start and _midnight(start) and (_midnight(end) or (end.hour, end.minute) == (23, 59)):
        # How programs write whole days that know times only: to 23:59, or to the next midnight.
        return Occurrence(start.date(), end.date() + timedelta(days=0 if _midnight(end) else 1), True, zone, doubts)
    return Occurrence(start, end if end is not None and end > start else None, False, zone, doubts)


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _wall(moment: datetime, zone: str) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _midnight(moment: datetime) -> bool:
    return moment.hour == moment.minute == moment.second == 0


# ── identity ────────────────────────────────────────────────────────────────────────────────────


def _key(native_id: str | None, guid: str | None, folded: str | None, title: str, source: Source) -> str:
    """Identity within the source: native id, else guid, else canonical path; words only where there is nothing else."""
    if native_id:
        return _short("id:" + clean(native_id))
    if guid:
        # A guid that is an address is folded like one: http/https and mirrors of one guid are one item.
        address = canonical(guid, source.aliases) if guid.startswith(("http://", "https://")) else None
        if address and "#" in guid and "#" not in address:
            address += "#" + guid.partition("#")[2]  # « /agenda#forum » names one thing of the page
        return _short("guid:" + (address or guid))
    return _short("url:" + folded) if folded else _by_words(title)


def _by_words(title: str) -> str:
    return _short("words:" + fold(title))


def _short(key: str) -> str:
    if len(key) <= MAX_ID:
        return key
    return f"{key[:60]}#{blake2b(key.encode(), digest_size=16).hexdigest()}"


def unique(read: list[Sighting]) -> list[Sighting]:
    """Give each thing once: same key and same words are merged, same key and other words get the next best identity.

    Order is kept; the first telling leads and the others fill what it leaves open. Also used over the pages of one visit.
    """
    groups: dict[str, list[Sighting]] = {}
    for sighting in read:
        groups.setdefault(sighting.key, []).append(sighting)
    if len(groups) == len(read):
        return read
    told: dict[str, Sighting] = {}
    for key, group in groups.items():
        for sighting in group if len(group) == 1 else _apart(key, group):
            told[sighting.key] = _merged(told[sighting.key], sighting) if sighting.key in told else sighting
    return list(told.values())


def _apart(key: str, group: list[Sighting]) -> list[Sighting]:
    if not key.startswith("id:") and len({fold(s.title) for s in group}) > 1 and len({s.kind for s in group}) == 1:
        # One guid for many (a broken generator), or one address for all (a list without pages of its own).
        by_url = (
            key.startswith("guid:")
            and len({s.canonical for s in group}) == len(group)
            and None not in {s.canonical for s in group}
        )
        return [
            replace(
                s,
                key=_short(f"url:{s.canonical}") if by_url else _by_words(s.title),
                canonical=s.canonical if by_url else None,
            )
            for s in group
        ]
    # One event on several dates: an occurrence each.
    dated = [s for s in group if s.when is not None]
    if len({s.when.start for s in dated if s.when}) < 2:
        return group
    others = [s for s in group if s.when is None]
    return others + [replace(s, key=_on_its_day(key, s.when), canonical=None) for s in dated if s.when]


_Filled = Literal[
    "subtitle",
    "summary",
    "content",
    "published",
    "updated",
    "when",
    "status",
    "location",
    "geo",
    "organiser",
    "author",
    "url",
    "canonical",
]
_FILLED: tuple[_Filled, ...] = get_args(_Filled)


def _merged(one: Sighting, other: Sighting) -> Sighting:
    """Two tellings of one thing on one source: an event if either says so; the first leads, the other fills the gaps."""
    gaps = {
        name: getattr(other, name)
        for name in _FILLED
        if getattr(one, name) is None and getattr(other, name) is not None
    }
    return replace(
        one,
        kind="event" if "event" in (one.kind, other.kind) else "news",
        categories=tuple(dict.fromkeys((*one.categories, *other.categories)))[:MAX_CATEGORIES],
        attachments=one.attachments or other.attachments,
        raw={**other.raw, **one.raw},
        **gaps,
    )


def _sealed(sighting: Sighting) -> Sighting:
    """Add the digest of everything said: what changes it is a change."""
    said = (
        sighting.kind, sighting.title, sighting.subtitle, sighting.summary, sighting.content, sighting.guid, sighting.url, sighting.language,
        str(sighting.published), str(sighting.updated), str(sighting.when), sighting.status, sighting.location, sighting.geo, sighting.organiser,
        sighting.author, sighting.section, sighting.categories, sighting.attachments,
    )  # fmt: skip
    return replace(sighting, digest=blake2b(repr(said).encode("utf-8", "replace"), digest_size=16).hexdigest())
