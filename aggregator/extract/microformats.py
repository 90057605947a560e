"""Microformats as raw items: h-event, h-entry, and hCalendar (`vevent`), the oldest that sites still write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.extract.dom import text_of
from aggregator.model import RawAttachment, RawItem

MAX_VISITS = 200_000  # elements looked at in one page
MAX_ROOTS = 5_000
MAX_AROUND = 5  # roots that a root may stand in: each reads all that it holds
MAX_LEVELS = 60  # elements looked at above one

_ROOTS = {"h-event": "event", "h-entry": "news", "vevent": "event"}
# Inside these, properties are another thing's (an author's name, a place's address).
_CARDS = frozenset("h-card h-adr h-geo h-cite h-feed h-entry h-event h-review vevent vcard hentry".split())
_REPLIES = frozenset("p-comment u-comment u-in-reply-to u-like-of u-repost-of u-bookmark-of".split())
_PROPERTIES = {
    "title": ("p-name", "summary"),
    "url": ("u-url", "url"),
    "guid": ("u-uid", "uid"),
    "start": ("dt-start", "dtstart"),
    "end": ("dt-end", "dtend"),
    "published": ("dt-published", "published"),
    "updated": ("dt-updated", "last-modified", "updated"),
    "summary": ("p-summary", "p-description", "description"),
    "content": ("e-content", "e-description"),
    "location": ("p-location", "u-location", "location"),
    "geo": ("p-geo", "geo"),
    "organiser": ("p-organizer", "organizer"),
    "author": ("p-author", "author"),
    "status": ("p-status", "status"),
    "category": ("p-category", "category"),
    "photo": ("u-photo", "u-featured", "photo"),
}
_NAMES = {name: field for field, names in _PROPERTIES.items() for name in names}
Found = dict[str, list[LexborNode]]


def items_of(tree: LexborHTMLParser) -> list[RawItem]:
    """The events and entries of a page in its order; comments and quotations are not the page's own."""
    visits = [0]
    roots = tree.css(".h-event, .h-entry, .vevent")[:MAX_ROOTS]
    return [_item(root, _properties(root, visits)) for root in roots if not _quoted(root)]


def _classes(node: LexborNode) -> frozenset[str]:
    return frozenset((node.attributes.get("class") or "").split())


def _quoted(root: LexborNode) -> bool:
    """Whether a root is a comment or a quotation, or stands in so many others that it is nobody's."""
    if _classes(root) & _REPLIES:
        return True
    around = 0
    for above in _above(root):
        classes = _classes(above)
        around += bool(classes & _ROOTS.keys())
        if classes & _REPLIES or "h-cite" in classes or around > MAX_AROUND:
            return True
    return False


def _properties(root: LexborNode, visits: list[int]) -> Found:
    """The elements of a root by what they say; only classes of the root's own vocabulary count."""
    modern = bool(_classes(root) & {"h-event", "h-entry"})
    found: Found = {}
    stack = [*reversed(list(root.iter()))]
    while stack and visits[0] < MAX_VISITS:
        node = stack.pop()
        visits[0] += 1
        classes = _classes(node)
        for name in classes & _NAMES.keys():
            if (name[:2] in ("p-", "u-", "e-") or name.startswith("dt-")) == modern:
                found.setdefault(_NAMES[name], []).append(node)
        if not classes & _CARDS:
            stack.extend(reversed(list(node.iter())))
    return found


def _item(root: LexborNode, found: Found) -> RawItem:
    kind = next(_ROOTS[name] for name in _ROOTS if name in _classes(root))
    title = text_of(found["title"][0]).strip() if "title" in found else None
    if not found and len(text_of(root)) <= 300:  # implied: <a class="h-entry" href="…">Titre</a>
        title = text_of(root).strip()
    content = found["content"][0].inner_html if "content" in found else None
    summary = text_of(found["summary"][0]).strip() if "summary" in found else None
    if content:  # one markup for all three
        title, summary = (escape(words, quote=False) if words else None for words in (title, summary))
    return RawItem(
        kind="event" if kind == "event" else "news",
        guid=next(_links(found.get("guid", ())), None),
        url=next(_links(found.get("url", [root] if not found else ())), None) or _title_link(found),
        title=title or None,
        summary=summary or None,
        content=content or None,
        markup="html" if content else "text",
        published=_first_date(found, "published"),
        updated=_first_date(found, "updated"),
        when=_words(root, found) if kind == "event" else None,
        start=_first_date(found, "start") if kind == "event" else None,
        end=_first_date(found, "end") if kind == "event" else None,
        status=_title_or_text(found["status"][0]) if "status" in found else None,
        location=_location(found["location"][0]) if "location" in found else None,
        geo=_geo(found["geo"][0]) if "geo" in found else None,
        organiser=_name(found["organiser"][0]) if "organiser" in found else None,
        author=_name(found["author"][0]) if "author" in found else None,
        categories=tuple(dict.fromkeys(filter(None, (_line(node) for node in found.get("category", [])[:20])))),
        attachments=tuple(RawAttachment(url) for url in dict.fromkeys(_links(found.get("photo", ())))),
    )


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def _line(node: LexborNode) -> str:
    return ", ".join(line.strip(" ,") for line in text_of(node).split("\n") if line.strip(" ,"))


