"""The news of a SPIP list page as tokens: where each item begins and ends, and which of its lines is what.

An item is a publication date and what goes with it up to « EN SAVOIR PLUS », a heading or the next item; or, without
date, what stands before « EN SAVOIR PLUS ».
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from aggregator.extract import spip_words as words
from aggregator.extract.dom import SAME_LINE
from aggregator.extract.spip_marks import FAR, Landmarks
from aggregator.extract.spip_tokens import Token, spread

_MOST_LINES = 6  # lines of text of an item that no « EN SAVOIR PLUS » ends


@dataclass(slots=True)
class Card:
    """The tokens of one item: its first and last, its lines of text, its date and its « EN SAVOIR PLUS »."""

    start: int
    stop: int
    content: list[int] = field(default_factory=list)
    date: int | None = None
    more: int | None = None


# ── dated news ──────────────────────────────────────────────────────────────────────────────────


def dated_cards(page: Landmarks) -> list[Card]:
    """The items that have a publication date, in the page's order."""
    tokens = page.tokens
    for start, mark in enumerate(page.marks):
        if mark == "talk":
            page.take(start, page.end_of(start))
    dates = [index for index, token in enumerate(tokens) if token.kind == "date" and not page.used[index]]
    if not dates:
        return []
    forms = Counter(tokens[index].form for index in dates)
    usual = max(forms, key=lambda form: (forms[form], form.endswith(",")))
    same = [index for index in dates if tokens[index].form == usual]
    uses_more = _with_more(page, same) * 2 >= len(same)
    openers = _openers(page, usual, uses_more)
    levels = _levels(page, openers)
    backwards = _titles_come_first(page, openers, uses_more)
    title_level = _title_level(page, openers)
    titles, last = _titles_above(page, openers, backwards)
    cards: list[Card] = []
    for place, opener in enumerate(openers):
        card = None if last else _boxed(page, openers, place, levels[place], uses_more, backwards)
        if card is None:
            following = _following(page, openers, titles, place, last=last)
            title = titles[place] if titles else opener
            card = _in_line(page, title, opener, following, levels[place], uses_more, title_level)
        if card is not None and (cards and card.start < cards[-1].stop):
            card = None
        if card is not None and _is_item(page, card, uses_more, tokens[opener].form == usual):
            cards.append(card)
    return cards


def _with_more(page: Landmarks, dates: list[int]) -> int:
    """How many of these dates have an « EN SAVOIR PLUS » before the next one."""
    mores = [index for index, token in enumerate(page.tokens) if token.kind == "more" and not page.used[index]]
    bounds = [bisect_left(mores, index) for index in [*dates, len(page.tokens)]]
    return sum(left < right for left, right in pairwise(bounds))


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
            if lines == 0 and openers:
                openers.pop()  # two dates, one after the other: the nearer one is the item's
            if token.whole is not None:
                goes_on = lines is not None and page.tokens[openers[-1]].whole is None
            else:
                goes_on = inside and uses_more and _in_text(page, index, same, usual, lines or 0)
            if goes_on and lines is not None:
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


def _titles_come_first(page: Landmarks, openers: list[int], uses_more: bool) -> bool:
    votes = 0
    spoken = uses_more and _words_before_each(page, openers)
    for opener in openers:
        before, after = page.beside(opener, -1), page.beside(opener, 1)
        ahead = before is not None and _may_be_title(page, before, opener)
        behind = after is not None and page.tokens[after].title_like
        if ahead and behind and before is not None and after is not None:
            nearer = page.low(before, opener) - page.low(opener, after)
            votes += (nearer > 0) - (nearer < 0)
        elif ahead != behind:
            votes += 1 if ahead else -1
        elif before is not None and page.tokens[before].kind == "more":
            votes -= 1
        elif uses_more and before is not None and after is not None and page.tokens[before].kind == "text":
            together = page.low(before, opener)
            apart = page.low(page.beside(before, -1) or 0, before)
            # It begins the date's own element, or there is such a line before every date.
            votes += spoken or apart < together >= page.low(opener, after)
    return votes > 0


