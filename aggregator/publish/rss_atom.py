"""RSS 2.0 and Atom (RFC 4287), spelled by feedgen.

feedgen 1.0.0 falls short in places, mended here through its own extension hook: entry links lose rel, type and length
(feedgen #135), an author without an e-mail is dropped from RSS, the last enclosure goes to RSS and not the first,
`atom:source` has no id, tombstones (RFC 6721) are unknown, and an undated feed is dated now.

Each entry is spelled alone, so that one that cannot be spelled costs itself, and so that its bytes can be kept and put
into several feeds; the feed around them is spelled by a generator without entries.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.publish.entry import Entry, stamp
from aggregator.publish.head import GENERATOR, Head

TTL = 60  # minutes

_ATOM = "http://www.w3.org/2005/Atom"
_AT = "http://purl.org/atompub/tombstones/1.0"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_EV = "http://purl.org/rss/1.0/modules/event/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RSS_NAMES = {"content": _CONTENT, "dc": _DC, "ev": _EV}
_ATOM_NAMES = {"at": _AT, "ev": _EV}

# Atom demands a date of a feed in which nothing has one and of which the caller knows none: the day of RFC 4287, which no
# reader takes for news, and never the hour of the run, which would make the file differ each time.
_UNDATED = datetime(2005, 12, 1, tzinfo=UTC)


# ── entries ─────────────────────────────────────────────────────────────────────────────────────


class _EntryExtension:
    """What feedgen does not say of an entry."""

    entry: Entry
    links: list[dict[str, str]]

    def extend_rss(self, item: etree._Element) -> None:
        creator = self.entry.author or self.entry.origin
        if creator:
            etree.SubElement(item, f"{{{_DC}}}creator").text = creator
        for enclosure in item.iterchildren("enclosure"):
            first = self.entry.attachments[0]
            enclosure.attrib.update({"url": first.url, "type": first.media_type, "length": str(first.length or 0)})
        self._event(item)

    def extend_atom(self, element: etree._Element) -> None:
        for spelled, link in zip(element.iterchildren("link"), self.links, strict=True):
            for name, value in link.items():
                spelled.set(name, value)
        if self.entry.language:
            element.set(_LANG, self.entry.language)
        for source in element.iterchildren("source"):
            etree.SubElement(source, "id").text = self.entry.home or ""
            etree.SubElement(source, "updated").text = stamp(self.entry.updated)
        self._event(element)

    def _event(self, element: etree._Element) -> None:
        event = self.entry.event
        if event is None:
            return
        for name, value in (("startdate", event.start), ("enddate", event.end), ("location", event.location)):
            if value:
                etree.SubElement(element, f"{{{_EV}}}{name}").text = value


def entries(entry: Entry) -> tuple[bytes, bytes]:
    """Spell an entry as RSS `<item>` and as Atom `<entry>`, for a feed that declares their namespaces.

    Event dates stand in the RSS event module: ev:startdate and ev:enddate, ISO 8601, the end exclusive.

    Raises:
        ValueError: something in it cannot be said in XML.
    """
    spelled = FeedEntry()
    spelled.register_extension("house", _EntryExtension)
    spelled.house.entry = entry
    spelled.house.links = links = _links(entry)
    spelled.id(entry.id)
    spelled.title(entry.title)
    if entry.published:
        spelled.published(entry.published)
    spelled.updated(entry.updated)
    spelled.link([dict(link) for link in links])
    if entry.author:
        spelled.author({"name": entry.author})
    elif entry.origin:
        spelled.author({"name": entry.origin, "uri": entry.home})
    if entry.full:
        spelled.summary(entry.brief, type="html")
        spelled.content(entry.full, type="html")
    elif entry.brief or not entry.link:
        spelled.content(entry.brief or escape(entry.title, quote=False), type="html")
    spelled.category([{"term": tag} for tag in entry.tags])
    if entry.origin and entry.home:
        spelled.source(url=entry.home, title=entry.origin)
    return _alone(spelled.rss_entry(), _around.rss), _alone(spelled.atom_entry(), _around.atom)


def _links(entry: Entry) -> list[dict[str, str]]:
    links = [{"rel": "alternate", "href": entry.link}] if entry.link else []
    for attachment in entry.attachments:
        link = {"rel": "enclosure", "href": attachment.url, "type": attachment.media_type}
        if attachment.length:
            link["length"] = str(attachment.length)
        if attachment.title:
            link["title"] = attachment.title
        links.append(link)
    return links


class _Around(threading.local):
    """Roots that declare the namespaces of a feed; kept, one a thread, because making one costs as much as spelling an entry."""

    def __init__(self) -> None:
        self.rss = etree.Element("x", nsmap=_RSS_NAMES)
        self.atom = etree.Element("x", nsmap=_ATOM_NAMES)


_around = _Around()


def _alone(element: etree._Element, around: etree._Element) -> bytes:
    """The element as bytes, without the namespaces that the feed around it declares."""
    around.append(element)
    spelled = etree.tostring(around, encoding="utf-8")
    around.remove(element)
    return spelled[spelled.index(b">") + 1 : -len("</x>")]


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
