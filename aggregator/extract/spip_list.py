"""The items of a SPIP list page, found by its landmarks: CUF's own skeleton, whose class names say nothing, and others.

A page is read as the tokens of its text. News: a publication date, a title, [a subtitle], an introduction and
« EN SAVOIR PLUS » (or, without date, a line of keywords before the title). Events: what stands under « Agenda ».
Undated news: the links that stand under a bare « Actualités ». All else is never an item.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from aggregator.extract import spip_words as words
from aggregator.extract.spip_agenda import Placed, read_agendas
from aggregator.extract.spip_marks import FAR, Landmarks
from aggregator.extract.spip_tokens import Token, spread
from aggregator.model import RawItem

_MOST_LINES = 6  # lines of text of an item that no « EN SAVOIR PLUS » ends
_TITLE_WORDS = 4  # fewer make a menu's entry as well as a title
_MOST_SUBTITLE = 150  # characters; longer words after a title are an introduction


@dataclass(slots=True)
class Card:
    """The tokens of one item: its first and last, its lines of text, its date and its « EN SAVOIR PLUS »."""

    start: int
    stop: int
    content: list[int] = field(default_factory=list)
    date: int | None = None
    more: int | None = None


def read_list(tokens: list[Token], base: str | None) -> tuple[list[RawItem], list[str]]:
    """The items of a page in its order, and in words what looked like one and could not be read."""
    page = Landmarks(tokens)
    left_out: list[str] = []
    found = read_agendas(page, base)
    cards = _dated_cards(page)
    for card in cards:
        page.take(card.start, card.stop)
    undated = _undated_cards(page, dated=bool(cards), left_out=left_out)
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
    found += _sidebars(page, base, {item.url for _, item in found if item.kind == "news"})
    return [item for _, item in sorted(found, key=lambda placed: placed[0])], left_out


# ── dated news ──────────────────────────────────────────────────────────────────────────────────


def _dated_cards(page: Landmarks) -> list[Card]:
    tokens = page.tokens
    dates = [index for index, token in enumerate(tokens) if token.kind == "date" and not page.used[index]]
    if not dates:
        return []
    mores = sum(token.kind == "more" and not page.used[index] for index, token in enumerate(tokens))
    uses_more = mores > 0 and mores * 2 >= len(dates)
    usual = Counter(tokens[index].form for index in dates).most_common(1)[0][0]
    openers = _openers(page, usual, uses_more)
    levels = _levels(page, openers)
    backwards = _titles_come_first(page, openers)
    title_level = _title_level(page, openers)
    cards: list[Card] = []
    for place, opener in enumerate(openers):
        card = _boxed(page, openers, place, levels[place], uses_more, backwards)
        if card is None:
            following = openers[place + 1] if place + 1 < len(openers) else len(tokens)
            card = _in_line(page, opener, following, levels[place], uses_more, title_level, backwards)
        if card is not None and (cards and card.start < cards[-1].stop):
            card = None
        if card is not None and _is_item(page, card, uses_more, tokens[opener].form == usual):
            cards.append(card)
    return cards


def _openers(page: Landmarks, usual: str, uses_more: bool) -> list[int]:
    """The dates that begin an item, not those in its subtitle or text, nor the date of the day in a page's head."""
    openers: list[int] = []
    lines: int | None = None  # lines of text since the last opener; None: its item is closed
    for index, token in enumerate(page.tokens):
        if page.used[index]:
            continue
        if token.kind == "more" or page.marks[index]:
            lines = None
        elif token.kind == "text" and lines is not None:
            lines += 1
        elif token.kind == "date":
            inside = lines is not None and lines > 0
            same = bool(openers) and token.form == page.tokens[openers[-1]].form
            if lines == 0:
                openers.pop()  # two dates, one after the other: the nearer one is the item's
            if lines is not None and (
                token.whole or (inside and uses_more and _in_text(page, index, same, usual, lines))
            ):
                _as_text(page, index)
                lines += 1
                continue
            openers.append(index)
            lines = 0
    return openers


