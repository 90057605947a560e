"""The sets of alike elements of a page that may be a list, the best first."""

from __future__ import annotations

import calendar
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from urllib.parse import urlsplit

from aggregator.extract.listing.blocks import Block, read_block, text_places, titled
from aggregator.extract.listing.days import Spot, fold
from aggregator.extract.listing.elements import CHROME_HEADING, HEADINGS, Table

_ITEMS = frozenset("article section li tr td div a p dd dt h2 h3 h4 h5 figure blockquote ul dl".split())
_FEWEST = 3
_FAR_LEAD = 5  # elements around a list before which its first item is looked for
_OVER = HEADINGS | {"th", "caption", "legend", "summary"}
_FAR = 60  # elements before a list among which its heading is looked for
_MOST_CHAINED = 200  # elements in each other that are looked at as items
_MOST_GROUPS = 40  # containers whose side is asked for
_MOST = 48  # sets that are looked at closely
_ITEM_WORD = re.compile(
    r".*(?:card|item|article|actu|news|event|evenement|post|entry|teaser|bloc|block|vignette|agenda|views-row|notice|breve|story|carte|tuile|tile).*",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"(?<![a-z])(?:agendas?|e?venements?|events?|manifestations?|calendriers?|calendars?|sorties?|sortir|rendez-?vous|rdv|spectacles?|concerts?|expositions?|programmation|programmes?|conferences?|a-venir|a venir|bientot|prochainement|save the date|vevent)(?![a-z])"
)
_NEWS = re.compile(
    r"(?<![a-z])(?:actualites?|actus?|news|articles?|blogs?|communiques?|presse|publications?|posts?|infos?|nouvelles?|breves?|magazines?|posted|publie|a la une)(?![a-z])"
)
Side = Literal["news", "event"]


@dataclass(frozen=True, slots=True)
class Set:
    """Elements that may be the items of one list. `flat`: each goes on to the next one. `value`: the more, the likelier.

    `aside`: most of them stand beside the page's matter.
    """

    blocks: tuple[Block, ...]
    value: float
    flat: bool
    aside: bool

    @property
    def dated(self) -> int:
        """How many of them have a date."""
        return sum(block.dated for block in self.blocks)


def sets(table: Table) -> list[Set]:
    """The likeliest lists of a page, the best first; they may share elements."""
    read: dict[tuple[int, int], Block | None] = {}
    found: dict[tuple[int, ...], Set] = {}
    for rows in _alike(table):
        nested = table.rows[rows[0]].stop > rows[1]
        stops = [*rows[1:], table.rows[rows[-1]].stop] if nested else [table.rows[at].stop for at in rows]
        blocks = []
        for place in zip(rows, stops, strict=True):
            if place not in read:
                read[place] = read_block(table, *place)
            if (block := read[place]) is not None:
                blocks.append(block)
        _keep(found, table, blocks, sum(bool(table.links_in(at)) for at in rows), flat=False)
    for rows in _in_line(table):
        stops = [*rows[1:], _end(table, rows)]
        blocks = [b for at, stop in zip(rows, stops, strict=True) if (b := read_block(table, at, stop))]
        _keep(found, table, blocks, len(rows), flat=True)
    ranked = sorted(
        found.values(), key=lambda one: (round(one.value, 2), _semantic(table, one), _size(table, one)), reverse=True
    )
    return ranked[:_MOST]


def _keep(found: dict[tuple[int, ...], Set], table: Table, blocks: list[Block], total: int, *, flat: bool) -> None:
    told = len(blocks)
    blocks = _once(_retitled(table, _dated_by_several(table, blocks)))
    total -= told - len(blocks)
    named = all(b.dated and not b.several and (b.heading or table.rows[b.at].tag == "article") for b in blocks)
    if len(blocks) < 2 or (len(blocks) < _FEWEST and not named):
        return
    alike = {table.rows[block.title].tags for block in blocks if block.spot}
    kin = [block for block in blocks if block.spot or table.rows[block.title].tags in alike]
    if kin and len(kin) < len(blocks):
        _keep(found, table, kin, len(kin), flat=flat)  # a paragraph with a link is no news among those that are
    if len(part := _dated_parts(table, blocks)) < len(blocks):
        _keep(found, table, part, len(part), flat=flat)
    key = (int(flat), *(block.at for block in blocks))
    value = _value(table, blocks, total, flat)
    if CHROME_HEADING.fullmatch(heading_above(table, blocks)):
        return
    if value <= (found[key].value if key in found else 0):
        return
    if len(parts := _by_side(table, blocks)) > 1:
        for part in parts:
            _keep(found, table, part, len(part), flat=flat)
    else:
        found[key] = Set(tuple(blocks), value, flat, _mostly(table.rows[block.at].aside for block in blocks))


