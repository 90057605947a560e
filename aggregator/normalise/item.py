"""One raw item becomes one sighting (or, for a list of dates, one each): words interpreted once, and nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from aggregator.errors import ExtractError, ItemError
from aggregator.model import (
    Attachment,
    Page,
    RawAttachment,
    RawItem,
    Refusal,
    Sighting,
    Source,
)
from aggregator.normalise import dates, deadlines, gathering, when
from aggregator.normalise.html import plain, sanitise
from aggregator.normalise.identity import MAX_CATEGORIES, key_of, on_its_day, unique
from aggregator.normalise.text import clean, clean_lines, repair, without_people
from aggregator.normalise.urls import absolute, canonical

MAX_TITLE = 500
MAX_TEXT = 50_000
MAX_ATTACHMENTS = 50

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
    content = sanitise(_markup(item, item.content), base) if item.content else None
    setting = when.setting(published, source, page)
    wanted = content and item.summary and (gathering.may_state(content) or deadlines.may_say(content))
    body = plain(content, lines=True) if content and wanted else None  # else the summary is the body, or says enough
    stated = gathering.stated(body) | gathering.stated(words.summary)
    lines = (words.title, words.subtitle) if words.subtitle else (words.title,)
    told = when.told(item, lines, stated, _texts(words, item, content), setting, source, page)
    if told.problem:
        problems.append(told.problem)
    raw = {**words.raw, **told.raw}
    last = deadlines.deadline(words.title, (words.subtitle, words.summary, body), setting)
    if last is not None:
        raw["deadline"] = last[1]
    gathers = bool(told.occurrences) or item.kind == "event"
    first = Sighting(
        source=source.slug,
        key=key_of(item.native_id, guid, folded, words.title, source),
        kind="event" if gathers else "news",
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
        status=told.status,
        location=words.location or (_line(stated.get("location")) if gathers else None),
        geo=_geo(item.geo),
        organiser=words.organiser or (_line(stated.get("organiser")) if gathers else None),
        author=without_people(plain(item.author))[:MAX_TITLE] or None if item.author else None,
        section=clean(item.section)[:MAX_TITLE] if item.section else None,
        categories=tuple(dict.fromkeys(c for c in (plain(c)[:100] for c in item.categories) if c))[:MAX_CATEGORIES],
        attachments=_attachments(item.attachments, base),
        raw=raw,
        news=item.kind == "news",
        phase=told.phase,
        deadline=last[0] if last is not None else None,
        conference=_conference(item, base) if gathers else None,
    )
    if item.recurrence_id is not None:
        first = replace(first, key=f"{first.key}·{item.recurrence_id}")
    if len(told.occurrences) < 2:
        return [replace(first, when=told.occurrences[0]) if told.occurrences else first], problems
    # « les 11 et 18 mars »: one event each, told apart by their days; the address stands for none of them.
    each = [
        replace(first, when=one, key=on_its_day(first.key, one), canonical=None, news=False) for one in told.occurrences
    ]
    if first.news:  # one piece of news all the same: it goes with the first day
        each[0] = replace(first, when=told.occurrences[0])
    return each, problems


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
    place = one("location", gathering.without_label(item.location), MAX_TITLE)
    organiser = one("organiser", gathering.without_label(item.organiser), MAX_TITLE)
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
        if said is not None and _day(said) >= when.OLDEST and _day(said) <= (page.fetched_at + when.AHEAD).date()
        else None
    )


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _texts(words: _Words, item: RawItem, content: str | None) -> Iterator[str]:
    """Where hours may stand, read only if they are looked for."""
    yield from (text for text in (words.subtitle, words.summary) if text)
    if content and item.summary:  # else the summary is the body
        yield plain(content[: MAX_TEXT * 4], lines=True)


def _line(words: str | None) -> str | None:
    return without_people(repair(words))[:MAX_TITLE] or None if words else None


def _conference(item: RawItem, base: str) -> str | None:
    """Where people take part from afar: as the page states it, else the one link to a conference in its text."""
    return absolute(item.conference, base) if item.conference else gathering.conference((item.summary, item.content))


def _sealed(sighting: Sighting) -> Sighting:
    """Add the digest of everything said: what changes it is a change."""
    said = (
        sighting.kind, sighting.title, sighting.subtitle, sighting.summary, sighting.content, sighting.guid, sighting.url, sighting.language,
        str(sighting.published), str(sighting.updated), str(sighting.when), sighting.status, sighting.location, sighting.geo, sighting.organiser,
        sighting.author, sighting.section, sighting.categories, sighting.attachments, sighting.news, sighting.phase, str(sighting.deadline),
        sighting.conference,
    )  # fmt: skip
    return replace(sighting, digest=blake2b(repr(said).encode("utf-8", "replace"), digest_size=16).hexdigest())
