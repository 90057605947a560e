"""OPML 2.0: the feeds we publish and the sources we read, for other readers to import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from lxml import etree

from aggregator.model import Feed, Site, Source
from aggregator.publish.entry import line, link
from aggregator.publish.html import FOLDERS, folder_of

_Outline = dict[str, str | None]


@lru_cache(maxsize=1)  # from one publication to the next they are mostly the same
def feeds(site: Site, published: tuple[Feed, ...]) -> bytes:
    """feeds.opml: an outline for each feed, its xmlUrl our RSS, its htmlUrl the page it speaks of.

    Those of a folder stand below one outline (« Pays », « Thèmes », …), as readers import folders; the others first.
    """
    folders: dict[str, list[_Outline]] = {name: [] for name in ("", *FOLDERS)}
    for feed in published:
        folders[folder_of(feed)].append(_feed(site, feed))
    return _opml(f"{line(site.title)}\u00a0: flux", {FOLDERS.get(name, ""): each for name, each in folders.items()})


def sources(site: Site, read: Iterable[Source]) -> bytes:
    """sources.opml: an outline for each source that is read, a feed (xmlUrl) or a page (url), http(s) only."""
    return _opml(f"{line(site.title)}\u00a0: sources", {"": [_source(source) for source in read if source.enabled]})


def _feed(site: Site, feed: Feed) -> _Outline:
    words = line(feed.title) or feed.path
    return {
        "type": "rss",
        "text": words,
        "title": words,
        "xmlUrl": f"{site.base_url}/{feed.path}.rss",
        "htmlUrl": link(feed.home),
        "description": line(feed.description),
    }


def _source(source: Source) -> _Outline:
    words, address = line(source.name) or source.slug, link(source.url)
    is_feed = source.kind == "feed"  # the others are pages and calendars, which OPML calls links
    return {
        "type": "rss" if is_feed else "link",
        "text": words,
        "title": words,
        "xmlUrl" if is_feed else "url": address,
        "category": ",".join(tag for tag in map(line, source.tags) if tag and "," not in tag),
        "language": source.language,
    }


def _opml(title: str, folders: Mapping[str, Iterable[_Outline]]) -> bytes:
    """Outlines by the name of their folder; "": of none. A folder that holds nothing is left out."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for folder, outlines in folders.items():
        led = [outline for outline in outlines if outline.get("xmlUrl", outline.get("url"))]
        place = etree.SubElement(body, "outline", text=folder, title=folder) if folder and led else body
        for outline in led:
            etree.SubElement(place, "outline", {name: value for name, value in outline.items() if value})
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
