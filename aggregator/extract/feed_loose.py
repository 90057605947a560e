"""Feeds that are not well-formed, or unusual: feedparser, 25 times slower, reads them.

feedparser is given bytes in a BytesIO only: a string might name a file or an address to it.
"""

from __future__ import annotations

import re
from html import escape
from io import BytesIO
from typing import Any

from aggregator.errors import ExtractError
from aggregator.extract.feed_item import distinct, native_id, period, permalink
from aggregator.extract.feed_xml import HTML, TEXT, VOID, is_media
from aggregator.model import RawAttachment, RawItem

# feedparser takes 0.8 s a MB of markup, and longer by the square in what is counted here (measured: 100 000 attributes,
# an author's name of 1 MB or 60 000 categories keep it busy for minutes). No honest feed comes near.
MAX_BYTES = 2_000_000
MAX_ATTRIBUTES = 1_000
MAX_CATEGORIES = 2_000
MAX_BASES = 5_000
_LONG_TAG = re.compile(r"""<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*'){1000,}+""")
_LONG_WORD = re.compile(r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1000}")  # it looks for e-mail addresses in authors' names
_CATEGORY = re.compile(r"<[^<>/]{0,40}(?:category|subject|keywords)", re.IGNORECASE)
_DATE = re.compile(r"<(?:[\w.-]{1,40}:)?date\b", re.IGNORECASE)  # dc:date, whatever its prefix
_ENTRY = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)\b", re.IGNORECASE)
# feedparser writes an end tag for each start tag of inline markup, and </br> is one more line break in HTML.
_VOID_END = re.compile(rf"</(?:{'|'.join(sorted(VOID))})>")

Facts = dict[str, Any]  # an entry as a plain dict: FeedParserDict answers "updated" with the publication