def _in_text(page: Landmarks, index: int, same: bool, usual: str, lines: int) -> bool:
    """Whether a date inside an open item is its subtitle (« Le 18 février 2026 ») rather than the next item's."""
    if not same:
        return page.tokens[index].form != usual
    after = page.beside(index, 1)
    return lines == 1 and after is not None and page.tokens[after].kind == "text" and not page.tokens[after].title_like


def _as_text(page: Landmarks, index: int) -> None:
    token = page.tokens[index]
    token.kind = "text"
    if token.whole is not None:  # « Le 10 mars 2021, réunion… » is one line again
        token.line, token.whole = token.whole, None
        page.tokens[index + 1].kind = "noise"
        page.used[index + 1] = True


def _levels(page: Landmarks, anchors: list[int]) -> list[int]:
    """For each anchor the depth of the innermost element it shares with a neighbour; -1 when it has none."""
    shared = [page.low(left, right) for left, right in pairwise(anchors)]
    if not anchors:
        return []
    return [max(pair) for pair in zip([-1, *shared], [*shared, -1], strict=True)]


def _titles_come_first(page: Landmarks, openers: list[int]) -> bool:
    votes = 0
    for opener in openers:
        before, after = page.beside(opener, -1), page.beside(opener, 1)
        ahead = before is not None and page.tokens[before].title_like and not page.marks[before]
        behind = after is not None and page.tokens[after].title_like
        if ahead and behind and before is not None and after is not None:
            nearer = page.low(before, opener) - page.low(opener, after)
            votes += (nearer > 0) - (nearer < 0)
        elif ahead != behind:
            votes += 1 if ahead else -1
        elif before is not None and page.tokens[before].kind == "more":
            votes -= 1
    return votes > 0


def _title_level(page: Landmarks, openers: list[int]) -> int:
    """The heading level of most lines after these tokens (keywords apart), 0 when they are no h1..h6."""
    after = [page.beside(opener, 1) for opener in openers]
    after = [page.beside(index, 1) if index is not None and page.is_keywords(index) else index for index in after]
    levels = Counter(page.tokens[index].line.heading for index in after if index is not None)
    return levels.most_common(1)[0][0] if levels else 0


def _boxed(
    page: Landmarks, openers: list[int], place: int, level: int, uses_more: bool, backwards: bool
) -> Card | None:
    """The item as the element that holds one date, its title (and its « EN SAVOIR PLUS »), whatever their order."""
    if level < 0:
        return None
    tokens, opener = page.tokens, openers[place]
    start, stop = opener, opener + 1
    while start > 0 and tokens[start].low > level and not page.marks[start - 1]:
        start -= 1
    while stop < len(tokens) and tokens[stop].low > level and not page.marks[stop]:
        stop += 1
    inside = [index for index in range(start, stop) if not page.used[index]]
    if sum(index in openers[max(0, place - 1) : place + 2] for index in inside) != 1:
        return None
    mores = [index for index in inside if tokens[index].kind == "more"]
    if len(mores) != 1 if uses_more else mores:
        return None
    content = [index for index in inside if tokens[index].kind == "text"]
    after = [index for index in content if index > opener]
    if not backwards and (mores or any(tokens[index].title_like for index in after)) and after:
        content, start = after, opener
    if not content or (not mores and not any(tokens[index].title_like for index in content)):
        return None
    return Card(start, stop, content, opener, mores[0] if mores else None)


def _in_line(
    page: Landmarks, opener: int, following: int, level: int, uses_more: bool, title_level: int, backwards: bool
) -> Card | None:
    """The item as what stands between its date and « EN SAVOIR PLUS », a heading, or the next item."""
    tokens = page.tokens
    card = Card(opener, opener + 1, date=opener)
    title = page.beside(opener, -1) if backwards else None
    if backwards:
        if title is None or page.used[title] or tokens[title].kind != "text" or page.marks[title]:
            return None
        card.start = title
        card.content.append(title)
        last = page.beside(following, -1) if following < len(tokens) else None
        following = last if last is not None and last > opener else following
    for index in range(opener + 1, following):
        token = tokens[index]
        if not uses_more and (token.low < level or len(card.content) >= _MOST_LINES):
            break  # else « EN SAVOIR PLUS » ends it: badly nested links tear an item out of its element
        if token.kind == "noise":
            continue
        if page.used[index] or (card.content and _ends_item(page, index, uses_more, title_level)):
            break
        card.stop = index + 1
        if token.kind == "more":
            card.more = index
            break
        if token.kind == "text":
            card.content.append(index)
    return card if card.content else None


