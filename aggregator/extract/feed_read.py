"""RSS 0.9x, 1.0, 2.0, Atom 0.3, 1.0 and JSON Feed.

A well-formed feed takes the fast path (`feed_xml`); one that is not is mended where that changes no meaning, and tried
again; what is left goes to feedparser (`feed_loose`). No DOCTYPE reaches either: it is cut off first, and with it every
entity bomb, external entity and file inclusion.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from lxml import etree

from aggregator.errors import ExtractError
from aggregator.extract import dom, feed_json, feed_loose, feed_xml
from aggregator.extract.feed_item import ILLEGAL, join
from aggregator.model import Extracted, Limits, Page, RawItem

# What may stand before the root element. Each alternative begins its own way and nothing is given back: linear.
_PROLOG = re.compile(
    r"""(?:[\s\ufeff] | <\?.*?\?> | <!--.*?-->
      | <!DOCTYPE (?:[^\[>"'] | "[^"]*" | '[^']*')*+ (?:\[ (?:[^\]"'<] | "[^"]*" | '[^']*' | <!--.*?--> | <(?!!--))*+ \]\s*)? >
    )*+""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ROOT = re.compile(r"<((?:[\w.-]{1,40}:)?(rss|rdf|feed))(?=[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_ITEM = re.compile(r"<(/?)(?:[\w.-]{1,40}:)?(?:item|entry)\b[^<>]*>", re.IGNORECASE)
# What stands outside CDATA and XML does not know: &eacute; and bare ampersands.
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});|[A-Za-z][A-Za-z0-9]{1,31};)?", re.DOTALL
)
_XML_OWN = frozenset(("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))
_FEED_TYPE = re.compile(r"\s*application/(?:rss|atom|feed)\b", re.IGNORECASE)
_LOOK = 200_000  # characters looked at to say what a page is


def read_feed(page: Page, limits: Limits) -> Extracted:
    """See `Feed`."""
    text = (page.text or page.body.decode("utf-8", "replace")).lstrip("\ufeff \t\r\n")
    if text.startswith(("{", "[")):
        found, total = feed_json.read(text, page.url, limits.items)
        return _extracted(found, total, [])
    items, total, left_out = _read(_document(text, page), page.url, limits.items)
    return _extracted(items, total, left_out)


def _extracted(found: Sequence[RawItem | None], total: int, left_out: list[str]) -> Extracted:
    items: list[RawItem] = []
    for n, item in enumerate(found, 1):
        if item is None:
            left_out.append(f"item {n} is no object")
        elif item.title or item.url or item.guid or item.summary or item.content:
            items.append(item)
        else:
            left_out.append(f"item {n} has neither title, link, guid, summary nor content")
    if total > len(found):
        left_out.append(f"{total - len(found)} of the {total} items were not read: at most {len(found)} of a feed are")
    return Extracted(tuple(items), left_out=tuple(left_out))


def _read(document: str, page_url: str, most: int) -> tuple[list[RawItem], int, list[str]]:
    """Read a feed by the first reader that can: items, how many there were, and what was left out."""
    atom = _root(document) == "feed"
    try:
        return *feed_xml.read(document, page_url, most), []
    except feed_xml.Unusual:
        return *feed_loose.read(document, page_url, most, atom=atom), []
    except etree.XMLSyntaxError:
        mended, left_out = _whole(_mend(document))
    try:
        return *feed_xml.read(mended, page_url, most), left_out
    except (feed_xml.Unusual, etree.XMLSyntaxError) as error:
        items, total = feed_loose.read(mended, page_url, most, atom=atom)
        if not items and isinstance(error, etree.XMLSyntaxError):
            raise ExtractError(
                f"the feed is not well-formed XML and none of it could be read: {error!s:.200}"
            ) from error
        return items, total, left_out


# ── the document ────────────────────────────────────────────────────────────────────────────────


def _document(text: str, page: Page) -> str:
    """Give the text from its root element on, without declaration (the text is decoded already) and DOCTYPE.

    Raises:
        ExtractError: there is no feed in it; says what there is.
    """
    start = _PROLOG.match(text)
    root = _ROOT.match(text, start.end() if start else 0)
    if root is None:  # a PHP warning may stand before the feed
        root = _ROOT.search(text, 0, _LOOK)
        if root is None or _PAGE.search(text, 0, root.start()):
            raise ExtractError(_instead(text, page))
    return text[root.start() :]


def _root(document: str) -> str:
    root = _ROOT.match(document)
    return root.group(2).lower() if root else ""


def _mend(document: str) -> str:
    """Mend what breaks XML most often and has one meaning only: control characters, HTML's entities, bare ampersands."""
    return _AMPERSAND.sub(_reference, ILLEGAL.sub("", document))


def _reference(match: re.Match[str]) -> str:
    said = match.group()
    if said in _XML_OWN or said.startswith("<"):
        return said
    if said.startswith("&#"):
        code = int(said[3:-1], 16) if said[2] in "xX" else int(said[2:-1])
        return said if code in (9, 10, 13) or (32 <= code <= 0x10FFFF and not ILLEGAL.match(chr(code))) else ""
    return html.escape(html.unescape(said), quote=False)


def _whole(document: str) -> tuple[str, list[str]]:
    """Cut off an item that a broken transfer left unfinished: half a text must not pass for the whole."""
    root = _ROOT.match(document)
    if root is None or f"</{root.group(1)}" in document:
        return document, []
    begun = None
    for tag in _ITEM.finditer(document):
        begun = None if tag.group(1) or tag.group().endswith("/>") else tag.start()
    if begun is None:
        return document, []
    return document[:begun], ["the feed breaks off in the middle of its last item"]


# ── what it is instead ──────────────────────────────────────────────────────────────────────────


def _instead(text: str, page: Page) -> str:
    """Say what the address answers, and what to do."""
    head = ILLEGAL.sub("", text[:_LOOK])  # the words go to logs and pages
    if not head.strip():
        return "the address answers an empty page, not a feed"
    if _PAGE.search(head):
        return _html_instead(head, page)
    if "BEGIN:VCALENDAR" in head:
        return "the address answers an iCalendar file, not a feed: its kind is ics"
    element = _ELEMENT.search(head)
    if element is not None and head.lstrip().startswith("<"):
        return f"the address answers XML that begins with <{element.group(1)}>, not a feed"
    begins = " ".join(head[:200].split())[:60]
    return f"the address answers {page.content_type or 'something'} that begins « {begins} », not a feed"


def _html_instead(head: str, page: Page) -> str:
    try:
        tree = dom.parse(head)
    except ExtractError as error:
        return f"the address answers an HTML page, not a feed; {error}"
    title = tree.css_first("title")
    named = f" (« {' '.join(title.text().split())[:80]} »)" if title else ""
    links = [link.attributes for link in tree.css('link[rel~="alternate"]')]
    feeds = [join(page.url, link.get("href") or "")[:500] for link in links if _FEED_TYPE.match(link.get("type") or "")]
    advice = f"its feeds are: {' '.join(feeds[:5])}" if feeds else "it names no feed"
    return f"the address answers an HTML page{named}, not a feed; {advice}"