def read(document: str, page_url: str, most: int, *, atom: bool) -> tuple[list[RawItem], int]:
    """Read a feed that begins at its root element: its first `most` entries, and how many it has.

    Raises:
        ExtractError: it is too large or too contrived for feedparser, or feedparser failed.
    """
    data = document.encode("utf-8", "replace")
    _bounded(document, len(data))
    headers = {"content-type": "application/xml; charset=utf-8"}
    if "xml:base" in document:
        # Only then: with an address to resolve against, feedparser rewrites guids such as « 4711 », which are identities.
        headers["content-location"] = page_url
    try:
        import feedparser  # 30 ms: few feeds need it

        result = feedparser.parse(
            BytesIO(data), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except Exception as error:  # whatever its handlers meet: ValueError, KeyError, UnicodeError, RecursionError …
        raise ExtractError(f"the feed is not well-formed, and no sense could be made of it ({error!r:.200})") from error
    if not result.version and not result.entries:
        raise ExtractError("the address answers XML in which there is no feed")
    feed = dict(result.feed)
    around = {
        "atom": atom,
        "dated": _DATE.search(document) is not None,
        "language": feed.get("language"),
        "author": _author(feed, True),
    }
    return [_item(dict(entry), around, page_url) for entry in result.entries[:most]], len(result.entries)


def _bounded(document: str, size: int) -> None:
    if size > MAX_BYTES:
        raise ExtractError(f"the feed is not well-formed, and too large to be repaired ({size} bytes of {MAX_BYTES})")
    attributes = max((tag.count("=") for tag in _LONG_TAG.findall(document)), default=0)
    categories = max(len(_CATEGORY.findall(part)) for part in _ENTRY.split(document))
    contrived = {
        f"an element has more than {MAX_ATTRIBUTES} attributes": attributes > MAX_ATTRIBUTES,
        f"an item has more than {MAX_CATEGORIES} categories": categories > MAX_CATEGORIES,
        f"it changes xml:base more than {MAX_BASES} times": document.count("base=") > MAX_BASES,
        "a word has more than 1000 letters": _LONG_WORD.search(document) is not None,
    }
    for words, found in contrived.items():
        if found:
            raise ExtractError(f"the feed is not well-formed, and too contrived to be repaired: {words}")


def _item(entry: Facts, around: Facts, page_url: str) -> RawItem:
    atom = around["atom"]
    guid = _text(entry, "id")
    links = [dict(link) for link in entry.get("links", ())]
    # No "guidislink": the id is RSS 1.0's rdf:about, an address by definition.
    permanent = permalink(guid) if not atom and entry.get("guidislink", True) else None
    texts: list[Facts] = [*entry.get("content", ()), entry.get("summary_detail") or {}, entry.get("title_detail") or {}]
    languages = (text["language"] for text in reversed(texts) if text.get("language"))
    published, updated = _text(entry, "published"), _text(entry, "updated")
    if published is None and around["dated"] and not atom:
        published, updated = updated, None  # feedparser reads dc:date as « updated »
    url = _link(links) or permanent
    base = next((text["base"] for text in texts if text.get("base")), None)
    event: Facts = {}
    if start := _text(entry, "ev_startdate"):
        event = period(start, _text(entry, "ev_enddate"))
        event |= {"kind": "event", "location": _text(entry, "ev_location"), "organiser": _text(entry, "ev_organizer")}
    return RawItem(
        native_id=native_id(page_url, url, guid),
        guid=guid,
        url=url,
        base=base if base != page_url else None,
        title=_prose(entry.get("title_detail"), atom),
        summary=_prose(entry.get("summary_detail"), atom),  # no detail: feedparser has copied the content
        content=next((words for body in entry.get("content", ()) if (words := _prose(body, atom))), None),
        published=published,
        updated=updated,
        author=_author(entry, atom) or (around["author"] if atom else None),
        language=_text(entry, "language") or next(languages, around["language"]),
        categories=_categories(entry),
        attachments=_attachments(links, entry.get("media_content", ())),
        **event,
    )


def _text(entry: Facts, name: str) -> str | None:
    value = entry.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _prose(detail: Facts | None, atom: bool) -> str | None:
    """Give a text as HTML: RSS's is HTML by practice, Atom's as its type says."""
    words = str((detail or {}).get("value") or "").strip()
    if detail is None or not words:
        return None
    said = detail.get("type", "text/plain") if atom else "html"
    if said in TEXT:
        return escape(words, quote=False)
    if said == "application/xhtml+xml" or (not atom and detail.get("type") == "application/xhtml+xml"):
        words = _VOID_END.sub("", words)
    return words if said in HTML else None


def _link(links: list[Facts]) -> str | None:
    alternates = [link for link in links if link.get("rel") == "alternate" and link.get("href")]
    alternates.sort(key=lambda link: link.get("type") not in HTML)
    return str(alternates[0]["href"]).strip() if alternates else None


def _author(entry: Facts, atom: bool) -> str | None:
    authors = [dict(author) for author in entry.get("authors", ())]
    if not atom and len(authors) == 1:
        return _text(entry, "author")
    return ", ".join(distinct(author.get("name") for author in authors)) or None


def _categories(entry: Facts) -> tuple[str, ...]:
    tags = [dict(tag) for tag in entry.get("tags", ())]
    foreign = ("http://www.itunes.com/", "http://search.yahoo.com/mrss/category_schema")
    return distinct(tag.get("label") or tag.get("term") for tag in tags if tag.get("scheme") not in foreign)


def _attachments(links: list[Facts], media: list[Facts]) -> tuple[RawAttachment, ...]:
    kept: dict[str, RawAttachment] = {}
    for link in links:
        if link.get("rel") == "enclosure" and (url := str(link.get("href") or "").strip()):
            kind = link.get("type") or None
            kind = None if kind == "text/html" else kind  # feedparser's own guess for Atom links
            kept.setdefault(url, RawAttachment(url, kind, link.get("length") or None, link.get("title") or None))
    for one in media:
        url, kind = str(one.get("url") or "").strip(), one.get("type") or None
        if url and is_media(kind, one.get("medium")):
            kept.setdefault(url, RawAttachment(url, kind, one.get("filesize") or None))
    return tuple(kept.values())