def _words_before_each(page: Landmarks, openers: list[int]) -> bool:
    """Whether words stand before each date, after « EN SAVOIR PLUS » or a heading of news that we know."""
    known = False
    for opener in openers:
        count, index = 0, opener - 1
        while index >= 0 and not page.marks[index] and page.tokens[index].kind != "more":
            count += page.tokens[index].kind == "text" and not page.is_keywords(index)
            index -= 1
        if not count:
            return False
        known = known or (index >= 0 and page.marks[index] == "list")
    return known


def _may_be_title(page: Landmarks, before: int, opener: int) -> bool:
    """Whether the line before a date may be the item's title rather than the heading of its section."""
    token = page.tokens[before]
    if not token.title_like or page.marks[before]:
        return False
    if token.any_link:
        return not words.leads_elsewhere(token.any_link)
    next_ = page.beside(opener, 1)
    second = page.beside(next_, 1) if next_ is not None else None
    return second is None or page.tokens[second].kind != "text"  # else the title and its introduction come below


def _titles_above(page: Landmarks, openers: list[int], backwards: bool) -> tuple[list[int | None], bool]:
    """For each date the title some lines above it, where titles come first; and whether the dates end their items."""
    bounds = [-1, *openers, len(page.tokens)]
    near = [_title_near(page, opener, backwards) for opener in openers]
    shapes = Counter(page.shape(index) for index in near if index is not None)
    shape = max(shapes, key=lambda one: shapes[one]) if shapes else None
    votes = 0
    found: list[int | None] = []
    for left, opener, right in zip(bounds, openers, bounds[2:], strict=False):
        above = _nearest(page, shape, range(opener - 1, left, -1))
        before = page.beside(opener, -1)
        own = before if backwards and before is not None and before > left and _is_text(page, before) else None
        found.append(own if above is None else above)
        if left < 0 or any(page.marks[left + 1 : opener]):
            votes += 1 if above is not None else -1
        if right == len(page.tokens) or any(page.marks[opener + 1 : right]):
            votes += -1 if _nearest(page, shape, range(opener + 1, right)) is not None else 1
    last = votes > 0 and shape is not None and not backwards
    return (found if backwards or last else []), last


def _title_near(page: Landmarks, opener: int, backwards: bool) -> int | None:
    """The first title in the direction where it is looked for."""
    step = -1 if backwards else 1
    index = page.beside(opener, step)
    for _ in range(2):
        if index is not None and (page.tokens[index].kind == "more" or not page.tokens[index].title_like):
            index = page.beside(index, step)
    return index if index is not None and page.tokens[index].title_like and not page.marks[index] else None


def _is_text(page: Landmarks, index: int) -> bool:
    return not page.used[index] and page.tokens[index].kind == "text" and not page.marks[index]


def _following(page: Landmarks, openers: list[int], titles: list[int | None], place: int, *, last: bool) -> int:
    """Where the next item begins at the latest."""
    opener = openers[place]
    if last:
        after = page.beside(opener, 1)
        return after + 1 if after is not None and page.tokens[after].kind == "more" else opener + 1
    if place + 1 == len(openers):
        return len(page.tokens)
    title = titles[place + 1] if titles else None
    return title if title is not None and title > opener else openers[place + 1]


