"""schema.org descriptions, from JSON-LD or microdata, as raw items.

A node is what JSON gives: properties by name, "@type", "@id", values text, nodes or lists of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

from aggregator.model import Kind, RawAttachment, RawItem

MAX_NODES = 50_000  # of one page
MAX_LEVELS = 60

EVENTS = frozenset(
    "Event BroadcastEvent BusinessEvent ChildrensEvent ComedyEvent ConferenceEvent CourseInstance DanceEvent DeliveryEvent "
    "EducationEvent EventSeries ExhibitionEvent Festival FoodEvent Hackathon LiteraryEvent MusicEvent OnDemandEvent "
    "PerformingArtsEvent PublicationEvent SaleEvent ScreeningEvent SocialEvent SportsEvent TheaterEvent VisualArtsEvent".split()
)
NEWS = frozenset(
    "Article NewsArticle AnalysisNewsArticle AskPublicNewsArticle BackgroundNewsArticle OpinionNewsArticle "
    "ReportageNewsArticle ReviewNewsArticle BlogPosting LiveBlogPosting SocialMediaPosting PressRelease Report "
    "AdvertiserContentArticle SatiricalArticle ScholarlyArticle TechArticle SpecialAnnouncement".split()
)
# What a node says of other things: their events and articles are not the page's.
_ASIDE = frozenset(
    "about author breadcrumb citation comment contributor isBasedOn isPartOf isRelatedTo mentions organizer performer "
    "publisher recordedAt review subjectOf superEvent".split()
)
_IMAGES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "svg": "image/svg+xml", "avif": "image/avif",
}  # fmt: skip
_FRANCE = frozenset(("fr", "fra", "france"))

Node = Mapping[str, Any]
Index = Mapping[str, Node]


def types_of(node: Node) -> frozenset[str]:
    """The types of a node without their vocabulary ("http://schema.org/Event" is "Event")."""
    said = node.get("@type")
    return frozenset(re.split(r"[/#:]", one.strip())[-1] for one in _each(said) if isinstance(one, str))


def nodes_in(value: object) -> Iterator[Node]:
    """Every node under `value` that is not said of something else, outermost first, at most MAX_NODES."""
    stack: list[tuple[object, int]] = [(value, 0)]
    seen = 0
    while stack and seen < MAX_NODES:
        one, level = stack.pop()
        seen += 1
        if level > MAX_LEVELS:
            continue
        if isinstance(one, dict):
            yield one
            inner = [child for name, child in one.items() if name not in _ASIDE and isinstance(child, (dict, list))]
        else:
            inner = one if isinstance(one, list) else []
        stack.extend((child, level + 1) for child in reversed(inner))


def index_of(nodes: Iterable[Node]) -> dict[str, Node]:
    """Nodes by "@id", so that {"@id": "#lieu"} can be followed; of several, the one that says most."""
    index: dict[str, Node] = {}
    for node in nodes:
        name = node.get("@id")
        if isinstance(name, str) and len(node) > len(index.get(name, {"@id": name})):
            index[name] = node
    return index


def item_of(node: Node, index: Index) -> RawItem | None:
    """The raw item of an event's or article's node; None when it is neither, or a mere reference."""
    types = types_of(node)
    if not node.keys() - {"@type", "@id", "@context"}:
        return None
    if types & EVENTS:
        return _event(node, index)
    return _common(node, index, "news") if types & NEWS else None


def _event(node: Node, index: Index) -> RawItem:
    item = _common(node, index, "event")
    start, end = text(node.get("startDate")), text(node.get("endDate"))
    readable = start is None or re.match(r"\d{4}-?\d\d", start)
    places = list(_nodes(node.get("location"), index))
    geos = [geo for geo in (_geo(place, index) for place in places if isinstance(place, dict)) if geo]
    status = text(node.get("eventStatus"))
    return RawItem(
        kind="event",
        guid=item.guid,
        url=item.url,
        title=item.title,
        subtitle=item.subtitle,
        summary=item.summary,
        published=item.published,
        updated=item.updated,
        # « 21 octobre 2026 » where a machine's date should be: words for a person
        when=text(node.get("@when")) or (None if readable else " – ".join(filter(None, (start, end)))),
        start=start,
        end=end,
        status=re.split(r"[/#:]", status)[-1] if status else None,
        location=", ".join(dict.fromkeys(filter(None, (_place(place, index) for place in places)))) or None,
        geo=geos[0] if geos else None,
        organiser=_names(node.get("organizer"), index),
        conference=next((link for place in places if (link := _online(place, index))), None),
        author=item.author,
        language=item.language,
        categories=item.categories,
        attachments=item.attachments,
    )


def _common(node: Node, index: Index, kind: Kind) -> RawItem:
    name, headline = text(node.get("name")), text(node.get("headline"))
    identity = node.get("@id")
    identity = identity.strip() if isinstance(identity, str) else ""
    guid = identity if re.match(r"[a-z][a-z0-9+.-]*:|#.", identity, re.I) or "#" in identity.strip("#") else None
    url = _link(node.get("url"), index) or _link(node.get("mainEntityOfPage"), index)
    if url is None and (re.match(r"https?://", identity, re.I) or (identity and guid is None and identity[0] != "_")):
        url = identity
    language = next(iter(_nodes(node.get("inLanguage"), index)), None)
    if isinstance(language, dict):
        language = language.get("alternateName") or language.get("name")
    words = [*_words(node.get("keywords"), index), *_words(node.get("articleSection"), index)]
    return RawItem(
        kind=kind,
        guid=guid,
        url=url,
        title=(name or headline) if kind == "event" else (headline or name),
        subtitle=text(node.get("alternativeHeadline")),
        summary=_html(node.get("description")) or _html(node.get("abstract")),
        content=_html(node.get("articleBody")) if kind == "news" else None,
        published=text(node.get("datePublished")) or text(node.get("datePosted")),
        updated=text(node.get("dateModified")),
        author=_names(node.get("author") or node.get("creator"), index),
        language=text(language),
        categories=tuple(dict.fromkeys(words)),
        attachments=tuple(dict.fromkeys(_images(node.get("image"), index))),
    )


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def text(value: object) -> str | None:
    """The first words of a value, trimmed; of {"@value": …} its value. None: there are none."""
    for one in _each(value):
        said = one.get("@value") if isinstance(one, dict) else one
        if isinstance(said, (int, float)) and not isinstance(said, bool):
            said = str(said)
        if isinstance(said, str) and said.strip():
            return said.strip()
    return None


def _html(value: object) -> str | None:
    """A long text; The Events Calendar escapes its HTML once more ("&lt;p&gt;"), though JSON needs none."""
    said = text(value)
    return unescape(said) if said and "<" not in said and re.search(r"&lt;/?[a-z]", said) else said


def _each(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _nodes(value: object, index: Index) -> Iterator[Any]:
    for one in _each(value):
        name = one.get("@id") if isinstance(one, dict) else None
        yield index.get(name, one) if isinstance(name, str) and len(one) <= 2 else one


def _link(value: object, index: Index) -> str | None:
    for one in _each(value):
        said = (one.get("url") or one.get("@id")) if isinstance(one, dict) else one
        if isinstance(said, str) and said.strip():
            return said.strip()
    return None


def _names(value: object, index: Index) -> str | None:
    names = (text(one.get("name")) if isinstance(one, dict) else text(one) for one in _nodes(value, index))
    # an address of a page or of a mailbox is no name
    return ", ".join(dict.fromkeys(n for n in names if n and "@" not in n and not re.match(r"https?:", n))) or None


def _words(value: object, index: Index) -> Iterator[str]:
    for one in _nodes(value, index):
        said = text(one.get("name")) if isinstance(one, dict) else text(one)
        # entities first: their semicolons and commas are not the list's
        yield from (word.strip() for word in unescape(said or "").split(",") if word.strip())


def _images(value: object, index: Index) -> Iterator[RawAttachment]:
    for one in _nodes(value, index):
        if isinstance(one, dict):
            url = text(one.get("contentUrl")) or _link(one.get("url"), index) or text(one.get("@id"))
            said, title = text(one.get("encodingFormat")), text(one.get("caption"))
        else:
            url, said, title = text(one), None, None
        if not url or url.startswith("data:"):
            continue
        extension = re.search(r"\.([a-zA-Z]{3,4})(?:[?#]|$)", url)
        media = _IMAGES.get(extension[1].lower()) if extension else None
        yield RawAttachment(url, media_type=said if said and "/" in said else media, title=title)


def _place(place: object, index: Index) -> str | None:
    """A place in one line: « Salle Nougaro, 12 rue Rivals, 31000 Toulouse »; France goes without saying."""
    if not isinstance(place, dict):
        return text(place)
    if "VirtualLocation" in types_of(place):
        parts = [text(place.get("name"))]
    elif "PostalAddress" in types_of(place):
        parts = [text(place.get("name")), *_address(place)]
    else:
        parts = [text(place.get("name"))]
        for address in _nodes(place.get("address"), index):
            parts += _address(address) if isinstance(address, dict) else [text(address)]
    kept: list[str] = []
    for part in filter(None, parts):
        pieces = [piece.strip().casefold() for other in kept for piece in other.split(",")]
        if part.casefold() not in pieces:  # a name is often the first piece of the address too
            kept = [other for other in kept if not part.casefold().startswith(other.casefold() + ",")] + [part]
    return ", ".join(kept) or None


def _online(place: object, index: Index) -> str | None:
    virtual = isinstance(place, dict) and "VirtualLocation" in types_of(place)
    return _link(place.get("url"), index) if virtual and isinstance(place, dict) else None


def _address(address: Node) -> list[str | None]:
    town = " ".join(filter(None, (text(address.get("postalCode")), text(address.get("addressLocality")))))
    country = address.get("addressCountry")
    country = text(country.get("name")) if isinstance(country, dict) else text(country)
    return [
        text(address.get("streetAddress")),
        town or None,
        country if country and country.casefold() not in _FRANCE else None,
    ]


def _geo(place: Node, index: Index) -> str | None:
    for one in [*_nodes(place.get("geo"), index), place]:
        if isinstance(one, dict):
            latitude, longitude = text(one.get("latitude")), text(one.get("longitude"))
            if latitude and longitude and all(re.fullmatch(r"-?\d+(\.\d+)?", n) for n in (latitude, longitude)):
                return f"{latitude};{longitude}"
    return None