# ── which elements are alike ────────────────────────────────────────────────────────────────────


def _alike(table: Table) -> Iterator[list[int]]:
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, row in enumerate(table.rows):
        if row.tag not in _ITEMS or at == 0:
            continue
        groups["siblings", row.parent, row.tag].append(at)
        groups["tags", row.tags].append(at)
        groups["path", row.path].append(at)
        for name in row.classes:
            groups["class", row.tag, name].append(at)
    seen: set[tuple[int, ...]] = set()
    for rows in groups.values():
        given = [at for at in rows if not table.rows[at].chrome]
        rows = _outer(table, given)
        if len(rows) * 3 < len(given) and _chained(table, given):
            rows = given
        if len(rows) > 1 and (key := tuple(rows)) not in seen:
            seen.add(key)
            yield rows


def _outer(table: Table, rows: list[int]) -> list[int]:
    """Those of some elements that stand in none of the others."""
    kept: list[int] = []
    for at in rows:
        if not kept or at >= table.rows[kept[-1]].stop:
            kept.append(at)
    return kept


def _chained(table: Table, rows: list[int]) -> bool:
    """Whether each of some elements stands in the one before: what a missing end tag makes of neighbours."""
    inside = sum(after < table.rows[before].stop for before, after in pairwise(rows))
    return len(rows) <= _MOST_CHAINED and inside * 10 >= (len(rows) - 1) * 7


def _in_line(table: Table) -> Iterator[list[int]]:
    """Headings, or terms of a definition list, that stand beside each other."""
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at in sorted([*table.headings, *(at for at, row in enumerate(table.rows) if row.tag == "dt")]):
        if not table.rows[at].chrome:
            groups[table.rows[at].parent, table.rows[at].tag].append(at)
    yield from (rows for rows in groups.values() if len(rows) >= _FEWEST)


def _end(table: Table, rows: list[int]) -> int:
    """Where the last of these headings' items ends: at the next heading of a higher level beside it, or with its parent."""
    parent = table.rows[rows[0]].parent
    level = table.rows[rows[-1]].tag
    at = table.rows[rows[-1]].stop
    while at < table.rows[parent].stop:
        row = table.rows[at]
        if row.chrome or (row.tag in HEADINGS and row.tag < level) or row.tag in ("nav", "footer", "aside", "hr"):
            return at
        at = row.stop
    return table.rows[parent].stop


def _dated_by_several(table: Table, blocks: list[Block]) -> list[Block]:
    """The blocks, those under a heading dated by it only where there are several: one day alone is the page's own.

    A heading that says a part, « Mars 2026 », needs no other: the blocks say the rest.
    """
    overs = [block.over for block in blocks if block.over >= 0]
    after = len(overs) > 1 and len(set(overs)) == len(overs) and blocks[0].over < 0 and blocks[0].spot is None
    alone = len(set(overs)) == 1 and table.rows[overs[0]].tag in HEADINGS - {"h1"}
    if (len(set(overs)) > 1 or alone) and not after:
        return blocks
    # `after`: each is followed by its date, which so stands before the next.
    wrong = [block.over >= 0 and (after or block.over in table.spots) for block in blocks]
    return [replace(b, over=-1, spot=None) if no else b for b, no in zip(blocks, wrong, strict=True)]


def _retitled(table: Table, blocks: list[Block]) -> list[Block]:
    """Blocks whose title no heading gives, named by the first of their texts that is another in each of them.

    « Concert », « Salle des fêtes » come back from one card to the next; titles do not.
    """
    if len(blocks) < _FEWEST or all(block.heading for block in blocks):
        return blocks
    slots: dict[tuple[int, int], list[tuple[Block, int]]] = defaultdict(list)
    for block in blocks:
        nth: Counter[int] = Counter()
        for at in text_places(table, block):
            path = table.rows[at].path
            slots[path, nth[path]].append((block, at))
            nth[path] += 1
    best = None
    for places in slots.values():
        words = [table.line(at) for _, at in places]
        mean = sum(len(said.split()) for said in words) / len(words)
        if len(places) * 10 >= len(blocks) * 9 and len(set(words)) * 10 >= len(words) * 8 and 2 <= mean <= 25:
            best = {block.at: (at, said) for (block, at), said in zip(places, words, strict=True)}
            break
    if best is None:
        return blocks
    return [
        titled(table, block, *best[block.at]) if block.at in best and not block.heading else block for block in blocks
    ]


def _dated_parts(table: Table, blocks: list[Block]) -> list[Block]:
    """The blocks of those containers that hold dated ones, where others hold several and none of them is: other lists."""
    groups: dict[int, list[Block]] = defaultdict(list)
    for block in blocks:
        groups[table.rows[block.at].parent].append(block)
    bare = {parent for parent, group in groups.items() if len(group) > 1 and not any(b.dated for b in group)}
    return [block for block in blocks if table.rows[block.at].parent not in bare] if len(bare) < len(groups) else blocks


