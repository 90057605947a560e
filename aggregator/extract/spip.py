"""SPIP sites: list pages (CUF's own skeletons, SPIP's stock ones, the agenda plugin's), and what SPIP syndicates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from aggregator.errors import NothingFound
from aggregator.extract import dom
from aggregator.extract import spip_words as words
from aggregator.extract.spip_list import read_list
from aggregator.extract.spip_tokens import read_tokens
from aggregator.model import Extracted, Limits, Page, RawItem

_PROLOGUE = re.compile(r"(?:\s+|\ufeff|<\?[^>]*>|<!--(?:[^-]|-(?!->))*-->|<!DOCTYPE[^>]*>)*", re.IGNORECASE)
_FEED = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]", re.IGNORECASE)
_WORKS = re.compile(r"(?:site )?en (?:travaux|maintenance)|maintenance|.*\ben travaux\b.*")
_OFFSET = re.compile(r"(debut\w*)=(\d{1,9})$")
_HOMES = {"/", "/spip.php", "/index.php", ""}
_CARD = '.vevent, [itemtype$="schema.org/Event"]'
_CARD_TITLE = '[itemprop="name"], .summary, .entry-title'


@dataclass(frozen=True, slots=True)
class Spip:
    """A list page of a SPIP site, whatever its skeleton; at most `pages` pages of it are read.

    Raises:
        ValueError: `pages` is not a number of pages.
    """

    pages: int = 3

    def __post_init__(self) -> None:
        if isinstance(self.pages, bool) or not isinstance(self.pages, int) or self.pages < 1:
            raise ValueError(f"pages: {self.pages!r} is not a number of pages (1 or more)")

    def __call__(self, page: Page, limits: Limits) -> Extracted:
        """Read the news and events of a page; titles and summaries are plain text, links as written.

        Raises:
            ExtractError: the page is nested too deep to be read, or a feed or calendar that is none.
            NothingFound: the page lists nothing (an article, an error page, a site under maintenance).
        """
        if syndicated := _syndicated(page, limits):
            return syndicated
        tree = dom.parse(page.text)
        body = tree.body
        if body is None:
            raise NothingFound(f"{page.url} is empty")
        base = dom.base_of(tree, page.url)
        _spell_out(tree)
        cards = _event_cards(page.text, tree)
        events = [_event(card, base) for card in cards]
        skip = frozenset(card.mem_id for card in cards)
        items, left_out = read_list(read_tokens(dom.read_lines(body, page=True, skip=skip)), base)
        items = [*items, *(event for event in events if event.title)]
        if not items:
            raise NothingFound(_why_nothing(page, tree))
        items = _within(items, limits, left_out)
        return Extracted(tuple(items), _further(page, tree, base)[: self.pages - 1], left_out=tuple(left_out))


def _syndicated(page: Page, limits: Limits) -> Extracted | None:
    """Read what SPIP syndicates: `page=backend` (RSS), `page=ical` and the agenda plugin's calendar; None for a page."""
    start = _PROLOGUE.match(page.text)
    at = start.end() if start else 0
    if _FEED.match(page.text, at):
        from aggregator.extract.feed_read import read_feed

        return read_feed(page, limits)
    if page.text.startswith("BEGIN:VCALENDAR", at):
        from aggregator.extract.ics_events import read_calendar

        return read_calendar(page, limits)
    return None


def _spell_out(tree: LexborHTMLParser) -> None:
    """« 11 mars » or « Il y a 3 jours » become the whole day where their element says it for machines."""
    for node in tree.css("time[datetime], abbr[title]"):
        said = (node.attrs.get("datetime") or node.attrs.get("title") or "").strip()
        if words.is_machine_day(said) and words.is_short_day(node.text(separator=" ")):
            node.replace_with(said)


def _why_nothing(page: Page, tree: LexborHTMLParser) -> str:
    heading = next((text for css in ("title", "h1") for node in tree.css(css) if (text := _one_line(node))), None)
    if heading and _WORKS.fullmatch(words.fold(heading)):
        return f"{page.url}: the site is under maintenance (« {heading[:100]} »)"
    titled = f" (its title: « {heading[:100]} »)" if heading else ""
    return f"{page.url} lists nothing: no dated line, no « EN SAVOIR PLUS », no agenda{titled}"


def _one_line(node: LexborNode) -> str:
    return " ".join((node.text() or "").split())