def _title_or_text(node: LexborNode) -> str | None:
    return node.attributes.get("title") or _line(node) or None


def _links(nodes: Sequence[LexborNode]) -> Iterator[str]:
    for node in nodes:
        attributes = node.attributes
        said = next((attributes[name] for name in ("href", "src", "data", "content") if attributes.get(name)), None)
        if said is None and node.tag not in ("a", "img"):
            inner = node.css_first("a[href], img[src]")
            said = (inner.attributes.get("href") or inner.attributes.get("src")) if inner is not None else _line(node)
        if said and said.strip():
            yield said.strip()


def _title_link(found: Found) -> str | None:
    for node in found.get("title", ()):
        link = node if node.tag == "a" else node.css_first("a[href]")
        if link is not None and link.attributes.get("href"):
            return link.attributes["href"]
        if node.parent is not None and node.parent.tag == "a":
            return node.parent.attributes.get("href")
    return None


def _first_date(found: Found, field: str) -> str | None:
    return _date(found[field][0]) if field in found else None


def _date(node: LexborNode) -> str | None:
    """The machine's date of an element: datetime, title, value-title, the parts in `value`; else its words."""
    attributes = node.attributes
    said = attributes.get("datetime") or attributes.get("content") or attributes.get("title")
    if not said:
        parts = []
        for part in node.css(".value-title, .value"):
            own = part.attributes
            parts.append((own.get("title") or own.get("datetime") or text_of(part)).strip())
        # value class pattern: a day and a time of day apart
        said = "T".join(parts[:2]) if len(parts) > 1 and re.fullmatch(r"\d{4}-\d\d-\d\d", parts[0]) else "".join(parts)
    if not said:
        inner = node.css_first("time[datetime], abbr[title]")
        said = (inner.attributes.get("datetime") or inner.attributes.get("title")) if inner is not None else None
    return (said or _line(node)).strip() or None


def _words(root: LexborNode, found: Found) -> str | None:
    """The words that a visitor reads of an event's dates: « Du 21 au 24 octobre 2026 »."""
    starts, ends = found.get("start", [])[:1], found.get("end", [])[:1]
    if not starts:
        return None
    holder: LexborNode | None = starts[0].parent
    while ends and holder is not None and holder.mem_id not in {node.mem_id for node in _above(ends[0])}:
        holder = holder.parent
    if holder is not None and holder.mem_id != root.mem_id and len(_line(holder)) <= 200:
        words = _line(holder)
        other = {text_of(node).strip() for name in ("title", "location") for node in found.get(name, ())}
        if not any(one and one in words for one in other):
            return words or None
    words = " – ".join(filter(None, (_line(node) for node in (*starts, *ends))))
    return words if words and not re.fullmatch(r"[\dTZ:+.\s–-]+", words) else None


def _above(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    for _ in range(MAX_LEVELS):
        if above is None:
            return
        yield above
        above = above.parent


def _location(node: LexborNode) -> str | None:
    """« Salle, rue, 31000 Toulouse »: the parts of an address in its order, a comma between elements of their own."""
    parts = []
    for selector in (".p-name, .fn, .org", ".p-street-address, .street-address"):
        inner = node.css_first(selector)
        parts.append(_line(inner) if inner is not None else "")
    town = [node.css_first(s) for s in (".p-postal-code, .postal-code", ".p-locality, .locality")]
    parts.append(" ".join(_line(one) for one in town if one is not None))
    if any(parts[1:]):
        return ", ".join(dict.fromkeys(filter(None, parts)))
    pieces = [_line(child) for child in node.iter()]
    if len(pieces) > 1 and "".join("".join(pieces).split()) == "".join(text_of(node).split()):
        return ", ".join(piece.strip(" ,") for piece in pieces if piece.strip(" ,")) or None
    return _line(node) or None


def _geo(node: LexborNode) -> str | None:
    said = [node.css_first(selector) for selector in (".p-latitude, .latitude", ".p-longitude, .longitude")]
    parts = [
        (one.attributes.get("title") or one.attributes.get("value") or _line(one)) for one in said if one is not None
    ]
    words = ";".join(parts) if len(parts) == 2 else node.attributes.get("title") or _line(node)
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*[;,]\s*(-?\d+(?:\.\d+)?)\s*", words)
    return f"{match[1]};{match[2]}" if match else None


def _name(node: LexborNode) -> str | None:
    inner = node.css_first(".p-name, .fn, .org")
    said = _line(inner if inner is not None else node)
    return said if said and "@" not in said else None