def _once(blocks: list[Block]) -> list[Block]:
    """The blocks without those that lead to the same page on the same day as one before."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for block in blocks:
        key = (block.link.url, block.spot.first if block.spot else None)
        if key not in seen:
            kept.append(block)
        seen.add(key)
    return kept


# ── what they are worth ─────────────────────────────────────────────────────────────────────────


def _value(table: Table, blocks: list[Block], total: int, flat: bool) -> float:
    n = len(blocks)
    titles = {block.words for block in blocks}
    if len(titles) * 10 < n * 6 or len({block.link.url for block in blocks}) * 10 < n * 6:
        return 0
    if any(block.dated for block in blocks):
        alone = 0.85 if flat else 1.0
        each = (0.9 if block.over >= 0 else alone if block.dated else -0.5 for block in blocks)
        value = sum(worth * (0.5 if block.several else 1) for worth, block in zip(each, blocks, strict=True))
    elif _mostly(block.spot is not None for block in blocks):
        value = 0.5 * n
    else:
        value = 0.1 * n if _mostly(_tells(table, block) for block in blocks) or _titles(table, blocks) else 0
    value *= math.sqrt(n / total)
    words = sum(len(block.words.split()) for block in blocks) / n
    value *= 0.5 if words < 2 else 0.75 if words < 3.5 else 1
    value *= 0.5 if sum(block.document for block in blocks) * 2 > n else 1
    value *= 0.2 if sum(not block.link.own for block in blocks) * 2 > n else 1
    value *= 0.75 if _mostly(table.rows[block.at].aside for block in blocks) else 1
    value *= 1.1 if _mostly(table.rows[block.at].main for block in blocks) else 1
    return value


def _tells(table: Table, block: Block) -> bool:
    """Whether a block without a date is more than a link of a menu: a heading, a picture or a text with its link, and few others."""
    if len({link.url for link in table.links_between(block.at, block.stop)}) > 3:
        return False
    rows = table.rows[block.at : block.stop]
    return block.heading or any(row.tag == "img" for row in rows) or len(table.unlinked(block.at)) > 40


def _titles(table: Table, blocks: list[Block]) -> bool:
    """Whether bare links are titles, in a place that says it holds news or events: no menu is so wordy."""
    simple = all(len(table.links_between(block.at, block.stop)) == 1 for block in blocks)
    words = sum(len(block.words.split()) for block in blocks)
    return simple and words >= 5 * len(blocks) and _said_side(table, blocks) is not None


def _mostly(said: Iterable[bool]) -> bool:
    each = list(said)
    return sum(each) * 2 > len(each)


def _semantic(table: Table, one: Set) -> int:
    row = table.rows[one.blocks[0].at]
    common = set(row.classes).intersection(*(table.rows[block.at].classes for block in one.blocks))
    return (row.tag in ("article", "li", "tr")) + bool(common) + any(_ITEM_WORD.fullmatch(name) for name in common)


def _size(table: Table, one: Set) -> int:
    return sum(block.stop - block.at for block in one.blocks)


def featured(table: Table, one: Set) -> Set | None:
    """The set with the item that stands before it in other markup, dated as they are; None where there is no such thing."""
    if one.flat or not one.dated:
        return None
    links = {block.link.url for block in one.blocks}
    first = one.blocks[0].at
    for around in table.above(first)[:_FAR_LEAD]:
        before = [
            at for at in range(around + 1, first) if table.rows[at].tag in _ITEMS and table.rows[at].stop <= first
        ]
        for at in reversed(_outer(table, before)):
            block = read_block(table, at)
            if block and block.date >= 0 and block.link.url not in links and _leads(table, block, one):
                return replace(one, blocks=(block, *one.blocks))
    return None


def _leads(table: Table, block: Block, one: Set) -> bool:
    """Whether a block is one item, that leads where those of a set lead; no event among news, no news among events."""
    if block.several or not block.link.own or len(table.headings_between(block.at, block.stop)) > 2:
        return False
    urls = {link.url for link in table.links_in(block.at)}
    said = {told for blocks in ([block], one.blocks) if (told := _said_side(table, blocks))}
    return len(urls) <= 4 and len(said) < 2 and _path(block.link.url) in {_path(other.link.url) for other in one.blocks}


def joined(table: Table, one: Set, other: Set) -> Set | None:
    """Two parts of one list, each in an element of its own: of the same markup and the same side; None when they are not."""
    both = (*one.blocks[-1:], *other.blocks)
    markup = {(table.rows[b.at].tags, table.rows[b.at].classes, table.rows[b.title].tag) for b in both}
    if len(markup) > 1 or one.flat or other.flat or side(table, one) != side(table, other):
        return None
    return replace(one, blocks=tuple(sorted((*one.blocks, *other.blocks), key=lambda block: block.at)))


# ── news or events ──────────────────────────────────────────────────────────────────────────────


def _by_side(table: Table, blocks: list[Block]) -> list[list[Block]]:
    """The blocks of those containers that are an agenda's, and of those that hold news; one part where they are alike."""
    groups: dict[int, list[Block]] = defaultdict(list)
    for block in blocks:
        groups[table.rows[block.at].parent].append(block)
    each = list(groups.values())
    if len(each) < 2 or len(each) > _MOST_GROUPS:
        return [blocks]
    said = [_said_side(table, group) for group in each]
    if len({told for told in said if told}) == 1 and len(each) * 3 <= len(blocks) * 2:
        said = [heard or _side_by_years(table, group) for group, heard in zip(each, said, strict=True)]
    parts: dict[Side, list[Block]] = defaultdict(list)
    for group, told in zip(each, said, strict=True):
        if told:
            parts[told] += group
    # One address that speaks of an « agenda » among news is no list of events.
    return list(parts.values()) if len(parts) > 1 and min(map(len, parts.values())) > 1 else [blocks]