def _ends_item(page: Landmarks, index: int, uses_more: bool, title_level: int) -> bool:
    heading = page.tokens[index].line.heading
    return bool(page.marks[index]) or bool(heading and (heading < title_level or not (title_level or uses_more)))


def _is_item(page: Landmarks, card: Card, uses_more: bool, usual: bool) -> bool:
    """Whether a date and what is near it is an item: « EN SAVOIR PLUS » says so, or its title's link."""
    if card.more is not None:
        return True
    title, _ = _title([page.tokens[index] for index in card.content], sure=False)
    link = title.any_link if title else None
    return link is not None and not words.leads_elsewhere(link) and (usual or not uses_more)


# ── news without date ───────────────────────────────────────────────────────────────────────────


def _undated_cards(page: Landmarks, *, dated: bool, left_out: list[str]) -> list[Card]:
    """What stands before each « EN SAVOIR PLUS » that no date claims: items of a keyword's page.

    Where other items have dates, only what has a line of keywords or stands among these items is one.
    """
    tokens = page.tokens
    every = [index for index, token in enumerate(tokens) if token.kind == "more"]
    level_of = dict(zip(every, _levels(page, every), strict=True))
    title_level = _title_level(page, every)
    cards: list[Card] = []
    for more, level in level_of.items():
        if page.used[more]:
            continue
        before = _bound(page, more)
        content = _undated_lines(page, before, more, level, title_level)
        if not content:
            continue
        keyed = page.is_keywords(content[0])
        among = (
            before in level_of and page.low(before, more) >= level_of[before] and content[0] == page.beside(before, 1)
        )
        if dated and not keyed and not among:
            left_out.append(f"« {_short(tokens[content[0]].text)} » stands by « {tokens[more].text} » and has no date")
            continue
        cards.append(Card(content[0], more + 1, content, None, more))
    return cards


def _bound(page: Landmarks, more: int) -> int:
    """The token before `more` that ends another item or is a heading; -1 for none."""
    index = more - 1
    while index >= 0 and not (
        page.marks[index]
        or page.tokens[index].kind == "more"
        or (page.used[index] and page.tokens[index].kind != "noise")
    ):
        index -= 1
    return index


def _undated_lines(page: Landmarks, before: int, more: int, level: int, title_level: int) -> list[int]:
    """The lines of the item that ends at `more`: from its keywords on, or in its own element, or the nearest ones."""
    tokens = page.tokens
    lines = [index for index in range(before + 1, more) if tokens[index].kind == "text"]
    keyed = [index for index in lines if page.is_keywords(index)]
    if keyed:
        return [index for index in lines if index >= keyed[-1]]
    low = FAR
    box: list[int] = []
    for index in reversed(lines):
        low = min(low, page.low(index, lines[-1] if index != lines[-1] else more))
        if level < 0 or low <= level:
            break
        box.insert(0, index)
    if box:
        return box[-_MOST_LINES:]
    lines = lines[-_MOST_LINES:]
    while len(lines) > 1 and (own := tokens[lines[0]].line.heading) and (own < title_level or not title_level):
        lines = lines[1:]
    return lines


# ── headings ────────────────────────────────────────────────────────────────────────────────────


