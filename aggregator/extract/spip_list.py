"""The items of a SPIP list page, found by its landmarks: CUF's own skeleton, whose class names say nothing, and others.

A page is read as the tokens of its text. News: a publication date, a title, [a subtitle], an introduction and
« EN SAVOIR PLUS » (or, without date, a line of keywords before the title). Events: what stands under « Agenda ».
Undated news: the links that stand under a bare « Actualités ». All else is never an item.
"""

from __future__ import annotations

from bisect import bisect_left

from aggregator.extract import spip_words as words
from aggregator.extract.dom import SAME_LINE
from aggregator.extract.spip_agenda import Placed, read_agendas
from aggregator.extract.spip_cards import Card, dated_cards, title_of, undated_cards
from aggregator.extract.spip_marks import Landmarks
from aggregator.extract.spip_tokens import Token
from aggregator.model import RawItem

_NEAREST = 5  # headings, or pictures under a heading, that are looked at before an item
_TITLE_WORDS = 4  # fewer make a menu's entry as well as a title
_MOST_SUBTITLE = 150  # characters; longer words after a title are an introduction


def read_list(tokens: list[Token], base: str | None) -> tuple[list[RawItem], list[str]]:
    """The items of a page in its order, and in words what looked like one and could not be read."""
    page = Landmarks(tokens)
    left_out: list[str] = []
    found = read_agendas(page, base)
    cards = dated_cards(page)
    for card in cards:
        page.take(card.start, card.stop)
    undated = undated_cards(page, dated=bool(cards), left_out=left_out)
    for card in undated:
        page.take(card.start, card.stop)
    cards = sorted([*cards, *undated], key=lambda card: card.start)
    headings = _headings(page, cards)
    for card in cards:
        item = _news(page, card, _section(page, headings, card.start), base)
        if isinstance(item, str):
            left_out.append(item)
        else:
            found.append((card.start, item))
    found += _sidebars(page, base, {words.same_link(item.url) for _, item in found if item.url and item.kind == "news"})
    return [item for _, item in sorted(found, key=lambda placed: placed[0])], left_out


# ── headings ────────────────────────────────────────────────────────────────────────────────────


def _headings(page: Landmarks, cards: list[Card]) -> list[int]:
    """Tokens that are headings: known words, h1..h6, or a line alone between two items."""
    starts = {card.start for card in cards}
    stops = {card.stop for card in cards}
    found: list[int] = []
    pictures: list[int] = []
    last_stop = -1
    for index, token in enumerate(page.tokens):
        last_stop = index if index in stops else last_stop
        after = page.beside(index, 1) if len(token.text) <= 80 and not token.any_link else None
        alone = (
            after is not None
            and after in starts
            and after - index <= _NEAREST
            and (
                token.line.tag in ("th", "dt", "caption")
                or token.line.bold
                or last_stop > (page.beside(index, -1) or 0)  # right after an item
                or token.low < page.low(index, after)  # it begins the element that holds the item
            )
        )
        if token.line.is_image and token.kind == "noise" and alone and not words.is_noise(token.text):
            pictures.append(index)
        elif page.used[index] or token.kind != "text":
            continue
        elif page.marks[index] or alone or (token.line.heading and not words.is_never(token.text)):
            found.append(index)
    if len(pictures) * 2 <= len(cards):  # else they are the items' own pictures, named after their articles
        found = sorted([*found, *pictures])
    return found


def _section(page: Landmarks, headings: list[int], start: int) -> str | None:
    """The words of the heading an item stands under."""
    place = bisect_left(headings, start)
    for index in headings[max(0, place - _NEAREST) : place][::-1]:
        mark = page.marks[index]
        if mark == "resources":
            return None
        if mark not in ("agenda", "sidebar") or page.covers(index, start):
            return page.tokens[index].text
    return None


# ── one item ────────────────────────────────────────────────────────────────────────────────────


