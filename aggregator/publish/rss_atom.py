"""RSS 2.0 and Atom (RFC 4287): the feed by feedgen, its entries by hand.

feedgen 1.0.0 falls short in entries: their links lose rel, type and length (feedgen #135), an author without an e-mail is
dropped from RSS, the last enclosure goes to RSS and not the first, `atom:source` has no id; and two entries through it
cost 100 us, written here 20. Each entry is spelled alone, so that one that cannot be spelled costs itself, and so that its
bytes can be kept and put into several feeds; the feed around them is spelled by a generator without entries, with
tombstones (RFC 6721) and never dated now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import Attachment
from aggregator.publish.entry import Entry, forbidden, stamp
from aggregator.publish.head import GENERATOR, Head

TTL = 60  # minutes

_AT = "http://purl.org/atompub/tombstones/1.0"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_EV = "http://purl.org/rss/1.0/modules/event/"
_RSS_NAMES = {"content": _CONTENT, "dc": _DC, "ev": _EV}
_ATOM_NAMES = {"at": _AT, "ev": _EV}

# Atom demands a date of a feed in which nothing has one and of which the caller knows none: the day of RFC 4287, which no
# reader takes for news, and never the hour of the run, which would make the file differ each time.
_UNDATED = datetime(2005, 12, 1, tzinfo=UTC)


# ── entries ─────────────────────────────────────────────────────────────────────────────────────


def entries(entry: Entry) -> tuple[bytes, bytes]:
    """Spell an entry as RSS `<item>` and as Atom `<entry>`, for a feed that declares their namespaces.

    Event dates stand in the RSS event module: ev:startdate and ev:enddate, ISO 8601, the end exclusive.

    Raises:
        ValueError: something in it cannot be said in XML.
    """
    spelled = (_rss(entry), _atom(entry))
    if any(forbidden(words) for words in spelled):
        raise ValueError("it holds a character that XML forbids")
    return spelled[0].encode(), spelled[1].encode()


def _rss(entry: Entry) -> str:
    first = entry.attachments[0] if entry.attachments else None
    parts = [
        "<item>",
        _element("title", entry.title),
        _element("link", entry.link),
        _element("description", entry.brief or escape(entry.title)) if entry.brief or not entry.full else "",
        _element("content:encoded", entry.full),
        _element("dc:creator", entry.author or entry.origin),
        f'<guid isPermaLink="false">{escape(entry.id)}</guid>',
        *(_element("category", tag) for tag in entry.tags),
        _empty("enclosure", url=first.url, length=str(first.length or 0), type=first.media_type) if first else "",
        _element("pubDate", format_datetime(entry.published)) if entry.published else "",
        f"<source url={quoteattr(entry.home)}>{escape(entry.origin)}</source>" if entry.origin and entry.home else "",
        *_event(entry),
        "</item>",
    ]
    return "".join(parts)


def _atom(entry: Entry) -> str:
    author = _element("name", entry.author or entry.origin) + ("" if entry.author else _element("uri", entry.home))
    body = entry.full or entry.brief or ("" if entry.link else escape(entry.title))
    source = ""
    if entry.origin and entry.home:
        said = _element("id", entry.home) + _element("title", entry.origin) + _element("updated", stamp(entry.updated))
        source = f"<source>{said}{_empty('link', href=entry.home)}</source>"
    parts = [
        f"<entry xml:lang={quoteattr(entry.language)}>" if entry.language else "<entry>",
        _element("id", entry.id),
        _element("title", entry.title),
        _element("updated", stamp(entry.updated)),
        _element("published", stamp(entry.published)) if entry.published else "",
        f"<author>{author}</author>" if entry.author or entry.origin else "",
        _empty("link", rel="alternate", href=entry.link) if entry.link else "",
        *(_enclosure(attachment) for attachment in entry.attachments),
        f'<summary type="html">{escape(entry.brief)}</summary>' if entry.full and entry.brief else "",
        f'<content type="html">{escape(body)}</content>' if body else "",
        *(_empty("category", term=tag) for tag in entry.tags),
        source,
        *_event(entry),
        "</entry>",
    ]
    return "".join(parts)


def _enclosure(attachment: Attachment) -> str:
    length = {"length": str(attachment.length)} if attachment.length else {}
    title = {"title": attachment.title} if attachment.title else {}
    return _empty("link", rel="enclosure", href=attachment.url, type=attachment.media_type, **length, **title)


def _event(entry: Entry) -> list[str]:
    if entry.event is None:
        return []
    event = entry.event
    return [
        _element(f"ev:{name}", value)
        for name, value in (("startdate", event.start), ("enddate", event.end), ("location", event.location))
    ]


def _element(name: str, text: str | None) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _empty(name: str, **attributes: str) -> str:
    return f"<{name} " + " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items()) + "/>"


# ── feeds ───────────────────────────────────────────────────────────────────────────────────────


class _FeedExtension:
    """What feedgen does not say of a feed."""

    head: Head

    def extend_ns(self) -> dict[str, str]:
        return {**_RSS_NAMES, **_ATOM_NAMES}

    def extend_rss(self, rss: etree._Element) -> None:
        if self.head.updated is None:
            etree.strip_elements(rss, "lastBuildDate")

    def extend_atom(self, feed: etree._Element) -> None:
        for stone in self.head.tombstones:
            etree.SubElement(feed, f"{{{_AT}}}deleted-entry", ref=f"urn:uuid:{stone.uid}", when=stamp(stone.when))


def rss(head: Head, items: Iterable[bytes]) -> bytes:
    """The RSS 2.0 feed around the `<item>`s."""
    return _filled(_generator(head, "rss", "application/rss+xml").rss_str(), b"</channel>", items)


def atom(head: Head, items: Iterable[bytes]) -> bytes:
    """The Atom feed around the `<entry>`s, with an at:deleted-entry for each withdrawn item."""
    return _filled(_generator(head, "atom", "application/atom+xml").atom_str(), b"</feed>", items)


def _generator(head: Head, extension: str, media_type: str) -> FeedGenerator:
    spelled = FeedGenerator()
    spelled.register_extension("house", _FeedExtension)
    spelled.house.head = head
    spelled.id(head.id)
    spelled.title(head.title)
    spelled.description(head.description)
    spelled.link(href=f"{head.address}.{extension}", rel="self", type=media_type)
    spelled.link(href=head.home, rel="alternate", type="text/html")  # last: RSS takes its <link> from the last one
    spelled.author({"name": head.site})
    spelled.language(head.language)
    spelled.generator(GENERATOR)
    spelled.ttl(TTL)
    spelled.updated(head.updated or _UNDATED)
    return spelled


def _filled(shell: bytes, end: bytes, items: Iterable[bytes]) -> bytes:
    before, close, after = shell.rpartition(end)
    return b"\n".join((before, *items, close + after + b"\n"))
