"""Sitemaps (https://www.sitemaps.org/protocol.html), those of news among them (Google's news extension)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from aggregator.errors import ExtractError, NothingFound
from aggregator.extract.rest import linked, short, whole
from aggregator.model import Extracted, Limits, Page, RawAttachment, RawItem

_STEP = "robots.txt names a site's sitemaps (its « Sitemap: » lines); try also /sitemap.xml, /sitemap_index.xml, /wp-sitemap.xml"
_PROLOGUE = re.compile(r"(?:\s|\ufeff|<\?[^>]*>|<!--(?:[^-]|-(?!->))*-->|<!DOCTYPE[^>\[]*>)*", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(?:html?|php|aspx?)$", re.IGNORECASE)
_SIGN = b"\x1f\x8b"  # of a file packed by gzip
_MOST_MAPS = 50

Element = Any  # lxml's


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The kind `sitemap`: the articles of a news sitemap; of any sitemap, the addresses that `path` chooses.

    `path`: how the paths of news begin, such as /actualites/. Those addresses are taken, each named by its own words,
    for a sitemap has no titles. At most `pages` sitemaps of an index are read, the index being the first.

    Raises:
        ValueError: an option is not what it must be; the words name it.
    """

    path: str | None = field(default=None, metadata={"help": "how the paths of news begin, such as /actualites/"})
    pages: int = field(default=5, metadata={"help": "how many sitemaps are read at most, an index being the first"})

    def __post_init__(self) -> None:
        whole(self.pages)
        if self.path is not None and not (
            isinstance(self.path, str) and self.path.startswith("/") and len(self.path) > 1
        ):
            raise ValueError(f"path: {self.path!r} is not the beginning of a path, such as /actualites/")

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Give the articles, in the sitemap's order. `lastmod` says when a page was changed, never when it was published.

        `more`: the sitemaps that an index names: those of news (where it has such ones, and no `path` chooses) or all, of
        news first, then the one changed last. That one of them has no address that `path` chooses is told, and no failure.

        Raises:
            ExtractError: this is no sitemap (NothingFound: it lists nothing, or no news, and no `path` chooses; one of news
                may be empty).
        """
        root = _root(page, limits)
        kind = _name(root)
        if kind == "sitemapindex":
            maps = [found for found in map(_sitemap, _children(root, "sitemap")) if found]
            if not maps:
                raise NothingFound(f"{page.url} is an index that names no sitemap: {_STEP}")
            maps.sort(key=lambda one: one[1], reverse=True)
            maps.sort(key=lambda one: not _of_news(one[0]))
            if self.path is None and _of_news(maps[0][0]):
                maps = [one for one in maps if _of_news(one[0])]
            more = dict.fromkeys(link for url, _ in maps for link in linked(page, url))
            return Extracted((), tuple(more)[: _MOST_MAPS if self.pages > 1 else 0])
        if kind != "urlset":
            raise ExtractError(f"{page.url} answers XML, but not a sitemap (<{kind[:40]}>): {_STEP}")
        return self._urls(root, page, limits)

    def _urls(self, root: Element, page: Page, limits: Limits) -> Extracted:
        urls = list(_children(root, "url"))
        items = [item for item in map(self._item, urls) if item]
        if not items:
            lists = f"{page.url} lists {len(urls)} addresses" + (
                f", such as {short(_words(urls[0], 'loc'))}" if urls else ""
            )
            if urls and self.path:  # another of the index's sitemaps may have some
                return Extracted((), left_out=(f"{lists}: none begins with {self.path}",))
            if _declares_news(root):  # the news of two days, as its readers ask: there may be none
                return Extracted((), left_out=(f"{lists}: none is news",) if urls else ())
            if not urls:
                raise NothingFound(f"{page.url} lists no address: {_STEP}")
            raise NothingFound(
                f"{lists}: it is no news sitemap. Name in options the part of the site that is news (path: /actualites/), "
                "or read its list page (kind: html)"
            )
        told: tuple[str, ...] = ()
        if len(items) > limits.items:
            told = (f"{len(items) - limits.items} addresses beyond {limits.items}: those changed last are kept",)
            items = sorted(items, key=lambda item: item.published or item.updated or "", reverse=True)[: limits.items]
        return Extracted(tuple(items), left_out=told)

    def _item(self, url: Element) -> RawItem | None:
        link = _words(url, "loc")
        news = next(_children(url, "news"), None)
        title = _words(news, "title") if news is not None else None
        if link is None or not (title or self.path):
            return None
        if self.path and not _chosen(_path(link), unquote(self.path)):
            return None
        title = title or _named(link)
        publication = next(_children(news, "publication"), None) if news is not None else None
        return RawItem(
            url=link,
            title=escape(title, quote=False) if title else None,
            published=_words(news, "publication_date") if news is not None else None,
            updated=_words(url, "lastmod"),
            language=_words(publication, "language") if publication is not None else None,
            categories=tuple(_keywords(news)) if news is not None else (),
            attachments=tuple(RawAttachment(image) for one in _children(url, "image") if (image := _words(one, "loc"))),
        )


def _root(page: Page, limits: Limits) -> Element:
    from lxml import etree  # loads where sitemaps are read

    text = page.text
    if page.body.startswith(_SIGN):
        try:
            text = zlib.decompressobj(wbits=31).decompress(page.body, limits.body).decode("utf-8", "replace")
        except zlib.error as error:
            raise ExtractError(f"{page.url} is packed by gzip, and damaged ({error})") from error
    text = text or page.body.decode("utf-8", "replace")
    start = _PROLOGUE.match(text)
    text = text[start.end() :] if start else text
    if not re.match(r"<(?:\w{1,20}:)?(?:urlset|sitemapindex)[\s>/]", text):
        opening = re.match(r"<[^\s>]{1,40}", text)
        raise ExtractError(
            f"{page.url} answers {opening[0] + '…>' if opening else short(text[:60])}, not a sitemap: {_STEP}"
        )
    # No DTD and no entity reaches the parser; what an unescaped & breaks is read on.
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise ExtractError(f"{page.url} begins like a sitemap and cannot be read: {error}") from error
    if root is None:
        raise ExtractError(f"{page.url} begins like a sitemap and cannot be read: {_STEP}")
    return root


def _name(element: Element) -> str:
    """An element's name without its namespace: http and https forms, and undeclared prefixes, are all met."""
    return re.split(r"[}:]", element.tag)[-1] if isinstance(element.tag, str) else ""


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _name(child) == name)