def _news(page: Landmarks, card: Card, section: str | None, base: str | None) -> RawItem | str:
    """The item of a card, or in words why it is none."""
    tokens = page.tokens
    lines = [tokens[index] for index in card.content]
    more = tokens[card.more] if card.more is not None else None
    categories: tuple[str, ...] = ()
    if len(lines) > 1:
        categories, lines = _categories(lines, dated=card.date is not None)
    title, rest = title_of(lines, sure=more is not None)
    if title is None:
        return f"an item has no title: « {words.short(lines[0].text)} »"
    rest_texts = [token.text for token in rest]
    subtitle = rest_texts.pop(0) if len(rest_texts) > 1 and _is_subtitle(rest) else None
    date = tokens[card.date] if card.date is not None else None
    pictures = [tokens[index] for index in _pictures(page, card)]
    places = [title, more, *lines, date if date and not date.author else None, *pictures]
    links = [link for token in places if token and (link := token.any_link)]
    # A menu's link that was never closed covers what follows it: one that leads to a list is the last choice.
    url = next((link for link in links if not words.leads_elsewhere(link)), links[0] if links else None)
    hint = next((token.line.hint for token in (title, *lines) if token.line.hint), None)
    return RawItem(
        native_id=words.native_id(url, hint),
        url=url,
        base=base,
        title=title.text,
        subtitle=subtitle,
        summary="\n".join(rest_texts) or None,
        markup="text",
        published=date.text if date else None,
        author=date.author if date else None,
        categories=categories,
        section=section,
    )


def _pictures(page: Landmarks, card: Card) -> list[int]:
    """The pictures of an item and those right before it: their links count where no words are linked."""
    start = card.start
    while start > 0 and page.tokens[start - 1].kind == "noise":
        start -= 1
    return [index for index in range(start, card.stop) if page.tokens[index].kind == "noise"]


def _categories(lines: list[Token], *, dated: bool) -> tuple[tuple[str, ...], list[Token]]:
    """« Haïti / Actualité » (or a lone « Actualité ») before a title."""
    first, second = lines[0], lines[1]
    parts = words.keywords(first.text)
    titled = second.line.heading and second.any_link not in (None, first.any_link) if dated else second.title_like
    if parts and not first.line.heading and (titled or not dated):
        return parts, lines[1:]
    if not first.title_like and len(first.text) <= 40 and titled:
        return (first.text,), lines[1:]
    return (), lines


def _is_subtitle(rest: list[Token]) -> bool:
    """Whether the first of several lines after a title is a subtitle: short, and no sentence that goes on."""
    text, following = rest[0].text, rest[1].text
    if len(text) > _MOST_SUBTITLE or len(text) > len(following) + 60:
        return False
    alike = (rest[0].line.tag, rest[0].line.heading) == (rest[1].line.tag, rest[1].line.heading)
    return not (alike and text.endswith((".", ",", ";", ":", "(…)", "…")))


# ── undated news ────────────────────────────────────────────────────────────────────────────────


def _sidebars(page: Landmarks, base: str | None, known: set[str]) -> list[Placed]:
    """The links under a bare « Actualités », until something else begins."""
    found: list[Placed] = []
    for start, mark in enumerate(page.marks):
        if mark != "sidebar" or page.used[start]:
            continue
        stop = start + 1
        for _ in range(2):  # the element around the heading; « Tout voir » may stand in there alone with it
            items, stop = _sidebar(page, start, stop, base, known)
            if items:
                break
        known |= {words.same_link(item.url) for _, item in items if item.url}
        found += items
    return found


def _sidebar(page: Landmarks, start: int, begin: int, base: str | None, known: set[str]) -> tuple[list[Placed], int]:
    """Its items, and where the element that holds them ends."""
    tokens, level = page.tokens, page.tokens[start].line.heading
    items: list[Placed] = []
    shape: tuple[str, int] | None = None
    low = next((token.low for token in tokens[begin:] if token.low < SAME_LINE), 0)
    for index in range(begin, len(tokens)):
        token = tokens[index]
        if token.kind == "noise":
            continue
        if token.low < low or page.used[index] or token.kind != "text" or page.cuts(index, level):
            return items, index
        if not token.link and words.is_never(token.text):
            continue
        if not token.link:
            return items, index
        here = (token.line.tag, token.line.heading)
        if words.is_never(token.text) or words.leads_elsewhere(token.link):
            continue
        if shape is not None and here != shape and len(token.text.split()) < _TITLE_WORDS:
            return items, index
        shape = here
        if words.same_link(token.link) not in known:
            items.append((index, _undated(token, tokens[start].text, base)))
    return items, len(tokens)


def _undated(token: Token, section: str, base: str | None) -> RawItem:
    return RawItem(
        native_id=words.native_id(token.link, token.line.hint),
        url=token.link,
        base=base,
        title=token.text,
        markup="text",
        section=section,
    )
