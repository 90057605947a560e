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
            if lines is not None and (token.whole or (inside and uses_more and _in_text(page, index, same, usual, lines))):
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
    """The heading level of most titles, 0 when they are no h1..h6."""
    after = [page.beside(opener, 1) for opener in openers]
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
        if token.low < level or (level < 0 and not uses_more and len(card.content) >= _MOST_LINES):
            break
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
    """Whether a date and what is near it is an item: « EN SAVOIR PLUS » says so, or a link where pages have none."""
    if card.more is not None:
        return True
    linked = any(page.tokens[index].any_link and not words.is_never(page.tokens[index].text) for index in card.content)
    return linked and (usual or not uses_more)


# ── news without date ───────────────────────────────────────────────────────────────────────────


def _undated_cards(page: Landmarks, *, dated: bool, left_out: list[str]) -> list[Card]:
    """What stands before each « EN SAVOIR PLUS » that no date claims: items of a keyword's page.

    Where other items have dates, only what has a line of keywords or stands among these items is one.
    """
    tokens = page.tokens
    mores = [index for index, token in enumerate(tokens) if token.kind == "more" and not page.used[index]]
    every = [index for index, token in enumerate(tokens) if token.kind == "more"]
    levels = dict(zip(every, _levels(page, every), strict=True))
    cards: list[Card] = []
    for more in mores:
        start, low, level = more, FAR, levels[more]
        content: list[int] = []
        keyed = boxed = False
        for index in range(more - 1, -1, -1):
            low = min(low, tokens[index + 1].low)
            stops = page.marks[index] or tokens[index].kind == "more"
            if tokens[index].kind == "noise" or not (stops or page.used[index]):
                boxed = boxed or low <= level
            if stops or (page.used[index] and tokens[index].kind != "noise") or keyed:
                break
            if tokens[index].kind == "noise":
                continue
            if 0 <= level and low <= level and content and len(content) > 1 and not dated and _has_title(page, content):
                break
            content.insert(0, index)
            start = index
            keyed = bool(words.keywords(tokens[index].text))
            if len(content) > _MOST_LINES:
                break
        if not content:
            continue
        among = dated and start > 0 and tokens[start - 1].kind == "more" and page.low(start - 1, more) >= level >= 0
        if dated and not keyed and not among:
            left_out.append(f"« {_short(tokens[content[0]].text)} » has « {tokens[more].text} » and no date")
            continue
        cards.append(Card(start, more + 1, content, None, more))
    return cards