def _headings(page: Landmarks, cards: list[Card]) -> list[int]:
    """Tokens that are headings: known words, h1..h6, or a line alone between two items."""
    starts = {card.start for card in cards}
    stops = {card.stop for card in cards}
    found: list[int] = []
    pictures: list[int] = []
    for index, token in enumerate(page.tokens):
        after = page.beside(index, 1) if len(token.text) <= 80 and not token.any_link else None
        alone = after in starts and (
            token.line.tag in ("th", "dt", "caption")
            or _follows(page, index, stops)
            or token.low < page.low(index, after or index)  # it begins the element that holds the item
        )
        if token.line.is_image and token.kind == "noise" and alone and not words.is_noise(token.text):
            pictures.append(index)
        elif page.used[index] or token.kind != "text":
            continue
        elif page.marks[index] or alone or (token.line.heading and not words.is_never(token.text)):
            found.append(index)
        elif after in starts and token.line.bold:
            found.append(index)
    if len(pictures) * 2 <= len(cards):  # else they are the items' own pictures, named after their articles
        found = sorted([*found, *pictures])
    return found


def _follows(page: Landmarks, index: int, stops: set[int]) -> bool:
    while index > 0 and index not in stops and page.tokens[index - 1].kind == "noise":
        index -= 1
    return index in stops


def _section(page: Landmarks, headings: list[int], start: int) -> str | None:
    """The words of the heading an item stands under."""
    for index in reversed(headings):
        if index > start:
            continue
        mark = page.marks[index]
        if mark == "resources":
            return None
        if mark not in ("agenda", "sidebar") or page.low(index, start) >= page.tokens[index + 1].low:
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
    title, rest = _title(lines, sure=more is not None)
    if title is None:
        return f"an item has no title: « {_short(lines[0].text)} »"
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


def _title(lines: list[Token], *, sure: bool) -> tuple[Token | None, list[Token]]:
    """The linked line where only some are, else the first; what follows it on its line comes back with the rest.

    `sure`: the first line is an item's, even if its words are a menu's.
    """
    lines = [token for place, token in enumerate(lines) if not words.is_never(token.text) or (sure and place == 0)]
    if not lines:
        return None, []
    linked = [place for place, token in enumerate(lines) if token.line.runs[0].href and token.any_link]
    place = linked[0] if linked and not lines[0].line.heading and len(linked) < len(lines) else 0
    if place > 0 and len(lines[place].text) > 300:
        place = 0  # an introduction that is a link
    first, *parts = spread(lines[place].line)
    title = Token("text", first, 0)
    return title, [*lines[:place], *(Token("text", part, 0) for part in parts), *lines[place + 1 :]]


def _is_subtitle(rest: list[Token]) -> bool:
    """Whether the first of several lines after a title is a subtitle: short, and no sentence that goes on."""
    text, following = rest[0].text, rest[1].text
    if len(text) > _MOST_SUBTITLE or len(text) > len(following) + 60:
        return False
    alike = (rest[0].line.tag, rest[0].line.heading) == (rest[1].line.tag, rest[1].line.heading)
    return not (alike and text.endswith((".", ",", ";", ":", "(…)", "…")))


# ── undated news ────────────────────────────────────────────────────────────────────────────────


def _sidebars(page: Landmarks, base: str | None, known: set[str | None]) -> list[Placed]:
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
        known |= {item.url for _, item in items}
        found += items
    return found


def _sidebar(
    page: Landmarks, start: int, begin: int, base: str | None, known: set[str | None]
) -> tuple[list[Placed], int]:
    """Its items, and where the element that holds them ends."""
    tokens, level = page.tokens, page.tokens[start].line.heading
    items: list[Placed] = []
    shape: tuple[str, int] | None = None
    low = tokens[begin].low if begin < len(tokens) else 0
    for index in range(begin, len(tokens)):
        token = tokens[index]
        if token.kind == "noise":
            continue
        if token.low < low or page.used[index] or token.kind != "text" or page.cuts(index, level) or not token.link:
            return items, index
        here = (token.line.tag, token.line.heading)
        if words.is_never(token.text) or words.leads_elsewhere(token.link):
            continue
        if shape is not None and here != shape and len(token.text.split()) < _TITLE_WORDS:
            return items, index
        shape = here
        if token.link not in known:
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


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