def _nearest(page: Landmarks, shape: tuple[str, int] | None, places: range) -> int | None:
    """The first title of this shape among a few lines that no heading cuts."""
    lines = 0
    for index in places:
        if page.marks[index] or lines == _MOST_LINES:
            return None
        lines += page.tokens[index].kind == "text"
        if page.tokens[index].title_like and page.shape(index) == shape:
            return index
    return None


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
    if all(tokens[index].low == SAME_LINE for index in inside[1:]):
        return None  # a line of its own, « 3 mars 2021 – Titre », is no box
    if sum(index in openers[max(0, place - 1) : place + 2] for index in inside) != 1:
        return None
    mores = [index for index in inside if tokens[index].kind == "more"]
    if len(mores) != 1 if uses_more else mores:
        return None
    content = [index for index in inside if tokens[index].kind == "text"]
    content = [index for index in content if mores and index < mores[0]] or content  # below: « Publié dans… »
    after = [index for index in content if index > opener]
    if not backwards and (mores or any(tokens[index].title_like for index in after)) and after:
        content, start = after, opener
    if not content or not (mores or any(tokens[index].title_like or tokens[index].in_card for index in content)):
        return None
    return Card(start, stop, content, opener, mores[0] if mores else None)


def _in_line(
    page: Landmarks, start: int | None, opener: int, following: int, level: int, uses_more: bool, title_level: int
) -> Card | None:
    """The item from its date, or its title above that, to « EN SAVOIR PLUS », a heading, or the next item."""
    if start is None:
        return None
    tokens = page.tokens
    above = [index for index in range(start, opener) if not page.used[index]]
    content = [index for index in above if tokens[index].kind == "text"]
    more = next((index for index in above if tokens[index].kind == "more"), None)
    card = Card(start, opener + 1, content, opener, more)
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
    first = page.tokens[card.content[0]]
    if words.is_never(first.text) or (uses_more and first.is_meta):
        return False  # the date of the day, and a menu
    title, _ = title_of([page.tokens[index] for index in card.content], sure=False)
    link = title.any_link if title else None
    return link is not None and not words.leads_elsewhere(link) and (usual or not uses_more)


# ── news without date ───────────────────────────────────────────────────────────────────────────


def undated_cards(page: Landmarks, *, dated: bool, left_out: list[str]) -> list[Card]:
    """What stands before each « EN SAVOIR PLUS » that no date claims: items of a keyword's page.

    Where other items have dates, only what has a line of keywords or stands among these items is one.
    """
    tokens = page.tokens
    every = [index for index, token in enumerate(tokens) if token.kind == "more"]
    level_of = dict(zip(every, _levels(page, every), strict=True))
    title_level = _title_level(page, every)
    cards: list[Card] = []
    told = {more for more in every if page.used[more]}
    for more, level in level_of.items():
        if page.used[more]:
            continue
        before = _bound(page, more)
        content = _undated_lines(page, before, more, level, title_level)
        if not content:
            continue
        link = tokens[more].any_link
        if link is not None and words.leads_elsewhere(link):
            left_out.append(f"« {words.short(tokens[content[0]].text)} » leads to no article")
            continue
        keyed = page.is_keywords(content[0])
        among = before in told and page.low(before, more) >= level_of[before] and content[0] == page.beside(before, 1)
        if dated and not keyed and not among:
            left_out.append(
                f"« {words.short(tokens[content[0]].text)} » stands by « {tokens[more].text} » and has no date"
            )
            continue
        told.add(more)
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
    for index in range(more - 1, before, -1):
        low = min(low, tokens[index + 1].low)
        if level < 0 or low <= level or len(box) == _MOST_LINES:
            break
        if tokens[index].kind == "text":
            box.append(index)
    if box:
        return box[::-1]
    lines = lines[-_MOST_LINES:]
    while len(lines) > 1 and (own := tokens[lines[0]].line.heading) and (own < title_level or not title_level):
        lines = lines[1:]
    return lines


def title_of(lines: list[Token], *, sure: bool) -> tuple[Token | None, list[Token]]:
    """The linked line where only some are, else the first; what follows it on its line comes back with the rest.

    `sure`: the first line is an item's, even if its words are a menu's.
    """
    lines = [token for token in lines if not token.is_meta or words.is_never(token.text)] or lines
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