def _words(element: Element, name: str) -> str | None:
    child = next(_children(element, name), None)
    return " ".join("".join(child.itertext()).split()) or None if child is not None else None


def _sitemap(element: Element) -> tuple[str, str] | None:
    link = _words(element, "loc")
    return (link, _words(element, "lastmod") or "") if link else None


def _of_news(link: str) -> bool:
    return "news" in link.rpartition("/")[2].lower()


def _declares_news(root: Element) -> bool:
    return any("sitemap-news" in space for space in root.nsmap.values())


def _keywords(news: Element) -> Iterator[str]:
    words = (word.strip() for word in (_words(news, "keywords") or "").split(","))
    return (escape(word, quote=False) for word in dict.fromkeys(words) if word)


def _path(link: str) -> str:
    try:
        return unquote(urlsplit(link).path)
    except ValueError:  # "http://["
        return ""


def _chosen(path: str, beginning: str) -> bool:
    """Whether a path is of that part of a site, and not its own list page."""
    return path.startswith(beginning) and path.strip("/") != beginning.strip("/")


def _named(link: str) -> str | None:
    """The words of an address: « /actualites/une-delegation-a-kayes.html » is called « une delegation a kayes »."""
    last = _path(link).rstrip("/").rpartition("/")[2]
    return " ".join(re.split(r"[-_+\s]+", _EXTENSION.sub("", last))).strip() or None