def _within(items: list[RawItem], limits: Limits, left_out: list[str]) -> list[RawItem]:
    most = {"news": limits.items, "event": limits.events}
    kept: list[RawItem] = []
    for item in items:
        most[item.kind] -= 1
        if most[item.kind] >= 0:
            kept.append(item)
    if len(kept) < len(items):
        left_out.append(f"{len(items) - len(kept)} items beyond those that are read of one page")
    return kept


# ── the agenda plugin: events that say so in their markup ───────────────────────────────────────


def _event_cards(text: str, tree: LexborHTMLParser) -> list[LexborNode]:
    """The hCalendar and schema.org events of a page that name themselves, the outermost of nested ones."""
    if "vevent" not in text and "schema.org/Event" not in text:
        return []
    cards: list[LexborNode] = []
    seen: set[int] = set()
    for card in tree.css(_CARD):
        if card.css_first(_CARD_TITLE) is None:
            continue
        if card.mem_id in seen:
            continue
        seen.update(inner.mem_id for inner in card.css(_CARD))
        cards.append(card)
    return cards


def _event(card: LexborNode, base: str | None) -> RawItem:
    title = card.css_first(_CARD_TITLE)
    url = _said(card, ('[itemprop="url"]', ".url"), "href") or _link(title) or _link(card)
    when = card.css_first(".info-publi, .dates, time, .dtstart")
    if when is not None and (when.tag == "abbr" or "dtstart" in (when.attrs.get("class") or "")):
        when = when.parent or when
    place = card.css_first('[itemprop="location"], .location')
    summary = card.css_first('[itemprop="description"], .description, .introduction, .entry-content')
    return RawItem(
        kind="event",
        native_id=words.native_id(url),
        url=url,
        base=base,
        title=_text(title),
        summary=_text(summary),
        markup="text",
        when=_text(when),
        start=_said(card, ('[itemprop="startDate"]', ".dtstart"), "content", "datetime", "title"),
        end=_said(card, ('[itemprop="endDate"]', ".dtend"), "content", "datetime", "title"),
        location=_text(place),
    )


def _text(node: LexborNode | None) -> str | None:
    return (dom.text_of(node) or None) if node is not None else None


def _link(node: LexborNode | None) -> str | None:
    """The link an element is, holds, or stands in."""
    if node is None:
        return None
    around = node.parent
    for found in (node, node.css_first("a[href]"), around):
        if found is not None and found.tag == "a" and words.leads(href := found.attrs.get("href")):
            return href
    return None


def _said(card: LexborNode, selectors: tuple[str, ...], *attributes: str) -> str | None:
    for css in selectors:
        for node in card.css(css):
            for name in attributes:
                if value := (node.attrs.get(name) or "").strip():
                    return value
    return None


# ── further pages ───────────────────────────────────────────────────────────────────────────────


def _further(page: Page, tree: LexborHTMLParser, base: str | None) -> tuple[str, ...]:
    """Further pages of the same list: rel=next, then `debut_…=` links by offset, on the host of this page.

    An offset past the end gives the last page again (SPIP clamps it), so there is no last one to stop at.
    """
    here = urlsplit(page.url)
    list_here, current = _offsets(here.query)
    found: dict[str, int] = {}
    for node in tree.css('a[href*="debut"], a[rel~="next"][href], link[rel~="next"][href]'):
        url = dom.resolve(page.url, base, node.attrs.get("href") or "")
        if url is None or url == page.url:
            continue
        there = urlsplit(url)
        list_there, offsets = _offsets(there.query)
        same_list = list_there == list_here and (there.path == here.path or {there.path, here.path} <= _HOMES)
        ahead = [place for name, place in offsets.items() if place > current.get(name, 0)] if same_list else []
        following = "next" in (node.attrs.get("rel") or "").split() and _host(there.netloc) == _host(here.netloc)
        if not following and not ahead:
            continue
        # A mirror's links keep the mirror's host or name another: the list is read on one host only.
        url = urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))
        found[url] = min(-1 if following else min(ahead), found.get(url, 1 << 40))
    return tuple(sorted(found, key=lambda url: found[url]))


def _offsets(query: str) -> tuple[list[str], dict[str, int]]:
    """A query without its `debut_…` pieces, and these. Piece by piece: `?rubrique1` has no value to lose."""
    pieces = [piece for piece in query.split("&") if piece]
    found = {piece: _OFFSET.fullmatch(piece) for piece in pieces}
    others = sorted(piece for piece in pieces if not piece.startswith("debut"))
    return others, {offset[1]: int(offset[2]) for offset in found.values() if offset}


def _host(netloc: str) -> str:
    return netloc.lower().removeprefix("www.")