def side(table: Table, one: Set) -> Side:
    """Whether a set lists events: its page says so, else most of its days are to come."""
    said = _said_side(table, one.blocks) or _side_by_years(table, one.blocks)
    if said is None:  # no year is told: what is to come stands in its order, what was is told backwards
        days = [to_come(block.spot, table.how.seen) for block in one.blocks if block.spot]
        said = "event" if days and _mostly(a.first <= b.first for a, b in pairwise(days)) else "news"
    return said


def _side_by_years(table: Table, blocks: Sequence[Block]) -> Side | None:
    told = [block.spot for block in blocks if block.spot and block.spot.year]
    return ("event" if _mostly(spot.last >= table.how.seen for spot in told) else "news") if told else None


def to_come(spot: Spot, seen: date) -> Spot:
    """A day as an agenda means it: without its year, the first that is not over."""
    if spot.year or spot.last >= seen:
        return spot
    year = timedelta(days=366 if calendar.isleap(spot.last.year + (spot.last.month > 2)) else 365)
    return replace(spot, first=spot.first + year, last=spot.last + year)


def as_events(table: Table, one: Set) -> Set:
    """The set with its days read as those of an agenda."""
    seen = table.how.seen
    return replace(one, blocks=tuple(replace(b, spot=to_come(b.spot, seen)) if b.spot else b for b in one.blocks))


def _said_side(table: Table, blocks: Sequence[Block]) -> Side | None:
    """What addresses, class names and the heading above say that blocks are; None when they say nothing or both."""
    places = "\n".join(_path(block.link.url) for block in blocks)
    event = len(re.findall(_EVENT, places)) * 2 > len(blocks)
    news = len(re.findall(_NEWS, places)) * 2 > len(blocks)
    if event != news:
        return "event" if event else "news"
    around = [blocks[0].at, *table.above(blocks[0].at)]
    for at in around[:5]:
        row = table.rows[at]
        names = fold(
            re.sub(
                r"([a-z])([A-Z])",
                r"\1-\2",
                f"{row.attrs.get('class') or ''} {row.attrs.get('id') or ''} {row.attrs.get('itemtype') or ''}",
            )
        ).replace("_", "-")
        event, news = bool(_EVENT.search(names)), bool(_NEWS.search(names))
        if event != news:
            return "event" if event else "news"
    heading = heading_above(table, blocks)
    event, news = bool(_EVENT.search(heading)), bool(_NEWS.search(heading))
    return None if event == news else "event" if event else "news"


@lru_cache(4096)
def _path(url: str) -> str:
    return fold(urlsplit(url).path.rsplit("/", 1)[0] if urlsplit(url).path.count("/") > 1 else "").replace("_", "-")


def heading_above(table: Table, blocks: Iterable[Block]) -> str:
    """The folded words of what stands over some blocks as their heading: beside them, or beside what holds them."""
    first = min(block.at for block in blocks)
    for at in range(first - 1, max(-1, first - _FAR), -1):
        row = table.rows[at]
        if (row.tag in _OVER or row.named.title) and row.stop <= first and 0 < table.size(at) < 80:
            holder = at
            while (over := table.rows[holder].parent) >= 0 and table.rows[over].stop <= first:
                holder = over
            if table.size(holder) < table.size(at) + 80:  # else it is over what stands there with it
                return fold(table.text(at))
    return ""
